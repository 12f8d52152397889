"""Events that a simulated shop writes a second, against DuckDB writing the same rows when they are already made."""

import gzip
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from recs.simulate import ShopSpec, generate

RUNS = 3
SHOPS = {"300,000 events": (3, 100_000), "1,200,000 events": (3, 400_000)}
THREADS = 2
_COLUMNS = {
    "event_id": "varchar",
    "event_at": "varchar",
    "user_id": "varchar",
    "session_id": "varchar",
    "item_id": "varchar",
    "action": "varchar",
    "quantity": "integer",
    "unit_price": "decimal(18, 2)",
    "currency": "varchar",
    "rating": "integer",
    "query": "varchar",
    "region": "varchar",
    "device": "varchar",
}


def rows(runs: int = RUNS) -> list[dict[str, Any]]:
    """Median seconds of both, alternating, for two sizes: the whole simulation here, there the writing alone."""
    with tempfile.TemporaryDirectory() as folder:
        generate(ShopSpec(users=100, items=50, days=1, events_per_day=240, seed=0), Path(folder) / "compile")
        return [row for name, shop in SHOPS.items() for row in _compared(Path(folder), name, *shop, runs)]


def _compared(folder: Path, name: str, days: int, events_per_day: int, runs: int) -> list[dict[str, Any]]:
    spec = ShopSpec(users=20_000, items=5_000, days=days, events_per_day=events_per_day, seed=7, dirt=0.0)
    seconds: dict[str, list[float]] = {"aisle": [], "duckdb copy": []}
    written = 0
    for run in range(runs):
        out = folder / f"{events_per_day}-{run}"
        started = time.perf_counter()
        written = generate(spec, out, threads=THREADS)["event_drops"]["rows"]
        seconds["aisle"].append(time.perf_counter() - started)
        seconds["duckdb copy"].append(_copied(out, written))
    median = {way: statistics.median(values) for way, values in seconds.items()}
    return [
        {
            "case": f"{way}, {name}, {days * 24} gzipped JSON Lines files, {THREADS} threads",
            "seconds": taken,
            "rate": written / taken,
            "unit": "events/s",
            "ratio_to": {"duckdb copy": median["duckdb copy"] / taken},
        }
        for way, taken in median.items()
    ]


def _copied(out: Path, written: int) -> float:
    """Seconds in which DuckDB writes one file a drop from rows in memory; the rows are checked afterwards."""
    files = sorted(out.glob("drops/*/*/events-*.jsonl.gz"))
    target = out / "copied"
    target.mkdir()
    with duckdb.connect() as memory:
        memory.execute(f"set threads = {THREADS}")
        columns = "{" + ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items()) + "}"
        for number, file in enumerate(files):
            memory.execute(f"create table t{number} as from read_json('{file}', columns = {columns})")
        started = time.perf_counter()
        for number in range(len(files)):
            memory.execute(f"copy t{number} to '{target}/{number}.json.gz' (format json, compression gzip)")
        taken = time.perf_counter() - started
    lines = sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in target.iterdir())
    if lines != written:
        raise AssertionError(f"DuckDB wrote {lines} rows of {written}, so its time says nothing")
    return taken
