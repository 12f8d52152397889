"""The profile of a day's batch: counts only, from one pass over its rows, small enough for a partition's sidecar."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recs.checks.config import Checks, TableChecks, mixed_columns, optional_columns, reference_flags
from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal

if TYPE_CHECKING:
    import pyarrow as pa

BINS_PER_OCTAVE = 4  # a bin is a fifth wide, whatever the currency
NOT_POSITIVE = -10_000  # the bin of zero and below


@dataclass(frozen=True)
class ProfileSpec:
    """Which columns of a table are counted, and how. ``digest`` tells profiles that can be compared."""

    optional: tuple[str, ...]
    mixed: tuple[str, ...]
    numbers: tuple[str, ...]
    flags: tuple[str, ...]
    event_time: str | None

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr((self, BINS_PER_OCTAVE)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Profile:
    """One day's batch. ``read`` and ``bad`` count source rows; the rest counts the ``rows`` that met the contract.

    By column, nulls: rows without a value; mixes: rows by value; bins: rows by bin of a number; flagged: rows that a
    flag marks. newest_at: the newest event time, UTC. spec: what was counted.
    """

    day: date
    rows: int
    read: int
    bad: int
    nulls: Mapping[str, int]
    mixes: Mapping[str, Mapping[str, int]]
    bins: Mapping[str, Mapping[str, int]]
    flagged: Mapping[str, int]
    newest_at: datetime | None
    spec: str

    def as_extra(self) -> dict[str, Any]:
        """Plain values for a sidecar; the day is the sidecar's own."""
        plain = asdict(self)
        del plain["day"]
        return plain | {"newest_at": self.newest_at.isoformat() if self.newest_at else None}

    @staticmethod
    def from_extra(day: date, extra: Mapping[str, Any]) -> "Profile":
        """The profile that a sidecar holds."""
        newest = extra["newest_at"]
        return Profile(day=day, **{**extra, "newest_at": datetime.fromisoformat(newest) if newest else None})


def profile_spec(contract: Contract, checks: Checks) -> ProfileSpec:
    """What to count of a table. KeyError for a configured column that the contract does not have."""
    own = checks.tables.get(contract.table, TableChecks())
    for column in (*own.numbers.values(), *([own.event_time] if own.event_time else [])):
        contract.field(column)
    return ProfileSpec(
        optional=tuple(optional_columns(contract)),
        mixed=tuple(mixed_columns(contract)),
        numbers=tuple(sorted(set(own.numbers.values()))),
        flags=tuple(reference_flags(contract).values()),
        event_time=own.event_time,
    )


def profiles(
    rows: "pa.Table | Sequence[Path]", spec: ProfileSpec, read: Mapping[date, tuple[int, int]], *, threads: int = 2
) -> dict[date, Profile]:
    """The profile of each day of ``read`` (day -> source rows read, of which bad), oldest first.

    rows: those that met the contract, of any number of days, in memory or as the Parquet files of their partitions.
    """
    import duckdb

    found: dict[date, tuple[Any, ...]] = {}
    if len(rows):
        with duckdb.connect() as connection:
            connection.execute("set threads = ?", [threads])
            relation = "rows"
            if isinstance(rows, Sequence):
                listed = ", ".join(text_literal(str(path)) for path in rows)
                relation = f"read_parquet([{listed}], hive_partitioning = false)"
            else:
                connection.register(relation, rows)
            for day, *counted in connection.execute(_profile_sql(spec, relation)).fetchall():
                found[day] = tuple(counted)
    return {day: _profile(day, spec, read[day], found.get(day)) for day in sorted(read)}


def _profile_sql(spec: ProfileSpec, relation: str) -> str:
    counted = ["count(*)"]
    counted += [f"count(*) - count({quoted(column)})" for column in spec.optional]
    counted += [f"histogram({quoted(column)})" for column in spec.mixed]
    counted += [f"histogram({bin_sql(column)})" for column in spec.numbers]
    counted += [f"count(*) filter ({quoted(column)})" for column in spec.flags]
    if spec.event_time:
        counted.append(f"max({quoted(spec.event_time)})")
    return f"select arrival_date, {', '.join(counted)} from {relation} group by arrival_date"


def bin_sql(column: str) -> str:
    """The bin of a number: bins are a fixed share wide, so that the bins of many days can be added up."""
    value = f"{quoted(column)}::double"
    return f"case when {value} <= 0 then {NOT_POSITIVE} else floor({BINS_PER_OCTAVE} * log2({value}))::integer end"


def _profile(day: date, spec: ProfileSpec, read: tuple[int, int], counted: tuple[Any, ...] | None) -> Profile:
    values = list(counted) if counted else []
    rows = values.pop(0) if values else 0

    def take(columns: Sequence[str], empty: Any) -> dict[str, Any]:
        return {column: values.pop(0) if values else empty for column in columns}

    nulls = take(spec.optional, 0)
    mixes, bins = _sorted(take(spec.mixed, {})), _sorted(take(spec.numbers, {}))
    flagged = take(spec.flags, 0)
    newest = values.pop(0) if values else None
    return Profile(day, rows, *read, nulls, mixes, bins, flagged, newest, spec.digest)


def _sorted(columns: Mapping[str, Mapping[Any, int] | None]) -> dict[str, dict[str, int]]:
    filled = {column: counts or {} for column, counts in columns.items()}
    return {column: {str(name): counts[name] for name in sorted(counts)} for column, counts in filled.items()}
