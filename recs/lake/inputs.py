"""What a partition was made from, and so whether it has to be made again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from recs.errors import LakeError
from recs.lake.lake import Lake, window_hash
from recs.lake.partition import PartitionInfo, Provenance, partition_column


class Inputs:
    """Input hashes of partitions, over one reading of the lake's sidecars."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._content_hash = cache(lambda table, day: info.content_hash if (info := lake.info(table, day)) else "")
        self._window_hash = cache(self._hash_until)

    def of(self, table: str, day: date, parents: Iterable[str]) -> dict[str, str]:
        """Hash per parent: of the same day, or of all arrivals up to the day where an as-of table reads arrivals.

        Raises LakeError when a parent's partition of the same day is missing.
        """
        return {parent: self._hash(table, parent, day) for parent in sorted(parents)}

    def _hash_until(self, table: str, day: date) -> str:
        """``Lake.inputs_hash``, which reads each sidecar again for every day of a range."""
        days = self.lake.days(table, until=day)
        return window_hash((each, self._content_hash(table, each)) for each in days)

    def _hash(self, table: str, parent: str, day: date) -> str:
        if partition_column(parent) != partition_column(table):
            return str(self._window_hash(parent, day))
        info = self.lake.info(parent, day)
        if info is None:
            raise LakeError(f"{table} of {day} needs {parent} of that day", f"materialize {parent} for {day} first")
        return info.content_hash


def is_current(info: PartitionInfo | None, inputs: Mapping[str, str], provenance: Provenance) -> bool:
    """Whether a partition was made from these inputs by this code and configuration."""
    return (
        info is not None
        and info.deleted_rows is None
        and dict(info.inputs) == dict(inputs)
        and (info.code_version, info.config_hash) == (provenance.code_version, provenance.config_hash)
    )


def stale_days(
    lake: Lake,
    table: str,
    days: Sequence[date],
    inputs_of: Callable[[date], Mapping[str, str]],
    provenance: Provenance,
) -> list[date]:
    """The days whose partition is missing or was made from something else. A missing parent makes a day stale."""
    stale = []
    for day in days:
        try:
            current = is_current(lake.info(table, day), inputs_of(day), provenance)
        except LakeError:
            current = False
        if not current:
            stale.append(day)
    return stale
