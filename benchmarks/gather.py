"""Candidates with their features: a snapshot gathered by code against DuckDB's joins, from the same Parquet files.

All fill the same matrix, a shard of candidates at a time, on two threads; each run in a process of its own, whose
clock starts when libraries and compiled loops are loaded. The joins are timed twice: as one writes them, and
with each table of a shopper's rows cut to the shoppers of the shard, which spares DuckDB hashing all of them.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
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
RUNS = {"small": 3, "full": 2}
SHARD_SHOPPERS, THREADS = 2_500, 2
JOINS, CUT_JOINS = "duckdb joins", "duckdb joins, cut"
WAYS = ("aisle", JOINS, CUT_JOINS)


def rows(size: str = "small") -> list[dict[str, Any]]:
    """Median seconds of the ways, which take turns; they fill the same matrix, byte by byte."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), SIZES[size])
        runs = [{way: _run(way, folder) for way in WAYS} for _ in range(RUNS[size])]
    if len({one["sha256"] for run in runs for one in run.values()}) > 1:
        raise AssertionError("the ways fill different matrices, so their times say nothing")
    seconds = {way: median(run[way]["seconds"] for run in runs) for way in WAYS}
    pairs = SIZES[size] * CANDIDATES
    return [
        {
            "case": f"{way}, {SIZES[size]:,} shoppers x {CANDIDATES} candidates x {sum(WIDTHS.values())} features",
            "seconds": taken,
            "rate": pairs / taken,
            "unit": "rows/s",
            "peak_rss_bytes": max(run[way]["peak_rss_bytes"] for run in runs),
            "ratio_to": {joins: seconds[joins] / taken for joins in (JOINS, CUT_JOINS)},
        }
        for way, taken in seconds.items()
    ]


def _run(way: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.gather", way, folder]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _write(folder: Path, shoppers: int) -> None:
    """Dimensions, features of a part of all keys, and candidates, as Parquet files, each sorted as in the lake."""
    draw = np.random.default_rng(7)
    users = pl.DataFrame({"user_code": np.arange(shoppers, dtype=np.int32)}).with_columns(
        user_id=_named("u", pl.col("user_code"))
    )
    items = pl.DataFrame({"item_code": np.arange(ITEMS, dtype=np.int32)}).with_columns(
        item_id=_named("i", pl.col("item_code")),
        category_l2=_named("c", pl.lit(pl.Series(draw.integers(0, CATEGORIES, ITEMS)))),
    )
    users.write_parquet(folder / "dim_user.parquet")
    items.write_parquet(folder / "dim_item.parquet")
    own = _pairs(draw, shoppers, ITEMS, OWN_ITEMS)
    kinds = _pairs(draw, shoppers, CATEGORIES, OWN_CATEGORIES)
    categories = pl.select(_named("c", pl.int_range(CATEGORIES)).alias("category_l2"))["category_l2"]
    names = {
        "user": {"user_id": users["user_id"]},
        "item": {"item_id": items["item_id"]},
        "user_category": {"user_id": users["user_id"][kinds[0]], "category_l2": categories[kinds[1]]},
        "user_item": {"user_id": users["user_id"][own[0]], "item_id": items["item_id"][own[1]]},
    }
    for name, keys in names.items():
        height = len(next(iter(keys.values())))
        values = {f"{name}_{n}": draw.random(height, np.float32) for n in range(WIDTHS[name])}
        pl.DataFrame({**keys, **values}).write_parquet(folder / f"feat_{name}.parquet")
    codes = [np.sort(draw.choice(ITEMS, CANDIDATES, replace=False)) for _ in range(SHARD_SHOPPERS)]
    for first in range(0, shoppers, SHARD_SHOPPERS):
        some = range(first, min(first + SHARD_SHOPPERS, shoppers))
        item = np.concatenate([np.sort((codes[n - first] + n) % ITEMS) for n in some]).astype(np.int32)
        user = np.repeat(np.array(some, np.int32), CANDIDATES)
        pl.DataFrame({"user_code": user, "item_code": item}).write_parquet(folder / f"candidates-{first:07d}.parquet")


def _named(letter: str, code: pl.Expr) -> pl.Expr:
    """Ids in the order of their codes, as those of the lake are."""
    return pl.lit(letter) + code.cast(pl.String).str.zfill(7)


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

    wide = (SHARD_SHOPPERS * CANDIDATES, len(snapshot.features))
    matrices = [np.empty(wide, np.float32) for _ in range(THREADS)]  # filled again and again

    def filled(file: Path, matrix: np.ndarray) -> np.ndarray:
        pool = pl.read_parquet(file)
        out = matrix[: pool.height]
        snapshot.gather(pool["user_code"].to_numpy(), pool["item_code"].to_numpy(), out)
        return out

    with ThreadPoolExecutor(THREADS) as threads:
        files = sorted(folder.glob("candidates-*.parquet"))
        for n in range(0, len(files), THREADS):
            yield from list(threads.map(filled, files[n : n + THREADS], matrices))  # all are there before one is hashed


def _joined(folder: Path, *, cut: bool) -> Iterator[np.ndarray]:
    import duckdb

    names = [f"{name}_{n}" for name, width in WIDTHS.items() for n in range(width)]
    matrix = np.empty((SHARD_SHOPPERS * CANDIDATES, len(names)), np.float32)
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
            first = int(file.stem.split("-")[1])
            shoppers = f"where user_code between {first} and {first + SHARD_SHOPPERS - 1}" if cut else ""
            found = memory.sql(
                f"""select c.file_row_number as at, {", ".join(names)}
                from read_parquet('{file}', file_row_number = true) c
                left join feat_user using (user_code)
                left join feat_item using (item_code)
                left join dim_item d on d.item_code = c.item_code
                left join (from feat_user_category {shoppers}) k
                    on k.user_code = c.user_code and k.category_l2 = d.category_l2
                left join (from feat_user_item {shoppers}) p
                    on p.user_code = c.user_code and p.item_code = c.item_code"""
            ).pl()
            out = matrix[: found.height]
            out[found["at"].to_numpy()] = found.select(names).fill_null(np.nan).to_numpy(order="c")  # joins: any order
            yield out


def _main(way: str, folder: str) -> None:
    import resource
    import time

    import duckdb  # noqa: F401  loaded for every way before the clock starts

    import recs.compile

    recs.compile.main()
    matrices = _gathered(Path(folder)) if way == "aisle" else _joined(Path(folder), cut=way == CUT_JOINS)
    digest, started, taken = hashlib.sha256(), time.perf_counter(), 0.0
    for matrix in matrices:
        taken += time.perf_counter() - started
        digest.update(matrix.data)
        started = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": taken, "sha256": digest.hexdigest(), "peak_rss_bytes": peak}))


if __name__ == "__main__":
    _main(*sys.argv[1:3])
