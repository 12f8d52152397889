"""Pairs of items counted over baskets: ``count_item_pairs`` in SQL against joining the baskets with themselves."""

import statistics
import time
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.dbt_functions import Plugin

RUNS = 5
ITEMS, LEAST = 20_000, 3
SHOPS = {"20,000 baskets": 20_000, "60,000 baskets": 60_000}
SELF_JOIN = f"""
    select one.item_code, other.item_code as other_item_code, count(*)::integer as basket_count,
        (count(*) filter (one.is_recent))::integer as recent_count, sum(one.weight)::bigint as weight
    from lines as one inner join lines as other on one.basket = other.basket and one.item_code < other.item_code
    group by one.item_code, other.item_code having count(*) >= {LEAST}"""
FUNCTION = f"""
    with baskets as (
        select list(item_code) as items, any_value(weight) as weight, any_value(is_recent) as is_recent
        from lines group by basket
    )
    select unnest(
        count_item_pairs(list({{items: items, weight: weight, is_recent: is_recent}}), {LEAST}), recursive := true
    ) from baskets"""


def rows(runs: int = RUNS) -> list[dict[str, Any]]:
    """Median seconds of both ways, alternating, for two sizes; both give the same pairs."""
    return [row for name, baskets in SHOPS.items() for row in _compared(name, baskets, runs)]


def _compared(name: str, baskets: int, runs: int) -> list[dict[str, Any]]:
    with duckdb.connect() as memory:
        memory.execute("set threads = 2; set preserve_insertion_order = false")
        Plugin("functions", {}).configure_connection(memory)
        memory.register("lines", _lines(baskets))
        ways = {"self-join": SELF_JOIN, "aisle": FUNCTION}
        made = [memory.sql(f"select * from ({sql}) order by 1, 2").fetchall() for sql in ways.values()]
        if made[0] != made[1]:
            raise AssertionError("the two ways of counting differ, so their times say nothing")
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(runs):
            for way, sql in ways.items():
                started = time.perf_counter()
                memory.execute(f"create or replace temp table counted as {sql}")
                seconds[way].append(time.perf_counter() - started)
    median = {way: statistics.median(values) for way, values in seconds.items()}
    return [
        {
            "case": f"{way}, {name}, {ITEMS:,} items, {len(made[0]):,} pairs kept, 2 threads",
            "seconds": taken,
            "rate": baskets / taken,
            "unit": "baskets/s",
            "ratio_to": {"self-join": median["self-join"] / taken},
        }
        for way, taken in median.items()
    ]


def _lines(baskets: int) -> pa.Table:
    """Baskets of 2 to 60 items, some 15 each; items as uneven as in shops."""
    draw = np.random.default_rng(7)
    sizes = np.clip(draw.geometric(1 / 15, baskets), 2, 60)
    basket = np.repeat(np.arange(baskets, dtype=np.int32), sizes)
    item = np.minimum(draw.pareto(0.8, len(basket)) * 20, ITEMS - 1).astype(np.int32)
    once = np.unique((basket.astype(np.int64) << 32) | item)
    basket, item = (once >> 32).astype(np.int32), (once & 0xFFFFFFFF).astype(np.int32)
    weight = draw.integers(1, 1_000_000, baskets).astype(np.int32)
    recent = draw.random(baskets) < 0.3
    columns = {"basket": basket, "item_code": item, "weight": weight[basket], "is_recent": recent[basket]}
    return pa.table(columns)
