"""``[checks]`` of aisle.toml, and the rules that it and a contract make for a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from recs.contracts import Contract
from recs.errors import ConfigError

Severity = Literal["warn", "error"]
Band = tuple[float, float]

BAD_ROWS = "bad_rows_are_few"
VOLUME = "volume_is_usual"
NULLS = "nulls_are_usual"
FRESH = "is_fresh"
CONTRACT = "rows_meet_the_contract"
_NUMERIC = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE")


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[least, most] that is usual; ``warn`` tells, ``error`` holds the batch. None: never."""

    warn: Band | None = None
    error: Band | None = None


class Most(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that is usual; ``warn`` tells, ``error`` holds the batch. None: never."""

    warn: float | None = None
    error: float | None = None


class TableChecks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one table has of its own; None stands for what holds for every table.

    ``numbers``: name of a check -> numeric column whose distribution it watches. ``event_time``: when a row happened.
    """

    volume: Bands | None = None
    null_rise: Most | None = None
    shift: Most | None = None
    unknown_share: Most | None = None
    age_hours: Most | None = None
    bad_share: Severity | None = None
    numbers: dict[str, str] = {}
    event_time: str | None = None


_TABLES = {
    "events": TableChecks(numbers={"price": "unit_price", "quantity": "quantity"}, event_time="event_at"),
    "items": TableChecks(numbers={"price": "price"}),
}


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds for every table. Shares are 0 to 1; ``volume`` is a multiple of the usual rows; ``shift`` is a PSI.

    What is a bad share is said by each contract; ``bad_share`` says what follows from it.
    """

    trailing_days: int = 28
    enough_days: int = 14  # of history, before volume and distributions are judged
    enough_rows: int = 100  # usual rows of a day, and values of a distribution, below which chance decides
    enough_read: int = 20  # rows read, below which a bad share says little
    volume: Bands = Bands(warn=(0.33, 3.0), error=(0.05, 20.0))
    null_rise: Most = Most(warn=0.1)
    shift: Most = Most(warn=0.25)
    unknown_share: Most = Most(warn=0.1)
    age_hours: Most = Most(warn=36.0)
    bad_share: Severity = "error"
    tables: dict[str, TableChecks] = msgspec.field(default_factory=lambda: dict(_TABLES))

    def of(self, table: str) -> "Checks":
        """The thresholds of one table."""
        own = self.tables.get(table, TableChecks())
        names = ("volume", "null_rise", "shift", "unknown_share", "age_hours", "bad_share")
        stated = {name: getattr(own, name) for name in names if getattr(own, name) is not None}
        return msgspec.structs.replace(self, **stated)


@dataclass(frozen=True)
class Rule:
    """One metric of a day must lie in [low, high]; a day without the metric passes. Both ends belong to it."""

    check: str
    metric: str
    low: float | None
    high: float | None
    severity: Severity
    words: str  # what the metric is, for people

    def is_broken_by(self, value: float | None) -> bool:
        """Whether a value lies outside."""
        if value is None:
            return False
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    def limit(self, value: float | None) -> str:
        """The end that a value is beyond, else both, in words."""
        low = f"less than {self.low:g}" if self.low is not None else ""
        high = f"more than {self.high:g}" if self.high is not None else ""
        if value is not None and low and self.low is not None and value < self.low:
            return low
        return high if value is not None and self.is_broken_by(value) else " or ".join(filter(None, (low, high)))


def rules(contract: Contract, checks: Checks) -> list[Rule]:
    """Every rule over a day's metrics of one table, in the order in which people read them. Strictest last."""
    limits, own = checks.of(contract.table), checks.tables.get(contract.table, TableChecks())
    found = [Rule(BAD_ROWS, "bad_share", None, contract.max_bad_share, limits.bad_share, "share of rows that are bad")]
    found += _volume(limits.volume)
    if optional_columns(contract):
        found += _most(NULLS, "null_rise", limits.null_rise, "rise of the share of rows without a value, in any column")
    for name, column in own.numbers.items():
        found += _most(f"{name}_has_not_shifted", f"shift_{column}", limits.shift, f"shift (PSI) of {column}")
    for column in mixed_columns(contract):
        found += _most(f"{column}_mix_has_not_shifted", f"shift_{column}", limits.shift, f"shift (PSI) of {column}")
    for table, flag in reference_flags(contract).items():
        words = f"share of rows that name unknown {table}"
        found += _most(f"{table}_are_known", f"share_{flag}", limits.unknown_share, words)
    if own.event_time:
        words = f"hours from the newest {own.event_time} to the end of the day"
        found += _most(FRESH, "age_hours", limits.age_hours, words)
    return found


def check_names(contract: Contract, checks: Checks) -> list[str]:
    """The names of a table's checks, each once."""
    return [*dict.fromkeys(rule.check for rule in rules(contract, checks)), CONTRACT]


def optional_columns(contract: Contract) -> list[str]:
    """Columns that a row may leave empty."""
    return [field.name for field in contract.arriving if not field.required]


def mixed_columns(contract: Contract) -> list[str]:
    """Columns whose values are a closed set."""
    return [field.name for field in contract.arriving if any(rule.name == "valid_values" for rule in field.rules)]


def reference_flags(contract: Contract) -> dict[str, str]:
    """Referenced table -> the column that flags what it does not know."""
    flags = [(contract.field(field.flags), field) for field in contract.fields if field.flags]
    return {target.references[0]: flag.name for target, flag in flags if target.references}


def require_columns(contracts: Mapping[str, Contract], checks: Checks, file: str) -> None:
    """ConfigError for a table or column of ``[checks]`` that no contract has."""
    for table, own in checks.tables.items():
        where = f"{file}: [checks.tables.{table}]"
        if table not in contracts:
            raise ConfigError(f"{where}: there is no such table", f"use one of {', '.join(contracts)}")
        known = {field.name: field.type for field in contracts[table].arriving}
        for name, column in own.numbers.items():
            if not known.get(column, "").startswith(_NUMERIC):
                raise ConfigError(f"{where}: numbers.{name} is {column!r}, not a numeric column", _numeric_fix(known))
        if own.event_time is not None and known.get(own.event_time) != "TIMESTAMP":
            times = ", ".join(name for name, kind in known.items() if kind == "TIMESTAMP")
            raise ConfigError(f"{where}: event_time is {own.event_time!r}, not a time", f"use one of {times}")


def _numeric_fix(known: Mapping[str, str]) -> str:
    return f"use one of {', '.join(name for name, kind in known.items() if kind.startswith(_NUMERIC))}"


def _volume(bands: Bands) -> list[Rule]:
    """An empty day is told of; but there is nothing in it to hold."""
    words = "multiple of the usual rows"
    limits: tuple[tuple[Severity, str, Band | None], ...]
    limits = (("warn", "volume_ratio", bands.warn), ("error", "arrived_volume_ratio", bands.error))
    return [Rule(VOLUME, metric, *band, severity, words) for severity, metric, band in limits if band]


def _most(check: str, metric: str, most: Most, words: str) -> list[Rule]:
    limits: tuple[tuple[Severity, float | None], ...] = (("warn", most.warn), ("error", most.error))
    return [Rule(check, metric, None, limit, severity, words) for severity, limit in limits if limit is not None]
