"""Candidates with their features: a snapshot gathered by code against DuckDB's joins, from the same Parquet files.

Both fill the same matrix, a shard of candidates at a time, on two threads; each in a process of its own.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

SIZES = {"small": 5_000, "full": 100_000}  # shoppers
CANDIDATES, ITEMS, CATEGORIES, OWN_ITEMS, OWN_CATEGORIES = 200, 20_000, 300, 60, 30
WIDTHS = {"user": 8, "item": 14, "user_category": 8, "user_item": 10}  # 40 features
KEYS = {
    "user": ["user_id"],
    "item": ["item_id"],
    "user_category": ["user_id", "category_l2"],
    "user_item": ["user_id", "item_id"],
}
SHARD_SHOPPERS, THREADS, BASELINE = 2_500, 2, "duckdb joins"


def rows(size: str = "small") -> list[dict[str, Any]]:
    """Seconds of both ways; they fill the same matrix, byte by byte."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), SIZES[size])
        found = {way: _run(way, folder) for way in ("aisle", BASELINE)}
    if found["aisle"]["sha256"] != found[BASELINE]["sha256"]:
        raise AssertionError("the two ways fill different matrices, so their times say nothing")
    pairs = SIZES[size] * CANDIDATES
    return [
        {
            "case": f"{way}, {SIZES[size]:,} shoppers x {CANDIDATES} candidates x {sum(WIDTHS.values())} features",
            "seconds": one["seconds"],
            "rate": pairs / one["seconds"],
            "unit": "rows/s",
            "peak_rss_bytes": one["peak_rss_bytes"],
            "ratio_to": {BASELINE: found[BASELINE]["seconds"] / one["seconds"]},
        }
        for way, one in found.items()
    ]


def _run(way: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.gather", way, folder]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _write(folder: Path, shoppers: int) -> None:
    """Dimensions, features of a part of all keys, and candidates in order of shoppers, as Parquet files."""
    draw = np.random.default_rng(7)
    users = pl.DataFrame({"user_code": np.arange(shoppers, dtype=np.int32)}).with_columns(
        user_id=pl.format("u{}", "user_code")
    )
    items = pl.DataFrame({"item_code": np.arange(ITEMS, dtype=np.int32)}).with_columns(
        item_id=pl.format("i{}", "item_code"),
        category_l2=pl.format("c{}", pl.Series(draw.integers(0, CATEGORIES, ITEMS))),
    )
    users.write_parquet(folder / "dim_user.parquet")
    items.write_parquet(folder / "dim_item.parquet")
    own = _pairs(draw, shoppers, ITEMS, OWN_ITEMS)
    kinds = _pairs(draw, shoppers, CATEGORIES, OWN_CATEGORIES)
    names = {
        "user": {"user_id": users["user_id"]},
        "item": {"item_id": items["item_id"]},
        "user_category": {"user_id": users["user_id"][kinds[0]], "category_l2": pl.Series([f"c{n}" for n in kinds[1]])},
        "user_item": {"user_id": users["user_id"][own[0]], "item_id": items["item_id"][own[1]]},
    }
    for name, keys in names.items():
        height = len(next(iter(keys.values())))
        values = {f"{name}_{n}": draw.random(height, np.float32) for n in range(WIDTHS[name])}
        pl.DataFrame({**keys, **values}).write_parquet(folder / f"feat_{name}.parquet")
    codes = [np.sort(draw.choice(ITEMS, CANDIDATES, replace=False)) for _ in range(SHARD_SHOPPERS)]
    for first in range(0, shoppers, SHARD_SHOPPERS):
        some = range(first, min(first + SHARD_SHOPPERS, shoppers))
        item = np.concatenate([(codes[n - first] + n) % ITEMS for n in some]).astype(np.int32)
        user = np.repeat(np.array(some, np.int32), CANDIDATES)
        pl.DataFrame({"user_code": user, "item_code": item}).write_parquet(folder / f"candidates-{first:07d}.parquet")


def _pairs(draw: np.random.Generator, firsts: int, seconds: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Different pairs of codes, about ``each`` for every first code."""
    first = np.repeat(np.arange(firsts, dtype=np.int64), each)
    once = np.unique(first * seconds + draw.integers(0, seconds, len(first)))
    return once // seconds, once % seconds


def _gathered(folder: Path) -> Iterator[np.ndarray]:
    from recs.ranking.features import Entity, FeatureTable, Snapshot

    frames = {f"features/feat_{name}": pl.read_parquet(folder / f"feat_{name}.parquet") for name in WIDTHS}
    entities: dict[str, Entity] = {"user": "user", "item": "item", "user_category": "user_category"}
    entities["user_item"] = "user_item"
    tables = [
        FeatureTable(f"features/feat_{name}", entities[name], tuple(f"{name}_{n}" for n in range(width)))
        for name, width in WIDTHS.items()
    ]
    dims = {name: pl.read_parquet(folder / f"{name}.parquet") for name in ("dim_user", "dim_item")}
    snapshot = Snapshot(tables, frames, **dims)

    def filled(file: Path) -> np.ndarray:
        pool = pl.read_parquet(file)
        out = np.empty((pool.height, len(snapshot.features)), np.float32)
        snapshot.gather(pool["user_code"].to_numpy(), pool["item_code"].to_numpy(), out)
        return out

    with ThreadPoolExecutor(THREADS) as pool:
        files = sorted(folder.glob("candidates-*.parquet"))
        for n in range(0, len(files), THREADS):
            yield from pool.map(filled, files[n : n + THREADS])


def _joined(folder: Path) -> Iterator[np.ndarray]:
    import duckdb

    names = [f"{name}_{n}" for name, width in WIDTHS.items() for n in range(width)]
    with duckdb.connect() as memory:
        memory.execute(f"set threads = {THREADS}")
        for dim in ("dim_user", "dim_item"):
            memory.execute(f"create table {dim} as select * from '{folder}/{dim}.parquet'")
        for name, keys in KEYS.items():  # codes instead of ids once, not with every shard
            dims = {"user_id": "join dim_user using (user_id)", "item_id": "join dim_item using (item_id)"}
            codes = [{"user_id": "user_code", "item_id": "item_code"}.get(key, key) for key in keys]
            values = ", ".join(f"{name}_{n}" for n in range(WIDTHS[name]))
            joins = " ".join(dims[key] for key in keys if key in dims)
            memory.execute(
                f"create table feat_{name} as select {', '.join(codes)}, {values} "
                f"from '{folder}/feat_{name}.parquet' {joins}"
            )
        for file in sorted(folder.glob("candidates-*.parquet")):
            found = memory.execute(
                f"""select c.file_row_number as at, {", ".join(names)}
                from read_parquet('{file}', file_row_number = true) c
                left join feat_user using (user_code)
                left join feat_item using (item_code)
                left join dim_item d on d.item_code = c.item_code
                left join feat_user_category k on k.user_code = c.user_code and k.category_l2 = d.category_l2
                left join feat_user_item p on p.user_code = c.user_code and p.item_code = c.item_code"""
            ).fetchnumpy()
            out = np.empty((len(found["at"]), len(names)), np.float32)
            for number, name in enumerate(names):  # a join gives no order
                out[found["at"], number] = np.ma.filled(found[name], np.nan)
            yield out


def _main(way: str, folder: str) -> None:
    import resource
    import time

    digest, started, taken = hashlib.sha256(), time.perf_counter(), 0.0
    for matrix in (_gathered if way == "aisle" else _joined)(Path(folder)):
        taken += time.perf_counter() - started
        digest.update(matrix.data)
        started = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": taken, "sha256": digest.hexdigest(), "peak_rss_bytes": peak}))


if __name__ == "__main__":
    _main(*sys.argv[1:3])
