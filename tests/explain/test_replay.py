"""One list filled again: it is the list that the surface makes, and an item that is not in it is told why."""

import random

import polars as pl
import pytest

from recs.explain.replay import of_list, replay
from recs.surfaces.assemble import fill
from recs.surfaces.spec import ChannelQuota, Rules, SurfaceSpec

SPEC = SurfaceSpec(
    surface="home",
    title="Home",
    keyed_by="user",
    slots=3,
    ranking="discover",
    channels=(ChannelQuota("popular", 2),),
    rules=Rules(already_bought="exclude", max_per_category=2),
)
COLUMNS = {
    "list_code": pl.Int32,
    "channel_order": pl.UInt8,
    "tier": pl.UInt8,
    "rank": pl.UInt16,
    "item_code": pl.Int32,
    "title_code": pl.UInt32,
    "category_code": pl.Int32,
    "user_code": pl.Int32,
    "key_item_code": pl.Int32,
    "key_category_code": pl.Int32,
    "key_title_code": pl.UInt32,
    "reason_item_code": pl.Int32,
}
BOUGHT = pl.DataFrame({"user_code": [0], "item_code": [6]}, schema={"user_code": pl.Int32, "item_code": pl.Int32})
# item: (title, category); 1 reads like 0; 0, 2, 3 share a category; 4 is recommended because of its namesake 8
ITEMS = {0: (10, 1), 1: (10, 2), 2: (12, 1), 3: (13, 1), 4: (14, 2), 5: (15, 3), 6: (16, 3), 7: (17, 4), 8: (14, 2)}
RANKED = [0, 1, 2, 3, 4, 6, 5, 7]
POPULAR = [5, 7]


def candidates(order: int, codes: list[int], reasons: dict[int, int]) -> list[tuple]:
    return [
        (0, order, 0, rank, code, *ITEMS[code], 0, None, None, None, reasons.get(code, -1))
        for rank, code in enumerate(codes, start=1)
    ]


def found() -> pl.DataFrame:
    rows = candidates(0, RANKED, {4: 8}) + candidates(1, POPULAR, {})
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def titles() -> pl.DataFrame:
    rows = [(code, title) for code, (title, _) in ITEMS.items()]
    return pl.DataFrame(rows, schema={"item_code": pl.Int32, "title_code": pl.UInt32}, orient="row")


def fates(code: int) -> list[tuple]:
    return [tuple(fate) for fate in replay(code, SPEC, found(), titles(), BOUGHT).fates]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, [("ranking", 1, None, ())]),
        (1, [("ranking", 2, "title", (0,))]),
        (3, [("ranking", 4, "cap", (0, 2))]),
        (4, [("ranking", 5, "echo", (8,))]),
        (6, [("ranking", 6, "bought", ())]),
        (7, [("ranking", 8, "slots", ()), ("popular", 2, "slots", ())]),
        (8, []),
    ],
)
def test_an_item_that_is_not_in_the_list_is_told_the_rule_and_what_stood_in_its_way(code, expected):
    assert fates(code) == expected


def test_the_list_comes_out_in_its_order():
    filled = replay(0, SPEC, found(), titles(), BOUGHT).filled
    assert filled.select("position", "item_code").rows() == [(1, 0), (2, 2), (3, 5)]


@pytest.mark.parametrize("seed", range(8))
def test_filling_again_is_filling(seed):
    """The same list as ``assemble.fill`` makes, for candidates drawn at random."""
    chance = random.Random(seed)
    rows = []
    for order in range(2):
        for rank, code in enumerate(chance.sample(range(30), 20), start=1):
            row = (0, order, 0, rank, code, code // 2, code % 4, 0, None, None, None, -1)
            rows.append(row)
    drawn = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    none = titles().clear()
    again = replay(3, SPEC, drawn, none, BOUGHT.clear()).filled
    first = fill(drawn, SPEC)
    assert again["item_code"].to_list() == first["item_code"].to_list()


def test_a_list_reads_its_own_rows_of_a_channel_its_stores_and_everyones():
    table = pl.DataFrame(
        [("user", 0, 1), ("user", 1, 2), ("region", 5, 3), ("region", 6, 4), ("all", 0, 5), ("item", 0, 6)],
        schema=["entity", "entity_code", "item_code"],
        orient="row",
    )
    key = {"user_code": 0, "region_code": 5, "everyone_code": 0, "key_item_code": None, "key_category_code": None}
    assert of_list(table, key)["item_code"].to_list() == [1, 3, 5]
