"""What Great Expectations has said of days and rows, kept so that what has not changed is not asked again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from recs.checks.suites import Suite
from recs.lake.swap import TMP_PREFIX


@dataclass(frozen=True)
class DayVerdict:
    """The metrics of a day as they were judged, and the positions of the expectations that they failed."""

    metrics: Mapping[str, float | None]
    failing: Sequence[int]


@dataclass(frozen=True)
class RowsVerdict:
    """The newest committed rows that were looked at: which, how many, what failed in words, and the page."""

    day: str
    content_hash: str
    rows: int
    failing: Sequence[str]
    page: str


@dataclass(frozen=True)
class Verdicts:
    """All verdicts on one table by suites of one digest."""

    digest: str
    days: Mapping[date, DayVerdict] = field(default_factory=dict)
    rows: RowsVerdict | None = None
    page: str = ""  # of the suite over days

    def knows(self, measured: Mapping[date, Mapping[str, float | None]]) -> bool:
        """Whether each of the days was judged as it is now."""
        return all(day in self.days and self.days[day].metrics == metrics for day, metrics in measured.items())


def suites_digest(suites: Sequence[Suite]) -> str:
    """Changes with what is expected."""
    return hashlib.sha256(json.dumps([asdict(suite) for suite in suites]).encode()).hexdigest()[:16]


def read_verdicts(path: Path, digest: str) -> Verdicts:
    """The verdicts in a file that were found by suites of that digest, where their page is still there; else none."""
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Verdicts(digest)
    if kept["digest"] != digest or not Path(kept["page"]).is_file():
        return Verdicts(digest)
    days = {date.fromisoformat(day): DayVerdict(**verdict) for day, verdict in kept["days"].items()}
    return Verdicts(digest, days, RowsVerdict(**kept["rows"]) if kept["rows"] else None, kept["page"])


def write_verdicts(path: Path, verdicts: Verdicts) -> None:
    """Replace the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = asdict(verdicts) | {"days": {day.isoformat(): asdict(v) for day, v in sorted(verdicts.days.items())}}
    fresh = path.with_name(f"{TMP_PREFIX}{path.name}")
    fresh.write_text(json.dumps(plain, sort_keys=True))
    fresh.replace(path)
