"""Judging days of several tables: what is new is asked of one process of Great Expectations, the rest is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from recs.checks.config import Checks
from recs.checks.frames import columns_frame, days_frame, measured_days, newest_filled, rows_frame
from recs.checks.history import held_profiles, profiles_between
from recs.checks.profile import Profile
from recs.checks.suites import Suite, columns_suite, days_suite, rows_suite
from recs.checks.validate import GreatExpectations, Outcome, SuiteResult
from recs.checks.verdicts import DayVerdict, RowsVerdict, Verdicts, read_verdicts, suites_digest, write_verdicts
from recs.contracts import Contract
from recs.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class Judged:
    """The days of one table with their profiles and metrics, and the verdicts on them and on rows."""

    contract: Contract
    profiles: Mapping[date, Profile]
    held: Mapping[date, Profile]
    measured: Mapping[date, Metrics]
    verdicts: Verdicts


def judge(
    contracts: Sequence[Contract],
    days: Sequence[date],
    *,
    lake: Lake,
    checks: Checks,
    reports: Path,
    run: str,
    engine: GreatExpectations | None = None,
    threads: int = 2,
) -> dict[str, Judged]:
    """Judge the built days of each table, and the newest rows that ``run`` committed. By table.

    reports: holds the verdicts (``checks/``) and the pages (``data_docs/``). engine: a process that is there already.
    """
    found = {c.table: _known(c, days, lake, checks, reports, threads) for c in contracts}
    asked = {table: suites for table, one in found.items() if (suites := _asked(one, days, lake, checks, run, threads))}
    if asked:
        engine = engine or GreatExpectations()
        everything = [pair for suites in asked.values() for pair in suites]
        results = engine.validate(everything, site=reports / "data_docs", run=run)
        for table in asked:
            found[table] = _answered(found[table], lake, run, days, results)
            write_verdicts(_file(reports, table), found[table].verdicts)
    elif engine:
        engine.close()
    return found


def _known(contract: Contract, days: Sequence[date], lake: Lake, checks: Checks, reports: Path, threads: int) -> Judged:
    profiles = profiles_between(lake, contract, checks, days[0], days[-1], threads=threads)
    held = held_profiles(lake, contract, checks, days[0], days[-1])
    measured = measured_days(profiles, days, contract, checks, held)
    digest = suites_digest([days_suite(contract, checks), rows_suite(contract), columns_suite(contract)])
    return Judged(contract, profiles, held, measured, read_verdicts(_file(reports, contract.table), digest))


def _asked(
    one: Judged, days: Sequence[date], lake: Lake, checks: Checks, run: str, threads: int
) -> list[tuple[Suite, "pa.Table"]]:
    """The suites whose answer is not known, with their frames."""
    contract, asked = one.contract, []
    if one.measured and not one.verdicts.knows(one.measured):
        asked.append((days_suite(contract, checks), days_frame(one.measured, contract, checks)))
    if newest := _committed(one, lake, run, days):
        files = lake.day_files(f"raw/{contract.table}", newest)
        asked.append((rows_suite(contract), rows_frame(files, contract, threads=threads)))
        asked.append((columns_suite(contract), columns_frame(files[0], contract)))
    return asked


def _committed(one: Judged, lake: Lake, run: str, days: Sequence[date]) -> date | None:
    """The newest day with rows, where this run wrote it."""
    newest = newest_filled(one.profiles, days)
    info = lake.info(f"raw/{one.contract.table}", newest) if newest else None
    return newest if info and info.run_id == run else None


def _answered(one: Judged, lake: Lake, run: str, days: Sequence[date], results: Mapping[str, SuiteResult]) -> Judged:
    verdicts, table = one.verdicts, one.contract.table
    if over_days := results.get(f"{table}.days"):
        judged = {day: DayVerdict(metrics, _failing(over_days, day)) for day, metrics in one.measured.items()}
        verdicts = replace(verdicts, days={**verdicts.days, **judged}, page=over_days.page)
    newest = _committed(one, lake, run, days)
    if newest and (over_rows := results.get(f"{table}.rows")):
        info = lake.info(f"raw/{table}", newest)
        outcomes = [*over_rows.outcomes, *results[f"{table}.columns"].outcomes]
        failing = [_words(outcome) for outcome in outcomes if not outcome.success]
        hashed = info.content_hash if info else ""
        verdicts = replace(
            verdicts, rows=RowsVerdict(newest.isoformat(), hashed, over_rows.rows, failing, over_rows.page)
        )
    return replace(one, verdicts=verdicts)


def _failing(over_days: SuiteResult, day: date) -> list[int]:
    """Positions of the expectations that the day fails; one that could not be asked fails every day."""
    return [n for n, o in enumerate(over_days.outcomes) if not o.success and (o.error or day.isoformat() in o.failing)]


def _words(outcome: Outcome) -> str:
    kwargs = {k: v for k, v in outcome.expectation.kwargs.items() if v is not None}
    asked = f"{outcome.expectation.type.removeprefix('expect_')} {kwargs}"
    if outcome.error:
        return f"{asked}: could not be asked: {outcome.error.strip()}"
    return f"{asked}: {outcome.unexpected} do not, such as {', '.join(outcome.failing[:5])}"


def _file(reports: Path, table: str) -> Path:
    return reports / "checks" / f"{table}.json"
