"""What every table made in Python shares: which days are out of date, and one write and one report a day.

Tables that one pass makes together (``LakePass``) are one multi-asset; most passes make one.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from orchestration import metadata, partitions
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.lake import Lake
from recs.lake.inputs import Inputs, stale_days


@dataclass(frozen=True)
class LakeTable:
    """A table with one partition a day: what it reads, how it is sorted, and the configuration its rows depend on."""

    table: str
    parents: Sequence[str]
    sort_by: Sequence[str]
    config: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    past: Sequence[str] = ()  # tables of earlier as-of days that ``further`` hashes
    further: Callable[[Lake, date], Mapping[str, str]] = lambda lake, day: {}

    @property
    def stage(self) -> str:
        return self.table.split("/")[0]

    def inputs(self, inputs: Inputs, day: date) -> dict[str, str]:
        """Hash of everything that the day's partition is made from. LakeError when something is missing."""
        return inputs.of(self.table, day, self.parents) | dict(self.further(inputs.lake, day))

    def stale(self, shop: ShopResource, days: Sequence[date], inputs: Inputs) -> list[date]:
        """The days that have to be made (again). ``inputs`` remembers what arrived, over many tables and days."""
        provenance = shop.provenance(self.table, "", dict(self.config))
        return stale_days(shop.lake(), self.table, days, lambda day: self.inputs(inputs, day), provenance)

    def deps(self) -> list[dg.AssetDep]:
        same_day = [dg.AssetDep(asset_key(p), partition_mapping=_mapping(p)) for p in self.parents]
        earlier = [dg.AssetDep(asset_key(p), partition_mapping=partitions.weeks_before()) for p in self.past]
        return same_day + earlier


@dataclass(frozen=True)
class Made:
    """One day of one table: its rows, further files of its partition, numbers for the UI."""

    rows: pl.DataFrame
    files: Mapping[str, bytes] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)


Compute = Callable[[ShopResource, date], Mapping[str, Made]]


@dataclass(frozen=True)
class LakePass:
    """Tables that are made together, day by day, by one function."""

    name: str
    tables: Sequence[LakeTable]
    compute: Compute
    kinds: frozenset[str] = frozenset({"polars", "parquet"})

    def stale(self, shop: ShopResource, days: Sequence[date], inputs: Inputs) -> list[date]:
        """The days on which any of the tables has to be made."""
        return sorted({day for table in self.tables for day in table.stale(shop, days, inputs)})

    def make(
        self, shop: ShopResource, days: Sequence[date], run_id: str, inputs: Inputs
    ) -> dict[tuple[str, date], Mapping[str, Any]]:
        """Compute and write the stale ones of ``days``, oldest first; what each shows, by table and day.

        inputs: of a lake whose arrivals do not change meanwhile.
        """
        lake, shown = shop.lake(), {}
        for day in self.stale(shop, days, inputs):
            made = self.compute(shop, day)
            for table in self.tables:
                one = made[table.table]
                lake.write_partition(
                    table.table,
                    day,
                    one.rows,
                    sort_by=table.sort_by,
                    inputs=table.inputs(inputs, day),
                    provenance=shop.provenance(table.table, run_id, dict(table.config)),
                    files=one.files,
                )
                shown[table.table, day] = one.shown
        return shown

    def asset(self, settings: Settings) -> dg.AssetsDefinition:
        """The asset that makes the stale days of its run."""

        @dg.multi_asset(
            name=self.name,
            specs=[self._spec(table) for table in self.tables],
            partitions_def=partitions.daily(settings.first_day, settings.last_day),
            backfill_policy=partitions.SINGLE_RUN,
        )
        def made(context: dg.AssetExecutionContext, shop: ShopResource) -> Iterator[dg.MaterializeResult]:
            started, days = time.monotonic(), partitions.days(context)
            shown = self.make(shop, days, context.run_id, Inputs(shop.lake()))
            seconds = metadata.run_metadata((time.monotonic() - started) / len(self.tables))
            for table in self.tables:
                extra = {day: shown.get((table.table, day), {}) for day in days}
                metadata.report_days(context, shop.lake(), table.table, days, extra)
                yield dg.MaterializeResult(asset_key(table.table), metadata=seconds)

        return made

    def _spec(self, table: LakeTable) -> dg.AssetSpec:
        return dg.AssetSpec(
            asset_key(table.table),
            deps=table.deps(),
            description=table.description,
            group_name=table.stage,
            kinds=set(self.kinds),
        )


def one_table(table: LakeTable, rows: Callable[[ShopResource, date], pl.DataFrame]) -> LakePass:
    """The pass that makes a single table of nothing but rows."""
    return LakePass(table.table.replace("/", "__"), [table], lambda shop, day: {table.table: Made(rows(shop, day))})


def _mapping(parent: str) -> dg.PartitionMapping | None:
    arrival = parent.split("/")[0] in ("raw", "staging", "facts")
    return partitions.until_the_day() if arrival else None
