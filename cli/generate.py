"""``aisle generate``: a simulated shop's landing files, with the truth beside them."""

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.days import parse_day
from cli.output import Json, out, print_json, print_table, progress_bar
from recs.errors import ConfigError

_FIRST_DAY = "2026-01-01"


def register(app: typer.Typer) -> None:
    app.command("generate")(generate)


def generate(
    users: Annotated[int, typer.Option(help="Shoppers.")],
    items: Annotated[int, typer.Option(help="Items of the catalogue.")],
    days: Annotated[int, typer.Option(help="Days to simulate.")],
    events_per_day: Annotated[int, typer.Option(help="Events a day, on average over the days, before dirt.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")],
    to: Annotated[Path, typer.Option("--out", help="A new or empty folder: drops/ and truth/ are made in it.")],
    first_day: Annotated[str, typer.Option(help="The first day, as YYYY-MM-DD.")] = _FIRST_DAY,
    format: Annotated[str, typer.Option(help="jsonl (packed with gzip) or parquet.")] = "jsonl",
    dirt: Annotated[float, typer.Option(help="Bad rows for each good row, of every kind the format can hold.")] = 0.01,
    bots: Annotated[
        float, typer.Option(help="Share of the events that programs make; 0: no seller bursts either.")
    ] = 0.02,
    bad_files: Annotated[int, typer.Option(help="Files that were cut off half way, beside the good ones.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads; the files do not depend on it.")] = 2,
    json: Json = False,
) -> None:
    """Write a simulated shop: hourly drops of events, catalogue, sign-ups and promotions, and the truth about them."""
    from recs.simulate import ShopSpec
    from recs.simulate import generate as simulate

    if format not in ("jsonl", "parquet"):
        raise ConfigError(f"--format is {format!r}", "use jsonl or parquet")
    spec = ShopSpec(
        users=users,
        items=items,
        days=days,
        events_per_day=events_per_day,
        seed=seed,
        first_day=parse_day(first_day),
        dirt=dirt,
        bots=bots,
        bad_files=bad_files,
        format="parquet" if format == "parquet" else "jsonl",
    )
    started = time.monotonic()
    with progress_bar("simulating", days) as advance:
        told = simulate(spec, to, threads=threads, progress=advance)
    seconds = time.monotonic() - started
    told = {"out": to, "seconds": round(seconds, 2), "events_per_second": round(told["events"] / seconds), **told}
    if json:
        print_json(told)
        return
    actions = [(action, count) for action, count in told["actions"].items()]
    print_table(f"{told['events']:,} events in {days:,} days ({seconds:.1f} s)", ("action", "events"), actions)
    drops = told["event_drops"]
    bad = f"{drops['quarantined']:,} to be quarantined, {drops['duplicate']:,} repeated"
    out.print(f"\n{drops['rows']:,} rows in the event drops: {drops['valid']:,} valid, {bad}.")
    out.print(f"Land {to / 'drops'}; keep {to / 'truth'} for judging what comes out.")
