"""A shop of a handful of rows as a lake that dbt runs on. No expectations here."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from recs.lake import Lake, PartitionInfo, Provenance

PROJECT = Path(__file__).parents[2] / "dbt_project"


class TinyLake:
    """A lake under ``root/lake``; each build stages into ``root/<stage>``."""

    first, last = date(2026, 3, 8), date(2026, 3, 10)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.models = {
            f"{path.parent.name}/{path.stem}": yaml.safe_load(path.read_text())["models"][0]
            for path in sorted(PROJECT.glob("models/f*/*.yml"))
        }

    def copy(self, root: Path) -> "TinyLake":
        shutil.copytree(self.root / "lake", root / "lake")
        return TinyLake(root)

    def land(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Write rows as raw partitions by their arrival_date; columns that a row leaves out are null."""
        source = raw_sources()[table]
        columns = {column["name"]: column["data_type"] for column in source["columns"]}
        place = source.get("config", {}).get("meta", {}).get("folder", table)
        memory = duckdb.connect()
        memory.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        for line, row in enumerate(rows, start=1):
            full = {"source": "test", "source_file": "test.csv", "source_line": line, "arrival_hour": 0, **row}
            values = ", ".join("?" * len(full))
            memory.execute(f"insert into t ({', '.join(full)}) values ({values})", list(full.values()))
        for day in {row["arrival_date"] for row in rows}:
            folder = self.root / "lake/raw" / place / f"arrival_date={day}"
            folder.mkdir(parents=True)
            memory.execute(f"copy (from t where arrival_date = date '{day}') to '{folder / 'data.parquet'}'")

    def build(
        self, stage: str, *select: str, verb: str = "build", first: date = first, last: date = last, threads: int = 2
    ) -> subprocess.CompletedProcess[str]:
        """``dbt build`` (or another verb) as the orchestration calls it."""
        folder = self.root / stage
        folder.mkdir(parents=True)
        days = {"first_date": str(first), "last_date": str(last)}
        values = (
            days
            | {"lake_root": str(self.root / "lake"), "stage_root": str(folder), "threads": threads}
            | {"pair_min_baskets": 2}
        )
        command = [str(Path(sys.executable).with_name("dbt")), verb, "--vars", json.dumps(values)]
        command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
        command += ["--select", *select] if select else []
        return subprocess.run(command, capture_output=True, text=True)

    def staged(self, stage: str, table: str, day: date | None = None) -> pl.DataFrame:
        """A model's staged rows in the order of its grain, of one partition if given."""
        sort_by = self.models[table]["config"]["meta"]["sort_by"]
        rows = pl.read_parquet(self.root / stage / f"{table.split('/')[1]}.*.parquet").sort(sort_by)
        return rows if day is None else rows.filter(pl.col(sort_by[0]) == day)

    def commit(self, stage: str, table: str, day: date) -> PartitionInfo:
        return Lake(self.root / "lake").write_partition(
            table,
            day,
            self.staged(stage, table, day),
            sort_by=self.models[table]["config"]["meta"]["sort_by"],
            inputs={},
            provenance=Provenance("code", "config", "run"),
        )

    def commit_all(self, stage: str) -> None:
        for table in self.models:
            for number in range((self.last - self.first).days + 1):
                self.commit(stage, table, self.first + timedelta(days=number))


def raw_sources() -> dict[str, dict[str, Any]]:
    """What sources.yml says of each raw table."""
    tables = yaml.safe_load((PROJECT / "models/staging/sources.yml").read_text())["sources"][0]["tables"]
    return {table["name"]: table for table in tables}


@pytest.fixture(scope="module")
def new_lake(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], TinyLake]:
    return lambda: TinyLake(tmp_path_factory.mktemp("shop"))
