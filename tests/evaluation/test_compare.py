from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.evaluation.compare import LIST, compared_lists, pool_recall, truth_of

AS_OF = date(2026, 3, 9)


def codes(*items):
    return pl.Series("item_code", items, dtype=pl.Int32)


def compared(ranking, owned, *, kind="all", users=(1,), eligible=range(10), popularity=(), depth=4):
    shop = {"owned": owned, "eligible": codes(*eligible), "popularity": codes(*popularity)}
    return compared_lists({"m": ranking}, kind=kind, users=list(users), depth=depth, **shop)["m"]


def by_user(frame):
    ordered = frame.sort("user_code", "rank").group_by("user_code", maintain_order=True).agg("item_code")
    return dict(ordered.iter_rows())


@pytest.mark.parametrize(
    ("listed", "kind", "popularity", "expected"),
    [
        pytest.param([5, 6, 7, 8, 9], "all", [], [5, 6, 7, 8], id="cut"),
        pytest.param([5, 66, 6, 77, 7, 8], "all", [], [5, 6, 7, 8], id="what may not be listed leaves no gap"),
        pytest.param([0, 5, 6, 7, 8], "all", [], [0, 5, 6, 7], id="repeats stay in all"),
        pytest.param([0, 5, 6, 7, 8], "new", [], [5, 6, 7, 8], id="repeats leave new"),
        pytest.param([5], "all", [9, 66, 5, 0, 7], [5, 9, 0, 7], id="filled by popularity"),
        pytest.param([5], "new", [9, 0, 7], [5, 9, 7, 2], id="filled with what is new too, then by item code"),
        pytest.param([], "all", [9, 8, 7, 6], [9, 8, 7, 6], id="no list at all"),
    ],
)
def test_one_list(lists, pairs, listed, kind, popularity, expected):
    got = compared(lists({1: listed}), pairs({1: [0, 1]}), kind=kind, popularity=popularity)
    assert got.schema == LIST
    assert got.rows() == [(1, item, rank) for rank, item in enumerate(expected, 1)]


def test_ranks_order_a_list_and_rows_do_not(lists, pairs):
    shuffled = lists({1: [3, 2, 1, 0], 2: [0, 1, 2, 3]}).reverse()
    assert by_user(compared(shuffled, pairs({}), users=[2, 1])) == {1: [3, 2, 1, 0], 2: [0, 1, 2, 3]}


def test_only_the_shoppers_compared_have_a_list_and_each_has_one(lists, pairs):
    got = compared(lists({1: [3, 2, 1, 0], 8: [5]}), pairs({}), users=[2, 1], popularity=[7, 6, 5, 4])
    assert by_user(got) == {1: [3, 2, 1, 0], 2: [7, 6, 5, 4]}


def test_a_list_is_short_only_where_nothing_is_left(lists, pairs):
    got = compared(lists({1: [2]}), pairs({1: [0]}), kind="new", eligible=[0, 1, 2])
    assert by_user(got) == {1: [2, 1]}


def test_an_unknown_kind_is_refused(lists, pairs):
    with pytest.raises(ValueError, match="kind must be one of all, new, got 'old'"):
        compared(lists({}), pairs({}), kind="old")


SETS = st.dictionaries(st.integers(1, 3), st.lists(st.integers(0, 12), unique=True, max_size=10))


@settings(deadline=None, max_examples=60)
@given(listed=SETS, owned=SETS, kind=st.sampled_from(["all", "new"]), popularity=st.permutations(range(12)))
def test_the_rules_item_by_item(lists, pairs, listed, owned, kind, popularity):
    """The same in plain loops: what may stay, in order, then the popular, up to the depth."""
    expected = {}
    for user in (1, 2, 3):
        barred = set(owned.get(user, [])) if kind == "new" else set()
        wanted = [*listed.get(user, []), *popularity[:5], *range(10)]
        expected[user] = [item for item in dict.fromkeys(wanted) if item < 10 and item not in barred][:4]
    got = compared(lists(listed), pairs(owned), kind=kind, users=[1, 2, 3], popularity=popularity[:5])
    assert by_user(got) == {user: items for user, items in expected.items() if items}


@pytest.fixture
def shop():
    items = pl.DataFrame({"item_id": list("abcx"), "item_code": pl.Series([0, 1, 2, 3], dtype=pl.Int32)})
    items = items.with_columns(category_code=0, is_recommendable=pl.col("item_id") != "x")
    return items, pl.DataFrame({"user_id": ["ann", "bob"], "user_code": pl.Series([0, 1], dtype=pl.Int32)})


def facts(*rows):
    """Rows (event, arrival in days after the as-of day, user_id, item_id, purchase_count)."""
    schema = {"event_date": pl.Date, "arrival_date": pl.Date, "user_id": pl.String, "item_id": pl.String}
    dated = [(AS_OF + timedelta(event), AS_OF + timedelta(arrival), *rest) for event, arrival, *rest in rows]
    return pl.DataFrame(dated, {**schema, "purchase_count": pl.Int32}, orient="row")


def truth(shop, *rows):
    got = truth_of(facts(*rows), *shop, as_of=AS_OF, horizon_days=7)
    return got["all"].rows(), got["new"].rows()


def test_truth_is_what_was_bought_in_the_days_after_each_pair_once(shop):
    rows = [(1, 1, "ann", "b", 1), (7, 7, "ann", "a", 2), (3, 3, "ann", "a", 1), (2, 2, "bob", "a", 1)]
    assert truth(shop, *rows) == ([(0, 0), (0, 1), (1, 0)],) * 2


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((0, 0, "bob", "a", 1), id="on the as-of day"),
        pytest.param((8, 8, "bob", "a", 1), id="after the horizon"),
        pytest.param((7, 8, "bob", "a", 1), id="arrives after the horizon"),
        pytest.param((1, 1, "bob", "a", 0), id="viewed"),
        pytest.param((1, 1, "bob", "x", 1), id="may not be recommended"),
        pytest.param((1, 1, "bob", "later", 1), id="item unknown on the day"),
        pytest.param((1, 1, "eve", "a", 1), id="shopper unknown on the day"),
    ],
)
def test_what_is_not_in_the_truth(shop, row):
    assert truth(shop, row) == ([], [])


@pytest.mark.parametrize(
    ("earlier", "is_new"),
    [
        ((0, 0, "ann", "a", 1), False),
        ((-300, -300, "ann", "a", 1), False),
        ((-1, 1, "ann", "a", 1), True),
        ((-1, -1, "ann", "a", 0), True),
        ((-1, -1, "bob", "a", 1), True),
    ],
    ids=["bought that day", "bought long ago", "not yet known that day", "only viewed", "bought by another"],
)
def test_new_is_what_the_shopper_was_not_known_to_have_bought(shop, earlier, is_new):
    assert truth(shop, earlier, (1, 1, "ann", "a", 1)) == ([(0, 0)], [(0, 0)] if is_new else [])


def test_the_recall_of_a_pool_is_a_mean_over_shoppers(lists, pairs):
    pools, bought = lists({1: [7, 8, 9], 2: [5, 6], 4: [1]}), pairs({1: [9, 7], 2: [6], 3: [1]})
    assert pool_recall(pools, bought, [1, 2, 3]) == {"1": (1 / 2) / 3, "2": (1 / 2 + 1) / 3, "3": (1 + 1) / 3}


def test_no_truth_makes_no_recall(lists, pairs):
    assert pool_recall(lists({1: [7]}), pairs({}), [50]) == {"50": 0.0}


def test_methods_do_not_touch_each_other(lists, pairs):
    alone = compared(lists({1: [3]}), pairs({}), popularity=[9, 8, 7, 6])
    shop = {"owned": pairs({}), "eligible": codes(*range(10)), "popularity": codes(9, 8, 7, 6)}
    both = compared_lists({"x": lists({1: [1, 2]}), "m": lists({1: [3]})}, kind="all", users=[1], depth=4, **shop)
    assert_frame_equal(both["m"], alone)
