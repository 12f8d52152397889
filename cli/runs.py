"""``aisle demo``, ``aisle run`` and ``aisle backfill``: the same Dagster job, for a day or a range of days."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.data import named_sources, taken_inboxes
from cli.days import newest_arrival, parse_day
from cli.output import Json, err, out, print_json, print_table, progress_bar
from orchestration.launch import RunReport, run_bootstrap, run_job
from orchestration.settings import PROJECT, Settings, load_settings
from recs.errors import ConfigError
from recs.ingest.ledger import REFUSED, Entry
from recs.ranking.weeks import MOST_WEEKS

Day = Annotated[str, typer.Option(help="A UTC day, such as 2017-11-26.")]


def register(app: typer.Typer) -> None:
    run = typer.Typer(help="Materialize a day, or the hours of one that have arrived.", no_args_is_help=True)
    run.command("daily")(run_daily)
    run.command("hourly")(run_hourly)
    app.add_typer(run, name="run")
    app.command("backfill")(backfill)
    app.command("bootstrap")(bootstrap)
    app.command("ui")(ui)


def run_daily(
    partition: Annotated[str, typer.Option(help="The as-of day; without it, the newest day that has arrived.")] = "",
    json: Json = False,
) -> None:
    """Everything of one as-of day, from raw events to a promoted release."""
    settings = load_settings()
    tell_refused(taken_inboxes(settings))
    day = parse_day(partition) if partition else newest_arrival(settings)
    report = run_range(settings, day, day)
    show_runs([(f"daily {day}", report)], json)


def run_hourly(
    partition: Annotated[
        str, typer.Option(help="One day alone; without it, the open day and every day with files not built yet.")
    ] = "",
    json: Json = False,
) -> None:
    """The raw tables of the open day, with the hours that have arrived; days that were missed are caught up."""
    from assets.inboxes import hourly_days
    from recs.contracts import load_contracts

    settings = load_settings()
    tell_refused(taken_inboxes(settings))
    if partition:
        days = [parse_day(partition)]
    else:
        tables = load_contracts(PROJECT / "data_contracts")
        days = hourly_days(settings, named_sources(settings), list(tables), datetime.now(UTC).date())
    report = run_range(settings, days[0], days[-1], job="hourly")
    show_runs([(f"hourly {days[0]}" if len(days) == 1 else f"hourly {days[0]} to {days[-1]}", report)], json)


def tell_refused(offered: Mapping[str, Sequence[Entry]]) -> None:
    """Files that stay in an inbox, and why."""
    for name, entries in offered.items():
        for entry in (entry for entry in entries if entry.status == REFUSED):
            err.print(f"refused, and still in the inbox: {name}/{entry.name}: {entry.reason}")


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
    report = run_range(settings, parse_day(first), parse_day(last), chosen)
    show_runs([(f"backfill {first} to {last}", report)], json)


def bootstrap(
    as_of: Annotated[str, typer.Option(help="The day whose ranker is to be trained.")],
    weeks: Annotated[int, typer.Option(help="How many past weeks.", min=1, max=52)] = MOST_WEEKS,
    json: Json = False,
) -> None:
    """The past as-of days, a week apart, that a first ranker learns from: features to pools, in one run."""
    settings, day = load_settings(), parse_day(as_of)
    report = bootstrap_run(settings, day, weeks)
    show_runs([(f"bootstrap for {day}", report)], json)


def ui(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """The Dagster UI, with its daemon, so that backfills start from the browser."""
    import os
    import sys

    from orchestration.launch import prepare_instance

    settings = load_settings()
    prepare_instance(settings)
    os.chdir(settings.dagster)
    os.environ["VIRTUAL_ENV"] = sys.prefix  # else dg warns of an environment that is not active
    command = Path(sys.executable).with_name("dg")
    options = ["--target-path", str(PROJECT), "--no-check-yaml", "--host", "127.0.0.1", "--port", str(port)]
    out.print(f"The Dagster UI will be at http://127.0.0.1:{port}; Ctrl-C stops it.")
    os.execv(command, [str(command), "dev", *options])


def bootstrap_run(settings: Settings, as_of: date, weeks: int) -> RunReport:
    require_shop_day(settings, as_of)
    with progress_bar(f"{weeks} weeks before {as_of}:") as advance:
        return run_bootstrap(settings, as_of, weeks, on_step=advance)


def require_shop_day(settings: Settings, day: date) -> None:
    if not settings.first_day <= day <= (settings.last_day or date.max):
        raise ConfigError(
            f"{day} is outside the shop's days, {settings.first_day} to {settings.last_day or 'today'}",
            "choose another day or change [shop] in aisle.toml",
        )


def run_range(
    settings: Settings, first: date, last: date, select: Sequence[str] = (), *, job: str = "daily"
) -> RunReport:
    if last < first:
        raise ConfigError(f"the range ends on {last}, before it begins on {first}", "swap --from and --to")
    for day in (first, last):
        require_shop_day(settings, day)
    with progress_bar(f"{first} to {last}:" if first != last else f"{last}:") as advance:
        return run_job(settings, first, last, job=job, select=select, on_step=advance)


def show_runs(runs: Sequence[tuple[str, RunReport]], json: bool) -> None:
    if json:
        print_json({"runs": [{"name": name, **asdict(report)} for name, report in runs]})
        return
    for name, report in runs:
        rows = [(t.table, t.rows, t.written, t.kept, t.seconds) for t in report.tables]
        print_table(f"{name} ({report.seconds:.1f} s)", ("table", "rows", "partitions", "kept", "seconds"), rows)
    kept = sum(table.kept for _, report in runs for table in report.tables)
    if kept:
        err.print(f"{kept:,} partitions were up to date and kept.")
