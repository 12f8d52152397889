"""Which batches are held back: the rules of severity error, asked before readers see a batch, and without GX."""

from collections.abc import Sequence

from recs.checks.config import Checks, Rule, rules
from recs.checks.measure import Day
from recs.checks.profile import Profile
from recs.contracts import Contract


def held_table(table: str) -> str:
    """The lake's name of a contract's rows that wait for a person, by arrival day."""
    return f"raw/held/{table}"


def hold_reasons(profile: Profile, before: Sequence[Profile], contract: Contract, checks: Checks) -> list[str]:
    """Why a batch must be held, in words; empty where readers may see it.

    before: profiles of the days before that readers see; those outside the trailing window do not count.
    """
    day = Day(profile, before, checks)
    return [said(rule, day.value(rule.metric)) for rule in broken(day, error_rules(contract, checks))]


def error_rules(contract: Contract, checks: Checks) -> list[Rule]:
    """The rules that hold a batch."""
    return [rule for rule in rules(contract, checks) if rule.severity == "error"]


def broken(day: Day, asked: Sequence[Rule]) -> list[Rule]:
    """Those of the rules that the day breaks."""
    return [rule for rule in asked if rule.is_broken_by(day.value(rule.metric))]


def said(rule: Rule, value: float | None) -> str:
    """A broken rule in words, such as ``volume_is_usual: rows as a multiple of what is usual: 0.01, not 0.05 to 20``."""
    ends = [f"at least {rule.low:g}"] if rule.low is not None else []
    ends += [f"at most {rule.high:g}"] if rule.high is not None else []
    shown = "unknown" if value is None else f"{value:.4g}"
    return f"{rule.check}: {rule.words}: {shown}, usual is {' and '.join(ends)}"
