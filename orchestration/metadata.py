"""What an asset shows in the Dagster UI: counts, schema, column lineage, a few rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from orchestration.dbt_manifest import DbtManifest, DbtModel
from orchestration.keys import asset_key
from recs.lake import PartitionInfo

SAMPLE_ROWS = 8


def partition_metadata(info: PartitionInfo) -> dict[str, Any]:
    """Counts of one partition; the UI plots each number over the days."""
    return {"dagster/row_count": info.rows, "bytes": info.bytes, "content_hash": info.content_hash}


def run_metadata(days: int, made: int, seconds: float) -> dict[str, Any]:
    """What a run says of all its days together. Small, since Dagster repeats it for every day of a range."""
    return {"days_reused": days - made, "seconds": seconds}


def table_metadata(frame: pl.DataFrame) -> dict[str, Any]:
    """Schema and first rows of a table."""
    columns = [dg.TableColumn(name, str(kind)) for name, kind in frame.schema.items()]
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


def column_lineage(manifest: DbtManifest, model: DbtModel, compiled_sql: str) -> dg.TableColumnLineage | None:
    """Which columns of the parents each column is made from, by the compiled SQL; None where it cannot be read."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    parents = {table.split("/")[1]: table for table in model.parents}
    schema = {relation: _columns(manifest, table) for relation, table in parents.items()}
    try:
        query = parse_one(compiled_sql, dialect="duckdb")
        for reference in query.find_all(exp.Table):  # "memory"."main"."stg_events" is stg_events in the schema
            reference.set("db", None)
            reference.set("catalog", None)
        roots = lineage(None, query, schema, dialect="duckdb")
    except (SqlglotError, ValueError, KeyError):
        return None
    deps = {name: _leaves(root, parents) for name, root in roots.items()}
    return dg.TableColumnLineage({name: found for name, found in deps.items() if found})


def _leaves(root: Any, parents: Mapping[str, str]) -> Sequence[dg.TableColumnDep]:
    from sqlglot import exp

    deps = set()
    for node in root.walk():
        if not node.downstream and isinstance(node.expression, exp.Table):
            table = parents.get(node.expression.name)
            if table:
                deps.add((table, node.name.split(".")[-1].strip('"')))
    return [dg.TableColumnDep(asset_key(table), column) for table, column in sorted(deps)]


def _columns(manifest: DbtManifest, table: str) -> dict[str, str]:
    if table in manifest.models:
        return {name: column["type"] for name, column in manifest.models[table].columns.items()}
    return manifest.source_columns(table)
