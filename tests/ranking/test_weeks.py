from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.ranking.weeks import bought_next, closed_weeks, labels

AS_OF = date(2026, 3, 9)  # a Monday
CODES = {"user_code": pl.Int32, "item_code": pl.Int32}


def ago(*days):
    return [AS_OF - timedelta(days=n) for n in days]


@pytest.mark.parametrize(
    ("days", "picked"),
    [
        pytest.param(range(100), range(70, 6, -7), id="every day"),
        pytest.param(range(1, 100, 7), range(71, 7, -7), id="only Sundays"),
        pytest.param(range(0, 100, 7), range(70, 6, -7), id="only Mondays"),
        pytest.param([7, 13, 14, 20, 27], [27, 14, 7], id="gaps"),
        pytest.param([0, 1, 6], [], id="none is closed"),
        pytest.param([77, 78], [77], id="too long ago"),
        pytest.param([], [], id="no day"),
    ],
)
def test_the_newest_closed_days_a_week_apart(days, picked):
    assert closed_weeks(ago(*days), AS_OF) == ago(*picked)


@given(st.sets(st.integers(-3, 90)), st.integers(1, 12), st.randoms())
def test_picked_days_are_closed_and_apart_and_nothing_that_would_fit_is_missing(days, most, random):
    given_days = ago(*days)
    random.shuffle(given_days)
    picked = closed_weeks(given_days, AS_OF, most)
    backwards = [(AS_OF - day).days for day in picked][::-1]
    assert backwards == sorted(set(backwards))
    assert set(backwards) <= days
    assert len(picked) <= most
    assert all(7 <= day <= 77 for day in backwards)
    assert all(later - sooner >= 7 for sooner, later in pairwise(backwards))
    for day in days - set(backwards):
        fits = 7 <= day <= 77 and all(abs(day - other) >= 7 for other in backwards)
        assert not fits or len(picked) == most
    closed = [day for day in days if 7 <= day <= 77]
    assert backwards[:1] == sorted(closed)[:1]


DAY = date(2026, 3, 1)
DIM_USER = pl.DataFrame({"user_code": [0, 1], "user_id": ["ann", "bob"]}).cast({"user_code": pl.Int32})
DIM_ITEM = pl.DataFrame({"item_code": [0, 1], "item_id": ["mug", "tea"]}).cast({"item_code": pl.Int32})


def history(*rows):
    """Rows (days after DAY, user_id, item_id[, purchase_count[, arrived days after DAY]])."""
    schema = {"event_date": pl.Date, "arrival_date": pl.Date, "user_id": pl.String, "item_id": pl.String}
    full = []
    for after, user, item, *rest in rows:
        count, arrived = [*rest, *(1, after)[len(rest) :]]
        full.append((DAY + timedelta(days=after), DAY + timedelta(days=arrived), user, item, count))
    return pl.DataFrame(full, schema={**schema, "purchase_count": pl.Int32}, orient="row")


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        pytest.param((1, "ann", "mug"), True, id="the day after"),
        pytest.param((7, "ann", "mug"), True, id="the seventh day"),
        pytest.param((3, "ann", "mug", 1, 8), True, id="late, and known by then"),
        pytest.param((0, "ann", "mug"), False, id="the day itself"),
        pytest.param((8, "ann", "mug"), False, id="the eighth day"),
        pytest.param((3, "ann", "mug", 1, 9), False, id="not known by then"),
        pytest.param((3, "ann", "mug", 0), False, id="returned or looked at"),
        pytest.param((3, "eve", "mug"), False, id="no shopper of the day"),
        pytest.param((3, "ann", "hat"), False, id="no item of the day"),
    ],
)
def test_what_was_bought_in_the_week_after_the_day_as_far_as_it_was_known(row, counts):
    got = bought_next(history(row), DIM_ITEM, DIM_USER, day=DAY, known_by=DAY + timedelta(days=8))
    assert got.rows() == ([(0, 0)] if counts else [])
    assert dict(got.schema) == CODES


def test_a_purchase_told_twice_is_bought_once():
    days = history((1, "bob", "tea"), (1, "bob", "tea", 2, 3), (5, "bob", "tea"))
    assert bought_next(days, DIM_ITEM, DIM_USER, day=DAY, known_by=AS_OF).rows() == [(1, 1)]


PAIR = st.tuples(st.integers(0, 3), st.integers(0, 4))


@given(st.sets(PAIR), st.lists(PAIR, unique=True))
def test_labels_stand_beside_their_candidates_in_the_order_of_the_pool(bought, pool):
    frames = [pl.DataFrame(list(pairs), schema=CODES, orient="row") for pairs in (pool, bought)]
    got = labels(*frames)
    assert got.dtype == bool
    assert got.tolist() == [pair in bought for pair in pool]
