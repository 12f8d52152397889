"""The released versions of the contracts, kept whole, and whether a version number says what changed since."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recs.contracts.evolution import Change, changes, needed_bump
from recs.contracts.model import Contract
from recs.contracts.reading import load_contract, load_contracts
from recs.errors import ContractError

FOLDER = "released"  # below the contracts; load_contracts does not look into folders
_PARTS = ("major", "minor", "patch")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
Version = tuple[int, int, int]


@dataclass(frozen=True)
class Finding:
    """One table against its newest released version, '' before the first. No ``problem``: the number says it all."""

    table: str
    version: str
    released: str
    changes: list[Change] = field(default_factory=list)
    problem: str = ""
    fix: str = ""


def check(folder: Path) -> list[Finding]:
    """Every contract of a folder against the newest of ``released/``, by table; a table that is gone is a problem."""
    current, released = load_contracts(folder), newest_released(folder)
    found = [_compared(contract, released.get(table)) for table, contract in current.items()]
    found += [_gone(contract) for table, contract in released.items() if table not in current]
    return sorted(found, key=lambda finding: finding.table)


def newest_released(folder: Path) -> dict[str, Contract]:
    """The released contract with the highest version of each table. ContractError for a file with another's name."""
    newest: dict[str, Contract] = {}
    for path in sorted((Path(folder) / FOLDER).glob("*.yaml")):
        contract = load_contract(path)
        if path.name != _file_name(contract):
            fix = f"bring the file back as it was released, or name it {_file_name(contract)}"
            raise ContractError(str(path), "version", f"is {contract.version} of {contract.table}", fix)
        known = newest.get(contract.table)
        if known is None or parsed_version(contract) > parsed_version(known):
            newest[contract.table] = contract
    return newest


def release(folder: Path) -> list[Path]:
    """Copy every contract that is not released yet to ``released/``; returns the new files.

    ContractError, and nothing is copied, where a version number does not say what changed, or where the version has
    been released with other content.
    """
    for finding in check(folder):
        if finding.problem:
            where = f"{finding.table}.yaml"
            raise ContractError(str(Path(folder) / where), "version", finding.problem, finding.fix)
    pairs = [(Path(folder) / c.path, Path(folder) / FOLDER / _file_name(c)) for c in load_contracts(folder).values()]
    for source, target in pairs:
        if target.exists() and target.read_bytes() != source.read_bytes():
            problem = f"has been released as {target.name} with other text"
            raise ContractError(str(source), "version", problem, "raise the last number of the version")
    new = [(source, target) for source, target in pairs if not target.exists()]
    for source, target in new:
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    return [target for _, target in new]


def parsed_version(contract: Contract) -> Version:
    """(major, minor, patch). ContractError for a version that is not three numbers."""
    match = _VERSION.fullmatch(contract.version)
    if match is None:
        raise ContractError(contract.path, "version", f"is {contract.version!r}", "write three numbers, such as 1.0.0")
    return int(match[1]), int(match[2]), int(match[3])


def _compared(current: Contract, released: Contract | None) -> Finding:
    now = parsed_version(current)
    if released is None:
        return Finding(current.table, current.version, "")
    found = changes(released, current)
    problem, fix = _judged(parsed_version(released), now, found)
    return Finding(current.table, current.version, released.version, found, problem, fix)


def _gone(released: Contract) -> Finding:
    found = [Change("*", "table removed", "breaking")]
    fix = f"bring {released.table}.yaml back; if no shop delivers it any more, remove its files from {FOLDER}/ too"
    return Finding(released.table, "", released.version, found, "has no contract any more", fix)


def _judged(released: Version, now: Version, found: Sequence[Change]) -> tuple[str, str]:
    """(problem, fix), both '' where the number says what changed. New words alone may wait for the next version."""
    needed = needed_bump(found)
    enough = _text(_raised(released, needed) if needed else released)
    if now < released:
        return f"went back from {_text(released)} to {_text(now)}", f"set it to {enough}"
    raised = next((part for part, old, new in zip(_PARTS, released, now, strict=True) if new > old), None)
    if needed in (None, "patch") or (raised is not None and _PARTS.index(raised) <= _PARTS.index(needed)):
        return "", ""
    went = f"went from {_text(released)} to {_text(now)}" if raised else f"is still {_text(now)}"
    kind = "a breaking" if needed == "major" else "an additive"
    return f"{went}, with {kind} change", f"set it to {enough}, or take the change back"


def _raised(version: Version, part: str) -> Version:
    kept = _PARTS.index(part)
    raised = [*version[:kept], version[kept] + 1, 0, 0]
    return raised[0], raised[1], raised[2]


def _text(version: Version) -> str:
    return ".".join(str(number) for number in version)


def _file_name(contract: Contract) -> str:
    return f"{contract.table}-{contract.version}.yaml"
