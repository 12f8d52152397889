"""The metrics of a day beside the days before it: what rules, and the GX suites made of them, look at."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from statistics import median

from recs.checks.config import Checks
from recs.checks.profile import Profile
from recs.checks.shift import mix_shift, number_shift

SAME_WEEKDAYS = 4  # from so many on, a day's rows are measured by its own weekday
SAME_WEEKDAYS_OF_A_MIX = 2  # and its mixes too


def before(known: Iterable[Profile], day: date, checks: Checks) -> list[Profile]:
    """The profiles that a day is measured by: those of the trailing days before it, oldest first."""
    since = day - timedelta(days=checks.trailing_days)
    return sorted((profile for profile in known if since <= profile.day < day), key=lambda profile: profile.day)


class Day:
    """One day's profile and those of the built days before it, of which the trailing ones count."""

    def __init__(self, profile: Profile, known: Iterable[Profile], checks: Checks) -> None:
        """known: days that readers see, in any order; later ones and those outside the window are left out."""
        self.profile, self.checks = profile, checks
        self.trailing = before(known, profile.day, checks)

    @property
    def has_history(self) -> bool:
        return len(self.trailing) >= self.checks.enough_days

    @cached_property
    def usual_rows(self) -> float | None:
        """Median rows of the same weekday where there are enough of them, else of all trailing days."""
        if not self.has_history:
            return None
        same = [p.rows for p in self.trailing if p.day.weekday() == self.profile.day.weekday()]
        return median(same if len(same) >= SAME_WEEKDAYS else [p.rows for p in self.trailing])

    def values(self, metrics: Iterable[str]) -> dict[str, float | None]:
        """Each metric by name; None where it cannot be judged."""
        return {metric: self.value(metric) for metric in metrics}

    def value(self, metric: str) -> float | None:
        """One metric. KeyError for a name that is none."""
        for prefix, measure in self._by_column.items():
            if metric.startswith(prefix):
                return measure(metric.removeprefix(prefix))
        return self._by_name[metric]()

    @property
    def _by_name(self) -> dict[str, Callable[[], float | None]]:
        return {
            "bad_share": self._bad_share,
            "volume_ratio": self._volume_ratio,
            "arrived_volume_ratio": lambda: self._volume_ratio() if self.profile.rows else None,
            "age_hours": self._age_hours,
            "null_rise": lambda: max(self._null_rises().values(), default=None),
        }

    @property
    def _by_column(self) -> dict[str, Callable[[str], float | None]]:
        return {"shift_": self._shift, "share_": self._flagged_share}

    def _bad_share(self) -> float | None:
        read = self.profile.read
        return self.profile.bad / read if read >= self.checks.enough_read else None

    def _volume_ratio(self) -> float | None:
        usual = self.usual_rows
        return self.profile.rows / usual if usual is not None and usual >= self.checks.enough_rows else None

    def detail(self, metric: str) -> str:
        """What else there is to say of a metric: the column whose nulls have risen the most."""
        rises = self._null_rises() if metric == "null_rise" else {}
        return max(rises, key=lambda column: (rises[column], column), default="")

    def _null_rises(self) -> dict[str, float]:
        """By column, the share of rows without a value above that of the trailing days together."""
        usual = sum(p.rows for p in self.trailing)
        if not self.has_history or min(usual, self.profile.rows) < self.checks.enough_rows:
            return {}
        shares = {column: nulls / self.profile.rows for column, nulls in self.profile.nulls.items()}
        return {column: share - sum(p.nulls[column] for p in self.trailing) / usual for column, share in shares.items()}

    def _shift(self, column: str) -> float | None:
        """PSI against all trailing days together, or against those of its weekday, whichever it resembles more."""
        shift = number_shift if column in self.profile.bins else mix_shift
        now, usual = self._counts(column, [self.profile]), self._counts(column, self.trailing)
        if not self.has_history or min(now.total(), usual.total()) < self.checks.enough_rows:
            return None
        alike = [p for p in self.trailing if p.day.weekday() == self.profile.day.weekday()]
        weekday = self._counts(column, alike)
        if len(alike) < SAME_WEEKDAYS_OF_A_MIX or weekday.total() < self.checks.enough_rows:
            return shift(now, usual)
        return min(shift(now, usual), shift(now, weekday))

    def _counts(self, column: str, days: Iterable[Profile]) -> Counter[str]:
        total = Counter[str]()
        for profile in days:
            total.update((profile.bins if column in self.profile.bins else profile.mixes)[column])
        return total

    def _flagged_share(self, flag: str) -> float | None:
        return self.profile.flagged[flag] / self.profile.rows if self.profile.rows else None

    def _age_hours(self) -> float | None:
        """From the newest event that has arrived, today or before, to the end of the day."""
        newest = [p.newest_at for p in (*self.trailing, self.profile) if p.newest_at]
        if not newest:
            return None
        end = datetime.combine(self.profile.day + timedelta(days=1), time(), UTC)
        return (end - max(newest).replace(tzinfo=UTC)).total_seconds() / 3600
