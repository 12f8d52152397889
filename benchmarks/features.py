"""All features of one as-of day against one scan and one group-by of the same facts, both from Parquet to Parquet.

Each way runs in a process of its own, with the same threads and the same memory.
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.history import LAST_DAY, History, write_history

SIZES = {
    "small": (History(2_000, 1_000, 90, 30),),
    "full": (History(100_000, 100_000, 90, 30), History(1_000_000, 100_000, 90, 30)),
}
THREADS, MEMORY = 2, "4GB"
BASELINE = "duckdb group-by"
PROJECT = Path(__file__).resolve().parent.parent


def rows(size: str = "small") -> list[dict[str, Any]]:
    """Seconds and peak memory of both, for each size; with two sizes the exponent between them is in the case."""
    found: list[dict[str, Any]] = []
    for history in SIZES[size]:
        with tempfile.TemporaryDirectory() as folder:
            write_history(Path(folder) / "lake", history)
            ways = {way: _run(way, folder) for way in (BASELINE, "aisle")}
        for way, one in ways.items():
            before = next((row for row in found if row["way"] == way), None)
            grown = f", exponent {_exponent(before, one, history):.2f}" if before else ""
            found.append(
                {
                    "way": way,
                    "case": f"{way}, {history.name}{grown}",
                    "seconds": one["seconds"],
                    "rate": history.rows / one["seconds"],
                    "unit": "rows/s",
                    "peak_rss_bytes": one["peak_rss_bytes"],
                    "ratio_to": {BASELINE: one["seconds"] / ways[BASELINE]["seconds"]},
                    "rows": history.rows,
                    "models": one.get("models", {}),
                }
            )
    return found


def _exponent(before: dict[str, Any], one: dict[str, Any], history: History) -> float:
    return math.log(one["seconds"] / before["seconds"]) / math.log(history.rows / before["rows"])


def _run(way: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "benchmarks.features", way, folder]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode != 0:
        raise RuntimeError(f"{way}:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout))


def _built(folder: Path) -> dict[str, float]:
    """Builds every feature model; seconds by model."""
    from orchestration.dbt_project import load_manifest
    from orchestration.dbt_run import DbtLimits, dbt_build
    from recs.lake import Lake

    models = [model for model in load_manifest().models.values() if model.table.startswith("features/")]
    with dbt_build(
        models, [LAST_DAY], lake=Lake(folder / "lake"), run_id="bench", limits=DbtLimits(THREADS, MEMORY)
    ) as build:
        return {model.name: round(build.seconds_of(model), 2) for model in models}


def _grouped(folder: Path) -> dict[str, float]:
    """One scan, one group-by with the sums of every window, written in the order of its keys."""
    import duckdb

    windows = (1, 7, 28, 91, 364)
    sums = ", ".join(
        f"sum({name}) filter (event_date > date '{LAST_DAY}' - {days}) as {name}_{days}d"
        for name in ("view_count", "cart_count", "purchase_count", "quantity", "spend")
        for days in windows
    )
    with duckdb.connect() as memory:
        memory.execute(f"set threads = {THREADS}; set memory_limit = '{MEMORY}'; set preserve_insertion_order = false")
        memory.execute(f"set temp_directory = '{folder / 'spill'}'")
        memory.execute(
            f"copy (select user_id, item_id, {sums}, max(event_date) as last_date "
            f"from read_parquet('{folder}/lake/facts/fct_user_item_daily/*/data.parquet', hive_partitioning = false) "
            f"group by user_id, item_id order by user_id, item_id) "
            f"to '{folder / 'grouped.parquet'}' (format parquet, compression lz4_raw)"
        )
    return {}


def _main(way: str, folder: str) -> None:
    import resource

    started = time.perf_counter()
    models = (_built if way == "aisle" else _grouped)(Path(folder))
    taken = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    print(json.dumps({"seconds": taken, "peak_rss_bytes": peak, "models": models}))


if __name__ == "__main__":
    _main(*sys.argv[1:3])
