"""Which batches are held back: the rules of severity error, asked before readers see a batch, and without GX."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from recs.checks.config import Checks, Rule, rules
from recs.checks.measure import Day
from recs.checks.profile import Profile
from recs.contracts import Contract

if TYPE_CHECKING:
    pass


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
