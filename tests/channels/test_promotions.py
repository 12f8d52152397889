import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.channels.promotions import promotions_items, promotions_scorer

DEFAULTS = {"half_life_days": 1.0, "window_days": 28, "top_k": 9}


def planned(*rows):
    schema = {"item_id": pl.String, "display_share_next_7d": pl.Float32, "mailer_share_next_7d": pl.Float32}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


PLANNED = planned(("a", 0.25, 0.25), ("b", 1.0, 1.0), ("c", 1.0, 0.0), ("x", 1.0, 1.0), ("gone", 1.0, 1.0))


@pytest.fixture
def sold(item_daily):
    """a 4 buyers today, b 4 yesterday (worth 2), d 9 today without a promotion, x may not be shown."""
    return item_daily((0, "a", "north", 4), (1, "b", "", 4), (0, "d", "north", 9), (0, "x", "north", 9))


@pytest.fixture
def items(dim_item):
    return dim_item("abcdx", blocked="x")


def test_what_sells_and_will_be_promoted_comes_first(sold, items, as_of):
    got = promotions_items(PLANNED, sold, items, as_of=as_of, **DEFAULTS)
    assert got.select("entity", "entity_code", "item_code", "score", "rank", "reason_item_code").rows() == [
        ("all", 0, 1, 2.0 * 2.0, 1, -1),
        ("all", 0, 0, 4.0 * 0.5, 2, -1),
    ]


def test_only_the_best_are_listed_and_a_tie_goes_to_the_smaller_code(sold, items, as_of):
    tied = planned(("b", 1.0, 0.0), ("a", 0.0, 0.5))
    got = promotions_items(tied, sold, items, as_of=as_of, **{**DEFAULTS, "top_k": 1})
    assert got.select("item_code", "score").rows() == [(0, 2.0)]


@pytest.mark.parametrize("row", [(-1, "a", "north", 9, 0), (1, "a", "north", 9, -1), (28, "a", "north", 9)])
def test_buyers_that_are_not_known_yet_or_too_old_change_nothing(item_daily, items, as_of, row):
    day = (0, "a", "north", 4)
    one, more = (promotions_items(PLANNED, item_daily(*d), items, as_of=as_of, **DEFAULTS) for d in ([day], [day, row]))
    assert_frame_equal(one, more)


def test_the_scorer_says_zero_of_what_is_not_planned_or_not_bought(sold, items, as_of):
    table = promotions_items(PLANNED, sold, items, as_of=as_of, **{**DEFAULTS, "top_k": 1})
    score = promotions_scorer(table, PLANNED, sold, items, as_of=as_of, **DEFAULTS)
    got = score(np.zeros(5, np.int32), np.arange(5, dtype=np.int32))
    assert got.scores.tolist() == [2.0, 4.0, 0.0, 0.0, 0.0]
    assert got.reasons is None


def test_nothing_planned_makes_an_empty_table(sold, items, as_of):
    assert promotions_items(planned(), sold, items, as_of=as_of, **DEFAULTS).is_empty()
