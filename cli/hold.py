"""``aisle hold``: batches that a check has held back from readers; let one in, or drop it."""

import getpass
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import Settings, load_settings
from recs.ingest.holds import DROPPED, HELD, RELEASED, Choice, HeldBatch, Holds, decide, held_batches
from recs.lake import Lake

Batch = Annotated[str, typer.Argument(help="A batch of aisle hold list, such as events/2017-03-05.")]
Why = Annotated[str, typer.Option(help="The reason, kept with the decision.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Batches that a check has held back: list, let in, drop.", no_args_is_help=True)
    for name, command in COMMANDS.items():
        group.command(name)(command)
    app.add_typer(group, name="hold")


def list_held(json: Json = False) -> None:
    """Every batch that readers do not see, and why."""
    batches = held(load_settings())
    if json:
        print_json({"held": [row(batch) for batch in batches]})
        return
    show_held(batches)


def release(batch: Batch, why: Why = "", json: Json = False) -> None:
    """Let a held batch in: just the rows that were held; the next run of its day brings them to readers."""
    settings = load_settings()
    decided = _decide(settings, batch, RELEASED, why)
    following = next_commands(Lake(settings.lake), decided)
    words = f"{decided.batch} is let in: {decided.rows:,} rows. Bring it to readers:\n" + "\n".join(
        f"  {command}" for command in following
    )
    _say(json, words, {**row(decided), "next": following})


def drop(batch: Batch, why: Why = "", json: Json = False) -> None:
    """Leave a held batch out for good; its day goes on without it. The rows stay in raw/held until they change."""
    decided = _decide(load_settings(), batch, DROPPED, why)
    words = f"{decided.batch} is dropped: {decided.rows:,} rows stay out. To let it in after all: aisle hold release"
    _say(json, f"{words} {decided.batch}", row(decided))


COMMANDS: dict[str, Callable[..., None]] = {"list": list_held, "release": release, "drop": drop}


def held(settings: Settings) -> list[HeldBatch]:
    """Every batch of the shop that readers do not see."""
    return held_batches(Lake(settings.lake), Holds(settings.landing))


def row(batch: HeldBatch) -> dict[str, Any]:
    """A batch as ``--json`` shows it."""
    decision = asdict(batch.decision) if batch.decision else None
    shown = {"batch": batch.batch, "table": batch.table, "day": batch.day.isoformat(), "rows": batch.rows}
    return {**shown, "state": batch.state, "reasons": list(batch.reasons), "decision": decision}


def show_held(batches: list[HeldBatch]) -> None:
    """Batches with their reasons, and what to do about those that wait."""
    if not batches:
        out.print("No batch is held.")
        return
    rows = [(one.batch, one.rows, one.state, "; ".join(one.reasons)) for one in batches]
    print_table("Held batches", ("batch", "rows", "state", "because"), rows)
    if any(one.state == HELD for one in batches):
        out.print("Let one in: aisle hold release BATCH. Leave it out: aisle hold drop BATCH.")


def next_commands(lake: Lake, batch: HeldBatch) -> list[str]:
    """What brings a released batch to readers: its day again and those after it, then the newest lists."""
    newest = max(lake.days(f"raw/{batch.table}"), default=batch.day)
    if newest <= batch.day:
        return [f"aisle run daily --partition {batch.day}"]
    again = f"aisle backfill --from {batch.day} --to {newest} --select raw,staging,facts"
    return [again, f"aisle run daily --partition {newest}"]


def _decide(settings: Settings, batch: str, choice: Choice, why: str) -> HeldBatch:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    holds = Holds(settings.landing)
    return decide(Lake(settings.lake), holds, batch, choice, who=getpass.getuser(), why=why, at=now)


def _say(json: bool, words: str, document: dict[str, Any]) -> None:
    if json:
        print_json(document)
    else:
        out.print(words)
