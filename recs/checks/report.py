"""What each check of a table has to say about the days of a run, in the words that people read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from recs.checks.config import CONTRACT, Checks, Rule, Severity, check_names, rules
from recs.checks.hold import said
from recs.checks.judge import Judged
from recs.checks.measure import Day

NO_HISTORY = "not enough history"
TOO_FEW = "too few rows"
PASSED = "passed"


@dataclass(frozen=True)
class DayReport:
    """One day of one check: ``status`` is passed, warn, error, or why it could not be judged (which passes)."""

    day: date
    status: str
    words: str = ""

    @property
    def failed(self) -> bool:
        return self.status in ("warn", "error")


@dataclass(frozen=True)
class CheckReport:
    """One check over the days of a run. ``newest``: its metrics on the newest day, which the UI plots."""

    name: str
    severity: Severity
    words: str
    days: list[DayReport]
    newest: Mapping[str, float] = field(default_factory=dict)
    page: str = ""

    @property
    def passed(self) -> bool:
        return not any(day.failed for day in self.days)

    @property
    def judged(self) -> int:
        return sum(day.failed or day.status == PASSED for day in self.days)

    @property
    def not_judged(self) -> int:
        return len(self.days) - self.judged


def check_reports(one: Judged, days: Sequence[date], checks: Checks) -> Iterator[CheckReport]:
    """Every check of a table, over those of the days that are built."""
    asked = rules(one.contract, checks)
    for name in check_names(one.contract, checks):
        if name == CONTRACT:
            yield _rows_report(one, days)
            continue
        positions = {n: rule for n, rule in enumerate(asked) if rule.check == name}
        reports = [_day_report(one, day, positions, checks) for day in days if day in one.measured]
        yield CheckReport(name, _worst(reports), _summary(reports), reports, _newest(one, positions), one.verdicts.page)


def _day_report(one: Judged, day: date, positions: Mapping[int, Rule], checks: Checks) -> DayReport:
    failing = [positions[n] for n in one.verdicts.days[day].failing if n in positions]
    if not failing:
        if any(one.measured[day][rule.metric] is not None for rule in positions.values()):
            return DayReport(day, PASSED)
        return DayReport(day, _why_not(_day(one, day, checks), positions.values()))
    worst = "error" if any(rule.severity == "error" for rule in failing) else "warn"
    beside = _day(one, day, checks)
    strictest = {rule.check: rule for rule in failing}.values()  # errors come last
    return DayReport(day, worst, "; ".join(said(rule, beside) for rule in strictest))


def _rows_report(one: Judged, days: Sequence[date]) -> CheckReport:
    """The newest rows of the days that were looked at; a run that commits nothing has nothing new to look at."""
    rows = one.verdicts.rows
    if rows is None or date.fromisoformat(rows.day) not in days:
        return CheckReport(CONTRACT, "error", "No new rows were committed.", [])
    day = date.fromisoformat(rows.day)
    seen = f"{rows.rows:,} rows of {rows.day} were looked at"
    found = DayReport(day, "error", "; ".join(rows.failing)) if rows.failing else DayReport(day, PASSED)
    words = f"{seen}: {len(rows.failing)} expectations failed." if rows.failing else f"{seen}."
    return CheckReport(CONTRACT, "error", words, [found], {"rows": rows.rows}, rows.page)


def _day(one: Judged, day: date, checks: Checks) -> Day:
    profile = one.held[day] if day in one.held else one.profiles[day]
    return Day(profile, one.profiles.values(), checks)


def _why_not(day: Day, asked: Iterable[Rule]) -> str:
    needs_history = any(rule.metric not in ("bad_share", "age_hours") for rule in asked)
    if needs_history and not day.has_history:
        return f"{NO_HISTORY} ({len(day.trailing)} of {day.checks.enough_days} days)"
    return TOO_FEW


def _worst(reports: Sequence[DayReport]) -> Severity:
    return "error" if any(report.status == "error" for report in reports) else "warn"


def _summary(reports: Sequence[DayReport]) -> str:
    """Such as ``2 of 31 days failed, the newest on 2026-03-01: ...; 14 could not be judged and pass: ...``."""
    failed = [report for report in reports if report.failed]
    told = f"All {len(reports)} days are well" if reports else "No day is built"
    if failed:
        told = f"{len(failed)} of {len(reports)} days failed, the newest on {failed[-1].day}: {failed[-1].words}"
    idle = [report for report in reports if not report.failed and report.status != PASSED]
    if idle:
        told += f"; {len(idle)} could not be judged and pass: {idle[-1].status}"
    return told + "."


def _newest(one: Judged, positions: Mapping[int, Rule]) -> dict[str, float]:
    if not one.measured:
        return {}
    newest = one.measured[max(one.measured)]
    values = {rule.metric: newest[rule.metric] for rule in positions.values()}
    return {metric: round(value, 6) for metric, value in values.items() if value is not None}
