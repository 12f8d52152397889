"""``aisle demo``: a real year, from landed files to lists, a report and an email batch. What is done is kept."""

import time
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.days import parse_day
from cli.output import Json, err, out, print_json, progress_bar
from cli.runs import bootstrap_run, require_shop_day, run_range, show_runs
from jobs.bootstrap import is_pending, past_weeks
from orchestration.launch import RunReport
from orchestration.settings import Settings, load_settings
from recs.errors import AisleError, ConfigError
from recs.ranking.weeks import HORIZON_DAYS, MOST_WEEKS

DEMO_AS_OF = "2017-11-26"
HISTORY = ("raw", "staging", "facts")


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    source: Annotated[str, typer.Option(help="The shop to show.")] = "complete-journey",
    as_of: Annotated[str, typer.Option(help="The as-of day, in 2017.")] = DEMO_AS_OF,
    data: Annotated[str, typer.Option(help="A folder with the package's Parquet files, instead of the package.")] = "",
    json: Json = False,
) -> None:
    """A real year of a grocer's data, from landed drops to served lists, judged by the week after. Done once, kept."""
    if source != "complete-journey":
        raise ConfigError(f"there is no demo named {source!r}", "use --source complete-journey")
    settings, day = load_settings(), parse_day(as_of)
    require_shop_day(settings, day)
    started = time.monotonic()
    landed = _land(settings, Path(data) if data else None)
    runs = _runs(settings, day)
    judged = _judged(settings, day)
    told = {
        "as_of_date": day,
        "landed": landed,
        "runs": [{"name": name, **asdict(report)} for name, report in runs],
        "up_to_date": not runs,
        **judged,
        "seconds": round(time.monotonic() - started, 1),
    }
    if json:
        print_json(told)
        return
    from cli.showcase import show_demo, show_outcome

    new = f"{landed['taken']:,} taken now" if landed["taken"] else "all landed already"
    out.print(f"landing: {landed['files']:,} daily drops, {new} ({landed['seconds']} s)")
    if runs:
        show_runs(runs, False)
    else:
        out.print(f"Every table of {day} is up to date: nothing was computed again.")
    show_demo(settings)
    show_outcome(settings, judged)
    out.print(f"\nDone in {time.monotonic() - started:.0f} s. As of {day}, in {settings.home}.")


def _land(settings: Settings, data: Path | None) -> dict[str, Any]:
    from cli.data import land_files
    from recs.ingest.complete_journey import land_year

    started = time.monotonic()
    with progress_bar("landing the year"):
        files = land_year(settings.landing / "complete_journey", data, threads=settings.threads)
        entries = land_files(settings, "complete_journey", files)["complete_journey"]
    taken = sum(entry.status == "taken" for entry in entries)
    return {"files": len(files), "taken": taken, "seconds": round(time.monotonic() - started, 1)}


def _runs(settings: Settings, day: date) -> list[tuple[str, RunReport]]:
    """History with the week that judges the day, the past weeks that the ranker learns from, then the day itself."""
    runs = []
    week_after = min(day + timedelta(days=HORIZON_DAYS), settings.last_day or date.max)
    if _is_pending(settings, settings.first_day, week_after, HISTORY):
        runs.append(("history", run_range(settings, settings.first_day, week_after, HISTORY)))
    if is_pending(settings, past_weeks(day, MOST_WEEKS, settings.first_day)):
        runs.append(("bootstrap", bootstrap_run(settings, day, MOST_WEEKS)))
    if _is_pending(settings, day, day, ()):
        runs.append(("daily", run_range(settings, day, day)))
    return runs


def _judged(settings: Settings, day: date) -> dict[str, Any]:
    """The evaluation and its page; nothing where the year ends before the week after the day does."""
    from cli.report import judge, write_report

    try:
        document = judge(settings, [day])
    except AisleError as error:
        err.print(str(error))
        return {"evaluation": None, "report": None}
    return {"evaluation": document, "report": write_report(settings, document)}


def _is_pending(settings: Settings, first: date, last: date, stages: tuple[str, ...]) -> bool:
    from assets import pending_days
    from orchestration.partitions import day_range

    return any(pending_days(settings, day_range(first, last), stages).values())
