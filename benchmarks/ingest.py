"""One simulated day in 24 hourly drops: ingestion against a plain DuckDB read, distinct and write of the same files.

Each side runs in a process of its own, in turn, from the packed files to Parquet on disk; the rows of both are counted.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

RUNS = 3
SIZES = {"small": (300_000,), "full": (1_000_000, 10_000_000, 30_000_000)}
FORMATS = {"jsonl": "json_lines", "parquet": "parquet"}
DAY, THREADS = date(2026, 1, 1), 2
BASELINE = "duckdb distinct"
PROJECT = Path(__file__).resolve().parent.parent


def rows(runs: int = RUNS, size: str = "small") -> list[dict[str, Any]]:
    """Median seconds of both for each format and number of events, with the peak memory of each process."""
    found = []
    for events in SIZES[size]:
        for format in FORMATS:
            with tempfile.TemporaryDirectory() as folder:
                found += _compared(Path(folder), events, format, runs if events <= 1_000_000 else 1)
    return found


def _compared(folder: Path, events: int, format: str, runs: int) -> list[dict[str, Any]]:
    from recs.simulate import ShopSpec, generate

    shop = ShopSpec(
        users=max(1_000, events // 20),
        items=20_000,
        days=1,
        events_per_day=events,
        seed=7,
        first_day=DAY,
        format="parquet" if format == "parquet" else "jsonl",
    )
    written = generate(shop, folder / "shop", threads=THREADS)["event_drops"]["rows"]
    measured: dict[str, list[dict[str, float]]] = {"aisle": [], BASELINE: []}
    for run in range(runs):
        for way in measured:
            measured[way].append(_run(way, folder, format, run))
    medians = {way: statistics.median(one["seconds"] for one in found) for way, found in measured.items()}
    return [
        {
            "case": f"{way}, {written:,} events in 24 {format} drops, {THREADS} threads",
            "seconds": medians[way],
            "cpu_seconds": statistics.median(one["cpu_seconds"] for one in found),
            "rate": written / medians[way],
            "unit": "events/s",
            "peak_rss_bytes": max(one["peak_rss_bytes"] for one in found),
            "ratio_to": {BASELINE: medians[way] / medians[BASELINE]},
        }
        for way, found in measured.items()
    ]


def _run(way: str, folder: Path, format: str, run: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest", way, str(folder), format, str(run)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _ingest(folder: Path, format: str, run: int) -> int:
    """Land the event drops of the day and build their raw partition; rows that became valid."""
    from recs.contracts import load_contracts
    from recs.ingest.build import build_raw
    from recs.ingest.landing import land
    from recs.ingest.source import load_source
    from recs.lake import Lake, Provenance

    home = folder / f"home-{format}-{run}"
    contracts = load_contracts(PROJECT / "data_contracts")
    source = load_source(PROJECT / "config/sources/simulated.yaml", contracts)
    land(source, _files(folder, format), home / "landing", arrival_date=DAY)
    [counts] = build_raw(
        contracts["events"],
        [DAY],
        lake=Lake(home / "lake"),
        landing_root=home / "landing",
        sources=[source],
        provenance=Provenance("bench", "bench", "bench"),
        threads=THREADS,
    )
    return counts.valid


def _distinct(folder: Path, format: str, run: int) -> int:
    """DuckDB's own way with the same files: no types asked of it, no reasons, no order."""
    import duckdb

    files = [str(file) for file in _files(folder, format)]
    read = f"read_parquet({files})" if format == "parquet" else f"read_json({files}, ignore_errors = true)"
    target = folder / f"distinct-{run}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"copy (select distinct * from {read}) to '{target}' (compression zstd)")
        return int(connection.execute(f"select count(*) from '{target}'").fetchall()[0][0])


def _files(folder: Path, format: str) -> list[Path]:
    suffix = "jsonl.gz" if format == "jsonl" else "parquet"
    return sorted((folder / "shop/drops").rglob(f"events-*.{suffix}"))


def _main(way: str, folder: str, format: str, run: str) -> None:
    import resource
    import time

    started = time.perf_counter()
    rows = (_ingest if way == "aisle" else _distinct)(Path(folder), format, int(run))
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_rss_bytes": used.ru_maxrss * 1024,
        "rows": rows,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    _main(*sys.argv[1:5])
