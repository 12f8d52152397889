"""What every table made in Python shares: which days are out of date, and one write and one report a day."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from orchestration import metadata, partitions
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.lake.inputs import Inputs, stale_days


@dataclass(frozen=True)
class LakeTable:
    """A table with one partition a day: what it reads, how it is sorted, and the configuration its rows depend on."""

    table: str
    parents: Sequence[str]
    sort_by: Sequence[str]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        return self.table.split("/")[0]

    def stale(self, shop: ShopResource, days: Sequence[date], run_id: str = "") -> list[date]:
        """The days that have to be made (again)."""
        return stale_days(
            shop.lake(), self.table, days, self.parents, shop.provenance(self.stage, run_id, dict(self.config))
        )

    def asset(
        self, settings: Settings, compute: Callable[[ShopResource, date], pl.DataFrame], description: str
    ) -> dg.AssetsDefinition:
        """The asset that makes the stale days of its run, one by one."""

        @dg.asset(
            key=asset_key(self.table),
            deps=[dg.AssetDep(asset_key(p), partition_mapping=self._mapping(p)) for p in self.parents],
            partitions_def=partitions.daily(settings.first_day, settings.last_day),
            backfill_policy=partitions.SINGLE_RUN,
            group_name=self.stage,
            kinds={"polars", "parquet"},
            description=description,
        )
        def made(context: dg.AssetExecutionContext, shop: ShopResource) -> dg.MaterializeResult:
            return self.make(context, shop, compute)

        return made

    def make(
        self,
        context: dg.AssetExecutionContext,
        shop: ShopResource,
        compute: Callable[[ShopResource, date], pl.DataFrame],
    ) -> dg.MaterializeResult:
        """Compute and write the stale days of the run; the others are kept as they are."""
        lake, inputs, started = shop.lake(), Inputs(shop.lake()), time.monotonic()
        provenance = shop.provenance(self.stage, context.run_id, dict(self.config))
        days = partitions.days(context)
        todo = self.stale(shop, days, context.run_id)
        for day in todo:
            frame = compute(shop, day)
            read = inputs.of(self.table, day, self.parents)
            lake.write_partition(self.table, day, frame, sort_by=self.sort_by, inputs=read, provenance=provenance)
        metadata.report_days(context, lake, self.table, days)
        return dg.MaterializeResult(metadata=metadata.run_metadata(time.monotonic() - started))

    def _mapping(self, parent: str) -> dg.PartitionMapping | None:
        arrival = parent.split("/")[0] in ("raw", "staging", "facts")
        return partitions.until_the_day() if arrival else None
