"""Runs dbt into a folder of its own, and commits what it built only when the build and its tests have passed."""

import json
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import polars as pl
import pyarrow.parquet as pq

from orchestration.dbt_manifest import DbtModel
from orchestration.dbt_project import build_command
from recs.errors import AisleError
from recs.lake import Lake, Provenance
from recs.lake.inputs import Inputs
from recs.lake.months import months
from recs.lake.parts import PART_ROWS, PartitionDraft, write_in_parts
from recs.lake.swap import TMP_PREFIX

ROWS_AT_ONCE = 2_000_000
BATCH_ROWS = 1 << 18
BUILD_SECONDS = "build_seconds"


class DbtFailed(AisleError):
    """A model or a test of dbt failed; nothing was committed."""


@dataclass(frozen=True)
class DbtBuild:
    """A finished build: where its tables lie, and seconds and status by dbt node id."""

    lake: Lake
    stage_root: Path
    seconds: Mapping[str, float]
    status: Mapping[str, str]

    def seconds_of(self, model: DbtModel) -> float:
        """How long dbt took to build the model for all its days; 0 where it did not build it."""
        return next((s for node, s in self.seconds.items() if node.endswith(f".{model.name}")), 0.0)

    def staged(self, model: DbtModel) -> pl.LazyFrame:
        """All rows that dbt built of the model, of whatever days; to be read while the build is open."""
        return pl.scan_parquet(self.stage_root / f"{model.name}.*.parquet", hive_partitioning=False)

    def rows_by_day(self, model: DbtModel, days: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame | Path]]:
        """Every day with its rows, some days in memory at a time; a day that has none comes with no rows.

        One day of more than ``PART_ROWS`` rows comes as the file that holds them, in the order of their keys.
        """
        by_day = {day: self.stage_root / f"{model.name}.{day}.parquet" for day in days}
        if len(days) == 1 and not by_day[days[0]].exists():
            by_day[days[0]] = self.stage_root / f"{model.name}.all.parquet"
        if by_day[days[0]].exists() and model.partition_column == "as_of_date":  # staged one by one
            for day, file in by_day.items():
                is_large = pq.read_metadata(file).num_rows > PART_ROWS
                yield day, file if is_large else pl.read_parquet(file, hive_partitioning=False)
            return
        staged = self.staged(model)
        at_once = max(1, ROWS_AT_ONCE * len(days) // max(1, staged.select(pl.len()).collect().item()))
        column = model.partition_column
        for n in range(0, len(days), at_once):
            some = days[n : n + at_once]
            rows = staged.filter(pl.col(column).is_between(some[0], some[-1])).collect()
            parts = rows.partition_by(column, as_dict=True)
            yield from ((day, parts.get((day,), rows.clear())) for day in some)


class DbtLimits(NamedTuple):
    """What one dbt process may use."""

    threads: int
    memory_limit: str


@contextmanager
def dbt_build(
    models: Sequence[DbtModel],
    days: Sequence[date],
    *,
    lake: Lake,
    run_id: str,
    limits: DbtLimits,
    thresholds: Mapping[str, Any] | None = None,
) -> Iterator[DbtBuild]:
    """Build ``models`` and run their tests for days at equal distances. Raises DbtFailed in the words of what failed.

    thresholds: variables of the shop, by name. The folder that dbt writes to is removed afterwards; nothing of the lake
    is touched.
    """
    lake.root.mkdir(parents=True, exist_ok=True)
    root = lake.root / f"{TMP_PREFIX}dbt-{run_id}"
    root.mkdir(exist_ok=True)
    try:
        variables = {
            **(thresholds or {}),
            "first_date": days[0].isoformat(),
            "last_date": days[-1].isoformat(),
            "step_days": (days[1] - days[0]).days if len(days) > 1 else 1,
            "lake_root": str(lake.root),
            "stage_root": str(root),
            "memory_limit": limits.memory_limit,
            "threads": limits.threads,
            "months": _months(lake, models, days[-1]),
        }
        command = [*build_command(), "--target-path", str(root / "target"), "--log-path", str(root / "logs")]
        command += ["--exclude-resource-type", "unit_test"]  # they test the SQL, not the data: `make test` runs them
        command += [
            "--select",
            *(model.name for model in models),
            "--vars",
            json.dumps(variables),
            "--threads",
            str(limits.threads),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        results = _results(root / "target")
        if done.returncode != 0:
            raise DbtFailed(_failures(results) or f"dbt ended with {done.returncode}:\n{done.stdout[-3000:]}", _FIX)
        yield DbtBuild(
            lake,
            root,
            {r["unique_id"]: r["execution_time"] for r in results},
            {r["unique_id"]: r["status"] for r in results},
        )
    finally:
        rmtree(root, ignore_errors=True)


_FIX = "mend the model, its test or the data that broke it, then run again; nothing was committed"


def commit_model(
    build: DbtBuild,
    model: DbtModel,
    days: Sequence[date],
    *,
    inputs: Inputs,
    parents: Sequence[str],
    provenance: Provenance,
    threads: int,
) -> None:
    """Commit a built model's partition of every day of the range; a day without rows is an empty partition.

    The sidecar says what a day of the range took on average: ``build_seconds``.
    """

    def commit(day: date, rows: pl.DataFrame | Path) -> None:
        told: dict[str, Any] = {"inputs": inputs.of(model.table, day, parents), "provenance": provenance, "extra": cost}
        if isinstance(rows, Path):
            batches = pq.ParquetFile(rows).iter_batches(batch_size=BATCH_ROWS)
            write_in_parts(PartitionDraft(build.lake, model.table, day), batches, **told)
        else:
            build.lake.write_partition(model.table, day, rows, sort_by=model.sort_by, **told)

    cost = {BUILD_SECONDS: round(build.seconds_of(model) / len(days), 3)}
    built = build.rows_by_day(model, days)
    with ThreadPoolExecutor(threads) as pool:  # a write mostly waits for the disk
        while some := list(islice(built, threads)):
            deque(pool.map(commit, *zip(*some, strict=True)), maxlen=0)


def _months(lake: Lake, models: Sequence[DbtModel], until: date) -> dict[str, dict[str, str]]:
    """File by month, by table: of the facts that features read, but for those that this build makes itself."""
    facts = {table for model in models for table in model.parents if table.startswith("facts/")}
    facts -= {model.table for model in models}
    return {table: {m.name: str(m.file) for m in months(lake, table, until=until)} for table in sorted(facts)}


def _results(target: Path) -> list[dict[str, Any]]:
    path = target / "run_results.json"
    return list(json.loads(path.read_bytes())["results"]) if path.exists() else []


def _failures(results: Sequence[Mapping[str, Any]]) -> str:
    failed = [r for r in results if r["status"] in ("error", "fail", "runtime error")]
    return "dbt failed:\n" + "\n".join(f"- {r['unique_id']}: {r['message']}" for r in failed) if failed else ""
