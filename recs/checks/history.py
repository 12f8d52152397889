"""Profiles of a table's days in the lake: from their sidecars where they are kept there, else counted from the rows."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from recs.checks.config import Checks
from recs.checks.hold import held_table
from recs.checks.profile import Profile, ProfileSpec, profile_spec, profiles
from recs.contracts import Contract
from recs.lake import Lake

PROFILE = "profile"  # where a sidecar's extra holds it


def profiles_between(
    lake: Lake, contract: Contract, checks: Checks, first: date, last: date, *, threads: int = 2
) -> dict[date, Profile]:
    """Profiles of the built days inside [first, last] and of the trailing days before, oldest first.

    A day that is held is left out: readers do not see it, and it says nothing about what is usual.
    """
    spec, table = profile_spec(contract, checks), f"raw/{contract.table}"
    held = set(lake.days(held_table(contract.table)))
    since = first - timedelta(days=checks.trailing_days)
    infos = {day: lake.info(table, day) for day in lake.days(table, since=since, until=last) if day not in held}
    extras = {day: info.extra for day, info in infos.items() if info}
    kept = {day: profile for day, extra in extras.items() if (profile := _kept(day, extra, spec))}
    missing = {day: _read(extras[day]) for day in extras if day not in kept}
    filled = [day for day in missing if (info := infos[day]) and info.rows]
    counted = profiles(_files(lake, table, filled), spec, missing, threads=threads)
    return dict(sorted({**kept, **counted}.items()))


def held_profiles(lake: Lake, contract: Contract, checks: Checks, first: date, last: date) -> dict[date, Profile]:
    """Profiles of the days inside [first, last] that are held, as their sidecars keep them, oldest first."""
    spec, days = profile_spec(contract, checks), lake.days(held_table(contract.table), since=first, until=last)
    infos = ((day, lake.info(f"raw/{contract.table}", day)) for day in days)
    found = {day: _kept(day, info.extra, spec) for day, info in infos if info}
    return {day: profile for day, profile in found.items() if profile}


def _kept(day: date, extra: Mapping[str, Any], spec: ProfileSpec) -> Profile | None:
    """The profile in a sidecar, unless something else was counted then."""
    kept = extra.get(PROFILE)
    return Profile.from_extra(day, kept) if kept and kept["spec"] == spec.digest else None


def _read(extra: Mapping[str, Any]) -> tuple[int, int]:
    return int(extra.get("read", 0)), int(extra.get("quarantined", 0))


def _files(lake: Lake, table: str, days: Sequence[date]) -> list[Any]:
    return [path for day in days for path in lake.files(table, since=day, until=day)]
