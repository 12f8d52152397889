"""What an asset shows in the Dagster UI: counts, schema, column lineage, a few rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from orchestration.dbt_manifest import DbtModel
from orchestration.keys import asset_key
from orchestration.lineage import Lineage
from recs.lake import Lake, PartitionInfo

SAMPLE_ROWS = 8


def partition_metadata(info: PartitionInfo, run_id: str) -> dict[str, Any]:
    """Counts of one partition; the UI plots each number over the days. ``reused``: an earlier run has made it."""
    return {
        "dagster/row_count": info.rows,
        "bytes": info.bytes,
        "content_hash": info.content_hash,
        "reused": info.run_id != run_id,
    }


def run_metadata(seconds: float) -> dict[str, Any]:
    """What a run says of all its days together. Small, since Dagster repeats it for every day of a range."""
    return {"seconds": round(seconds, 2)}


def report_days(
    context: dg.AssetExecutionContext,
    lake: Lake,
    table: str,
    days: Sequence[date],
    extra: Mapping[date, Mapping[str, Any]],
) -> None:
    """Attach a lake table's numbers to every day of a run (``extra``: more), and schema and rows to the last."""
    for day in days:
        shown = day_metadata(lake, table, day, context.run_id) | dict(extra[day])
        if day == days[-1]:
            shown |= table_metadata(lake.read(table, day))
        context.add_asset_metadata(shown, asset_key=asset_key(table), partition_key=day.isoformat())


def day_metadata(lake: Lake, table: str, day: date, run_id: str) -> dict[str, Any]:
    """The numbers of one partition; none where there is no partition."""
    info = lake.info(table, day)
    return partition_metadata(info, run_id) if info else {}


def table_metadata(frame: pl.DataFrame, descriptions: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Schema and first rows of a table."""
    told = descriptions or {}
    columns = [dg.TableColumn(name, str(kind), description=told.get(name)) for name, kind in frame.schema.items()]
    return {"dagster/column_schema": dg.TableSchema(columns), "sample": sample(frame)}


def sample(frame: pl.DataFrame) -> dg.MetadataValue:
    """The first rows as a table."""
    head = frame.head(SAMPLE_ROWS)
    rows = [dg.TableRecord({k: _cell(v) for k, v in row.items()}) for row in head.iter_rows(named=True)]
    return dg.MetadataValue.table(
        rows, schema=dg.TableSchema([dg.TableColumn(name, str(kind)) for name, kind in head.schema.items()])
    )


def _cell(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def dbt_schema(model: DbtModel) -> dg.TableSchema:
    """A dbt model's columns with their descriptions."""
    return dg.TableSchema(
        [dg.TableColumn(n, c["type"] or "unknown", description=c["description"]) for n, c in model.columns.items()]
    )


def column_lineage(lineage: Lineage) -> dg.TableColumnLineage:
    """Which columns of the parents each column is made from."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key(table), source) for table, source in sources]
            for column, sources in lineage.items()
        }
    )
