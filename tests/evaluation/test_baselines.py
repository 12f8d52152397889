from datetime import date, timedelta

import polars as pl
import pytest

from recs.evaluation.baselines import personal_frequency, popularity

AS_OF = date(2026, 3, 9)
ITEMS = pl.DataFrame({"item_id": list("abcx"), "item_code": [0, 1, 2, 3], "category_code": 0}).with_columns(
    pl.col("item_code", "category_code").cast(pl.Int32), is_recommendable=pl.col("item_id") != "x"
)
USERS = pl.DataFrame({"user_id": ["ann", "bob"], "user_code": pl.Series([0, 1], dtype=pl.Int32)})
GIVEN = {"as_of": AS_OF, "half_life_days": 2, "window_days": 5}


def facts(*rows):
    """Rows (days ago, user_id, item_id[, purchase_count[, arrived days ago]])."""
    full = []
    for ago, user, item, *rest in rows:
        count, arrived = [*rest, *(1, ago)[len(rest) :]]
        full.append((AS_OF - timedelta(ago), AS_OF - timedelta(arrived), user, item, count))
    schema = {"event_date": pl.Date, "arrival_date": pl.Date, "user_id": pl.String, "item_id": pl.String}
    return pl.DataFrame(full, {**schema, "purchase_count": pl.Int32}, orient="row")


def test_popularity_counts_buyer_days_and_decays_them():
    rows = [(2, "ann", "b"), (2, "bob", "b"), (4, "ann", "b"), (0, "bob", "a", 9)]
    got = popularity(facts(*rows), ITEMS, **GIVEN)
    assert got.rows() == [(1, 3, 1 / 2 + 1 / 2 + 1 / 4, 1), (0, 1, 1.0, 2), (2, 0, 0.0, 3)]


def test_a_shopper_is_ranked_by_their_own_days():
    rows = [(0, "ann", "a"), (2, "ann", "b"), (3, "ann", "b"), (4, "ann", "b"), (0, "bob", "c"), (0, "bob", "b")]
    got = personal_frequency(facts(*rows), ITEMS, USERS, **GIVEN, top_k=9)
    assert got.rows() == [(0, 1, 1), (0, 0, 2), (1, 1, 1), (1, 2, 2)]  # bob's tie goes by item code
    assert personal_frequency(facts(*rows), ITEMS, USERS, **GIVEN, top_k=1)["item_code"].to_list() == [1, 1]


@pytest.mark.parametrize(
    "row",
    [(-1, "bob", "a"), (1, "bob", "a", 1, -1), (5, "bob", "a"), (0, "bob", "a", 0), (0, "bob", "x"), (0, "bob", "new")],
    ids=["later", "arrives later", "before the window", "not bought", "may not be recommended", "unknown item"],
)
def test_rows_that_must_not_count_change_nothing(row):
    same, more = facts((1, "ann", "b")), facts((1, "ann", "b"), row)
    assert popularity(more, ITEMS, **GIVEN).equals(popularity(same, ITEMS, **GIVEN))
    frequent = [personal_frequency(rows, ITEMS, USERS, **GIVEN, top_k=9) for rows in (same, more)]
    assert frequent[0].equals(frequent[1])


def test_a_day_counts_once_however_often_it_arrives():
    got = popularity(facts((1, "ann", "b"), (1, "ann", "b", 2, 0)), ITEMS, **GIVEN)
    assert got.row(0)[:2] == (1, 1)
