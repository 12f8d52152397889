"""Judging a day before readers see it: its profile, and whether it is held back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from recs.checks.config import Checks
from recs.checks.history import profiles_between
from recs.checks.hold import hold_reasons
from recs.checks.profile import Profile, profile_spec, profiles
from recs.contracts import Contract
from recs.ingest.counts import DayCounts
from recs.ingest.holds import RELEASED, Holds
from recs.lake import Lake


@dataclass(frozen=True)
class Judgement:
    """``reasons`` is empty where readers may see the day."""

    profile: Profile
    reasons: list[str]


class DayJudge:
    """Judges days one after the other, each beside those before it that readers see."""

    def __init__(
        self, contract: Contract, checks: Checks, days: Sequence[date], lake: Lake, landing_root: Path
    ) -> None:
        self.contract, self.checks, self.spec = contract, checks, profile_spec(contract, checks)
        known = profiles_between(lake, contract, checks, days[0], days[-1])
        self._known = {day: profile for day, profile in known.items() if day not in set(days)}
        self._decisions = {(d.batch, d.rows_hash): d.decision for d in Holds(landing_root).decisions()}

    def profiles(self, rows: pa.Table, read: Mapping[date, tuple[int, int]]) -> dict[date, Profile]:
        """What is usual or not about whole days. rows: all of theirs; read: rows read and of them bad, by day."""
        return profiles(rows, self.spec, read, threads=1)

    def profile(self, files: Sequence[Path], counts: DayCounts) -> Profile:
        """What is usual or not about a day, from the Parquet files of its rows and what became of the others."""
        read = {counts.day: (counts.read, counts.quarantined)}
        return profiles(files, self.spec, read, threads=1)[counts.day]

    def judge(self, profile: Profile, rows_hash: str) -> Judgement:
        """Whether a day is held. rows_hash: what a person has let in, is let in; other rows are judged anew."""
        reasons = hold_reasons(profile, self._known.values(), self.contract, self.checks)
        batch = f"{self.contract.table}/{profile.day}"
        if reasons and self._decisions.get((batch, rows_hash)) == RELEASED:
            reasons = []
        if not reasons:
            self._known[profile.day] = profile
        return Judgement(profile, reasons)
