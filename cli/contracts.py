"""``aisle contracts``: what is asked of arriving tables, what changed since it was released, and releasing it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import PROJECT
from recs.contracts.released import Finding

CONTRACTS = PROJECT / "data_contracts"


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Contracts: what arriving tables must look like, and their versions.", no_args_is_help=True
    )
    for name, command in COMMANDS.items():
        group.command(name)(command)
    app.add_typer(group, name="contracts")


def list_contracts(json: Json = False) -> None:
    """Every arriving table, its version, and the version that was released last."""
    from recs.contracts import load_contracts
    from recs.contracts.released import newest_released

    released = newest_released(CONTRACTS)
    rows: list[dict[str, Any]] = [
        {
            "table": contract.table,
            "version": contract.version,
            "released": released[contract.table].version if contract.table in released else "",
            "columns": len(contract.fields),
            "key": list(contract.key),
            "description": contract.description,
        }
        for contract in load_contracts(CONTRACTS).values()
    ]
    if json:
        print_json(rows)
        return
    shown = [(r["table"], r["version"], r["released"], r["columns"], ", ".join(r["key"])) for r in rows]
    print_table("Contracts", ("table", "version", "released", "columns", "key"), shown)


def check_contracts(json: Json = False) -> None:
    """What changed since the last released versions, and whether the version numbers say so."""
    from recs.contracts.released import check

    findings = check(CONTRACTS)
    wrong = [finding for finding in findings if finding.problem]
    if json:
        print_json({"ok": not wrong, "contracts": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _tell(finding)
        if not wrong:
            out.print(f"{len(findings)} contracts: every version says what changed.")
    if wrong:
        raise typer.Exit(1)


def release_contracts(json: Json = False) -> None:
    """Keep the contracts as released, one whole copy a version. A released version is never overwritten."""
    from recs.contracts.released import release

    names = [path.name for path in release(CONTRACTS)]
    if json:
        print_json({"released": names})
    else:
        out.print(f"Released {', '.join(names)}." if names else "Every version is released already.")


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_contracts,
    "check": check_contracts,
    "release": release_contracts,
}


def _tell(finding: Finding) -> None:
    """Nothing for a contract that is as it was released."""
    since = f"since {finding.released}" if finding.released else "not released yet"
    if finding.changes or not finding.released:
        out.print(f"{finding.table} {finding.version or '(gone)'}, {since}")
    for change in finding.changes:
        where = "" if change.field == "*" else f"{change.field}: "
        out.print(f"  {change.level}: {where}{change.what}")
    if finding.problem:
        out.print(f"  The version {finding.problem}. Fix: {finding.fix}.")
