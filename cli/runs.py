"""``aisle demo``, ``aisle run`` and ``aisle backfill``: the same Dagster job, for a day or a range of days."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Json, err, out, print_json, print_table, progress_bar
from orchestration.launch import RunReport, run_job
from orchestration.settings import Settings, load_settings
from recs.errors import AisleError, ConfigError

DEMO_AS_OF = "2017-11-26"
HISTORY = ("raw", "staging", "facts")
Day = Annotated[str, typer.Option(help="A UTC day, such as 2017-11-26.")]


def register(app: typer.Typer) -> None:
    run = typer.Typer(help="Materialize one day through Dagster.", no_args_is_help=True)
    run.command("daily")(run_daily)
    app.add_typer(run, name="run")
    app.command("demo")(demo)
    app.command("backfill")(backfill)
    app.command("ui")(ui)


def run_daily(
    partition: Annotated[str, typer.Option(help="The as-of day; without it, the newest day that has arrived.")] = "",
    json: Json = False,
) -> None:
    """Everything of one as-of day, from raw events to a promoted release."""
    settings = load_settings()
    day = parse_day(partition) if partition else _newest_arrival(settings)
    report = _run(settings, day, day)
    _show([(f"daily {day}", report)], json)


def backfill(
    first: Annotated[str, typer.Option("--from", help="First day of the range.")],
    last: Annotated[str, typer.Option("--to", help="Last day of the range, included.")],
    select: Annotated[
        str, typer.Option(help="Stages or tables, such as raw,features/feat_item; everything when left out.")
    ] = "",
    json: Json = False,
) -> None:
    """A range of days in one run. It builds and seals, and never promotes a day older than the one in force."""
    settings = load_settings()
    chosen = tuple(part.strip() for part in select.split(",") if part.strip())
    report = _run(settings, parse_day(first), parse_day(last), chosen)
    _show([(f"backfill {first} to {last}", report)], json)


def demo(
    source: Annotated[str, typer.Option(help="The shop to show.")] = "complete-journey",
    as_of: Annotated[str, typer.Option(help="The as-of day, in 2017.")] = DEMO_AS_OF,
    data: Annotated[str, typer.Option(help="A folder with the package's Parquet files, instead of the package.")] = "",
    json: Json = False,
) -> None:
    """A real year of a grocer's data, from landed drops to a served release. What is done already is not done again."""
    if source != "complete-journey":
        raise ConfigError(f"there is no demo named {source!r}", "use --source complete-journey")
    settings, day = load_settings(), parse_day(as_of)
    started = time.monotonic()
    steps, runs = [], []
    landed = _land_demo(settings, Path(data) if data else None)
    steps.append(landed)
    for name, first, stages in (("history", settings.first_day, HISTORY), ("daily", day, ())):
        if _pending(settings, first, day, stages):
            runs.append((name, _run(settings, first, day, stages)))
    if json:
        print_json(
            {
                "as_of_date": day,
                "landed": landed,
                "runs": [{"name": name, **asdict(report)} for name, report in runs],
                "up_to_date": not runs,
                "seconds": round(time.monotonic() - started, 1),
            }
        )
        return
    from cli.showcase import show_demo

    new = f"{landed['taken']:,} taken now" if landed["taken"] else "all landed already"
    out.print(f"landing: {landed['files']:,} daily drops, {new} ({landed['seconds']} s)")
    if runs:
        _show(runs, False)
    else:
        out.print(f"Every table of {day} is up to date: nothing was computed again.")
    show_demo(settings)
    out.print(f"\nDone in {time.monotonic() - started:.0f} s. As of {day}, in {settings.home}.")


def ui(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """The Dagster UI, with its daemon, so that backfills start from the browser."""
    import os
    import sys

    from orchestration.launch import prepare_instance
    from orchestration.settings import PROJECT

    settings = load_settings()
    prepare_instance(settings)
    os.chdir(settings.dagster)
    os.environ["VIRTUAL_ENV"] = sys.prefix  # else dg warns of an environment that is not active
    command = Path(sys.executable).with_name("dg")
    options = ["--target-path", str(PROJECT), "--no-check-yaml", "--host", "127.0.0.1", "--port", str(port)]
    out.print(f"The Dagster UI will be at http://127.0.0.1:{port}; Ctrl-C stops it.")
    os.execv(command, [str(command), "dev", *options])


def parse_day(text: str) -> date:
    """A day from the command line. Raises ConfigError when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ConfigError(f"{text!r} is not a day", "write it as YYYY-MM-DD, such as 2017-11-26") from None


def _run(settings: Settings, first: date, last: date, select: Sequence[str] = ()) -> RunReport:
    if last < first:
        raise ConfigError(f"the range ends on {last}, before it begins on {first}", "swap --from and --to")
    begins, ends = settings.first_day, settings.last_day or date.max
    for day in (first, last):
        if not begins <= day <= ends:
            raise ConfigError(
                f"{day} is outside the shop's days, {begins} to {settings.last_day or 'today'}",
                "choose another day or change [shop] in aisle.toml",
            )
    with progress_bar(f"{first} to {last}:" if first != last else f"{last}:") as advance:
        return run_job(settings, first, last, select=select, on_step=advance)


def _pending(settings: Settings, first: date, last: date, stages: Sequence[str]) -> bool:
    from assets import pending_days
    from orchestration.partitions import day_range

    return any(pending_days(settings, day_range(first, last), stages).values())


def _land_demo(settings: Settings, data: Path | None) -> dict[str, object]:
    from cli.data import land_files
    from recs.ingest.complete_journey import land_year

    started = time.monotonic()
    with progress_bar("landing the year"):
        files = land_year(settings.landing / "complete_journey", data, threads=settings.threads)
        entries = land_files(settings, "complete_journey", files)
    taken = sum(entry.status == "taken" for entry in entries)
    return {"files": len(files), "taken": taken, "seconds": round(time.monotonic() - started, 1)}


def _newest_arrival(settings: Settings) -> date:
    days = [p.name for p in settings.landing.glob("*/*") if p.is_dir() and p.name[:1].isdigit()]
    if not days:
        raise AisleError("nothing has landed yet", "land files first: aisle ingest PATH --source NAME, or aisle demo")
    return parse_day(max(days))


def _show(runs: Sequence[tuple[str, RunReport]], json: bool) -> None:
    if json:
        print_json({"runs": [{"name": name, **asdict(report)} for name, report in runs]})
        return
    for name, report in runs:
        rows = [(t.table, t.rows, t.written, t.kept, t.seconds) for t in report.tables]
        print_table(f"{name} ({report.seconds:.1f} s)", ("table", "rows", "partitions", "kept", "seconds"), rows)
    kept = sum(table.kept for _, report in runs for table in report.tables)
    if kept:
        err.print(f"{kept:,} partitions were up to date and kept.")
