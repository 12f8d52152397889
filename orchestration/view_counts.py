"""Rows of a staging view by arrival day: a view has no partitions of its own to count."""

from collections.abc import Sequence
from datetime import date

from orchestration.dbt_manifest import DbtManifest, DbtModel
from recs.lake import Lake


def view_counts(lake: Lake, model: DbtModel, manifest: DbtManifest, days: Sequence[date]) -> dict[date, int]:
    """Run the view's compiled SQL over the raw partitions of ``days`` and count its rows by arrival day."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute("create schema raw")
        for parent in manifest.lake_parents(model.table):
            files = [str(path) for path in lake.files(parent, since=days[0], until=days[-1])]
            if not files:
                return dict.fromkeys(days, 0)
            name = parent.split("/")[1]
            read = "create view raw.{} as select * from read_parquet({!r}, hive_partitioning=false)"
            connection.execute(read.format(f'"{name}"', files))
            back = [str(path) for path in lake.files(f"raw/retracted/{name}", since=days[0], until=days[-1])]
            none = f'create view raw."{name}_retracted" as select * from raw."{name}" limit 0'
            connection.execute(read.format(f'"{name}_retracted"', back) if back else none)
        counted = f"select arrival_date, count(*) from ({model.compiled_sql}) group by 1"
        counts = dict(connection.execute(counted).fetchall())
    return {day: counts.get(day, 0) for day in days}
