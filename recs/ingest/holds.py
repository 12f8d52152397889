"""Batches that were held back, and what people decided about them: let in, or dropped."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from recs.checks.hold import held_table
from recs.errors import AisleError
from recs.lake import Lake
from recs.lake.swap import remove_folder

HOLDS_FILE = "_holds.jsonl"
Choice = Literal["released", "dropped"]
HELD = "held"
RELEASED: Choice = "released"
DROPPED: Choice = "dropped"


class HoldError(AisleError):
    """A batch that cannot be decided upon, or a damaged list of decisions."""


@dataclass(frozen=True)
class Decision:
    """What a person decided about the rows of one batch; other rows of the same day are judged anew."""

    batch: str
    decision: Choice
    who: str
    why: str
    at: str
    rows_hash: str


@dataclass(frozen=True)
class HeldBatch:
    """One batch in the lake that readers do not see. ``state``: held, released (not built yet) or dropped."""

    table: str
    day: date
    rows: int
    rows_hash: str
    reasons: tuple[str, ...]
    state: str
    decision: Decision | None = None

    @property
    def batch(self) -> str:
        return batch_name(self.table, self.day)


def batch_name(table: str, day: date) -> str:
    """The name of a batch, such as ``events/2017-03-05``."""
    return f"{table}/{day.isoformat()}"


def parse_batch(text: str) -> tuple[str, date]:
    """Table and day of a batch's name. HoldError for what is none."""
    table, _, day = text.strip().removeprefix("raw/").rpartition("/")
    try:
        return _table(table), date.fromisoformat(day)
    except ValueError:
        raise HoldError(f"{text!r} names no batch", "write it as TABLE/DAY, such as events/2017-03-05") from None


class Holds:
    """The decisions of a shop, one JSON line each in ``landing/_holds.jsonl``; never changed, only added to."""

    def __init__(self, landing_root: Path) -> None:
        self.path = Path(landing_root) / HOLDS_FILE

    def decisions(self) -> list[Decision]:
        """All of them, oldest first; a last line torn by a kill does not count. HoldError on other damage."""
        return [decision for decision, _ in self._lines()]

    def on(self, table: str, day: date, rows_hash: str) -> Decision | None:
        """The newest decision about just these rows."""
        asked = (batch_name(table, day), rows_hash)
        return next((d for d in reversed(self.decisions()) if (d.batch, d.rows_hash) == asked), None)

    def inputs(self, table: str) -> dict[date, dict[str, str]]:
        """What decisions add to the inputs of a table's days: a day is stale once its batch is decided upon."""
        newest = {d.batch: d for d in self.decisions()}
        mine = {parse_batch(batch): d for batch, d in newest.items()}
        return {day: {f"hold/{t}": f"{d.decision} {d.rows_hash}"} for (t, day), d in mine.items() if t == table}

    def record(self, decision: Decision) -> None:
        """Add a decision and sync it to disk; a second writer waits."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole = sum(size for _, size in self._lines())
            with self.path.open("ab") as handle:
                handle.truncate(whole)
                handle.write(json.dumps(asdict(decision), sort_keys=True).encode() + b"\n")
                handle.flush()
                os.fsync(handle.fileno())

    def _lines(self) -> list[tuple[Decision, int]]:
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]
        try:
            return [(Decision(**json.loads(line)), len(line)) for line in whole]
        except (ValueError, TypeError) as error:
            problem = f"{self.path} holds a line that is no decision: {error}"
            raise HoldError(problem, "restore the file from a backup, or delete that line and decide again") from error


def held_batches(lake: Lake, holds: Holds) -> list[HeldBatch]:
    """Every batch that readers do not see, by table and day, with what was decided."""
    tables = sorted(path.name for path in (lake.root / held_table("")).glob("*") if path.is_dir())
    return [_held(lake, holds, table, day) for table in tables for day in lake.days(held_table(table))]


def decide(lake: Lake, holds: Holds, batch: str, decision: Choice, *, who: str, why: str, at: str) -> HeldBatch:
    """Let a held batch in, or drop it: just the rows that lie there now. HoldError where there is no such batch."""
    table, day = parse_batch(batch)
    found = {one.batch: one for one in held_batches(lake, holds)}
    name = batch_name(table, day)
    if name not in found:
        known = ", ".join(found) or "none is held"
        raise HoldError(f"batch {name} is not held", f"choose one of aisle hold list: {known}")
    if found[name].state != decision:
        holds.record(Decision(name, decision, who, why, at, found[name].rows_hash))
    return _held(lake, holds, table, day)


def forget_held(lake: Lake, table: str, day: date) -> None:
    """Remove what was held of a day, since readers see its rows now."""
    if lake.info(held_table(table), day):
        remove_folder(lake.folder(held_table(table), day))


def _held(lake: Lake, holds: Holds, table: str, day: date) -> HeldBatch:
    info = lake.info(held_table(table), day)
    if info is None:
        problem = f"{held_table(table)} has a folder for {day} without its sidecar"
        raise HoldError(problem, "aisle doctor --fix, then materialize the day again")
    decision = holds.on(table, day, info.content_hash)
    reasons = tuple(str(reason) for reason in info.extra.get("reasons", ()))
    state = decision.decision if decision else HELD
    return HeldBatch(table, day, info.rows, info.content_hash, reasons, state, decision)


def _table(name: str) -> str:
    if not name or "/" in name:
        raise ValueError(name)
    return name
