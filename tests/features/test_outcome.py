import polars as pl
import pytest

from recs.features.outcome import outcome_of

BOUGHT = pl.DataFrame(
    [("ann", "mug", 2), ("ann", "tea", 1), ("bob", "mug", 1), ("cat", "jam", 0), ("ann", "nut", 3)],
    schema=["user_id", "item_id", "purchase_count"],
    orient="row",
)  # cat's jam was taken back
ITEMS = pl.DataFrame(
    [("mug", "home", "mugs"), ("tea", "food", "teas"), ("jam", "food", "jams"), ("nut", None, None)],
    schema=["item_id", "category_l2", "category_l3"],
    orient="row",
)


@pytest.mark.parametrize(
    ("entity", "keys", "expected"),
    [
        ("user_item", {"user_id": ["bob", "cat", "ann"], "item_id": ["mug", "jam", "mug"]}, [1, 0, 1]),
        ("user", {"user_id": ["bob", "cat", "ann", "dan"]}, [1, 0, 6, 0]),
        ("item", {"item_id": ["jam", "mug", "ink"]}, [0, 3, 0]),
        ("category", {"category_l3": ["mugs", "jams", "teas"]}, [3, 0, 1]),
        ("user_category", {"user_id": ["ann", "bob"], "category_l3": ["teas", "teas"]}, [1, 0]),
    ],
)
def test_each_entity_has_an_outcome_of_its_own(entity, keys, expected):
    outcome = outcome_of(entity, "category_l3", BOUGHT, ITEMS)
    assert outcome.of(pl.DataFrame(keys)).to_list() == expected


def test_what_is_not_bought_by_has_none():
    assert outcome_of("item_pair", "category_l2", BOUGHT, ITEMS) is None
    assert outcome_of("", "category_l2", BOUGHT, ITEMS) is None
