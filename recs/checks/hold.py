"""Which batches are held back: the rules of severity error, asked before readers see a batch, and without GX."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from recs.checks.config import Checks, Rule, rules
from recs.checks.measure import Day
from recs.checks.profile import Profile, profile_spec, profiles
from recs.contracts import Contract

if TYPE_CHECKING:
    import pyarrow as pa


def held_table(table: str) -> str:
    """The lake's name of a contract's rows that wait for a person, by arrival day."""
    return f"raw/held/{table}"


def hold_reasons(profile: Profile, trailing: Iterable[Profile], contract: Contract, checks: Checks) -> list[str]:
    """Why a batch must be held, in words; empty where readers may see it.

    trailing: profiles of the days before that readers see; those outside the window of ``checks`` do not count.
    """
    day = Day(profile, trailing, checks)
    return [said(rule, day) for rule in broken(day, error_rules(contract, checks))]


def error_rules(contract: Contract, checks: Checks) -> list[Rule]:
    """The rules that hold a batch."""
    return [rule for rule in rules(contract, checks) if rule.severity == "error"]


def broken(day: Day, asked: Sequence[Rule]) -> list[Rule]:
    """Those of the rules that the day breaks."""
    return [rule for rule in asked if rule.is_broken_by(day.value(rule.metric))]


def said(rule: Rule, day: Day) -> str:
    """A broken rule in words, such as ``bad_rows_are_few: the share of rows that are bad is 0.12, more than 0.05``."""
    value, about = day.value(rule.metric), day.detail(rule.metric)
    shown = "not known" if value is None else f"{value:.4g}"
    about = f" ({about})" if about else ""
    return f"{rule.check}: the {rule.words}{about} is {shown}, {rule.limit(value)}"


@dataclass(frozen=True)
class Batch:
    """One day's batch as it was judged; ``reasons`` is empty where readers may see it."""

    profile: Profile
    reasons: list[str]


class BatchJudge:
    """Judges the batches of one table before they are written, oldest first, beside the days that readers see."""

    def __init__(self, contract: Contract, checks: Checks, known: Mapping[date, Profile]) -> None:
        """known: profiles of built days, as ``profiles_between`` gives them; a day that is judged takes its place."""
        self.contract, self.checks, self.spec = contract, checks, profile_spec(contract, checks)
        self.known = dict(known)

    def judge(
        self,
        rows: "pa.Table",
        read: Mapping[date, tuple[int, int]],
        *,
        is_released: Callable[[date], bool] = lambda day: False,
    ) -> dict[date, Batch]:
        """Judge the days of ``read`` (day -> source rows read, of which bad) in one pass over their valid rows.

        is_released: whether a person has let in just these rows; asked only where there is a reason to hold them. The
        days of later calls are later ones.
        """
        batches = {}
        for day, profile in profiles(rows, self.spec, read).items():
            reasons = hold_reasons(profile, self.known.values(), self.contract, self.checks)
            if reasons and is_released(day):
                reasons = []
            self.known.pop(day, None)
            if not reasons:
                self.known[day] = profile
            batches[day] = Batch(profile, reasons)
        return batches
