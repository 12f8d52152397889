"""Features gathered by position against plain left joins."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.errors import ConfigError
from recs.ranking.features import FeatureTable, Ratio, Snapshot

USERS, ITEMS = ("ann", "bob", "cat"), ("mug", "tea", "ale", "hat")
DIM_USER = pl.DataFrame({"user_code": range(3), "user_id": USERS, "region": ["north", "south", ""]}).cast(
    {"user_code": pl.Int32}
)
TABLES = [
    FeatureTable("features/feat_user", "user", ("orders", "is_new")),
    FeatureTable("features/feat_item", "item", ("price",)),  # and hidden, which only a ratio reads
    FeatureTable("features/feat_category", "category", ("sold",), level="category_l3"),
    FeatureTable(
        "features/feat_user_category",
        "user_category",
        ("days",),
        ratios=(Ratio("of_category", "feat_category.sold", "days"), Ratio("of_shopper", "feat_user.orders", "days")),
    ),
    FeatureTable("features/feat_item_region", "region_item", ("lift",)),
    FeatureTable(
        "features/feat_user_item",
        "user_item",
        ("times",),
        ratios=(Ratio("price_to_own_price", "feat_item.hidden", "paid"),),
    ),
]
KEYS = {
    "feat_user": ("user_id",),
    "feat_item": ("item_id",),
    "feat_category": ("category_l3",),
    "feat_user_category": ("user_id", "category_l2"),
    "feat_item_region": ("region", "item_id"),
    "feat_user_item": ("user_id", "item_id"),
}
VALUES = {
    "feat_user": {"orders": pl.Int32, "is_new": pl.Boolean},
    "feat_item": {"price": pl.Decimal(18, 4), "hidden": pl.Float32},
    "feat_category": {"sold": pl.Float64},
    "feat_user_category": {"days": pl.Int64},
    "feat_item_region": {"lift": pl.Float32},
    "feat_user_item": {"times": pl.Int32, "paid": pl.Decimal(18, 4)},
}
KNOWN = {
    "user_id": st.sampled_from([*USERS, "gone", None]),
    "item_id": st.sampled_from([*ITEMS, "gone", None]),
    "category_l2": st.sampled_from(["drinks", "kitchen", "gone", None]),
    "category_l3": st.sampled_from(["hot drinks", "cold drinks", "gone", None]),
}
KNOWN["region"] = st.sampled_from(["north", "south", "gone", None])
LEVELS = st.tuples(st.sampled_from(["drinks", "kitchen", None]), st.sampled_from(["hot drinks", "cold drinks", None]))


def numbers(kind):
    return st.none() | (st.booleans() if kind == pl.Boolean else st.integers(-2, 3))


@st.composite
def shops(draw):
    """The categories of the items, and a frame for each feature table with some of its rows missing."""
    frames = {}
    for name, keys in KEYS.items():
        key, values = (KNOWN[name] for name in keys), (numbers(kind) for kind in VALUES[name].values())
        found = draw(st.dictionaries(st.tuples(*key), st.tuples(*values), max_size=5))
        schema = dict.fromkeys(keys, pl.String) | VALUES[name]
        rows = [(*key, *values) for key, values in found.items()]
        frames[f"features/{name}"] = pl.DataFrame(rows, schema=schema, orient="row", strict=False)
    return draw(st.lists(LEVELS, min_size=4, max_size=4)), frames


def dim_item(levels):
    rows = [(code, item, *levels[code]) for code, item in enumerate(ITEMS)]
    texts = dict.fromkeys(("item_id", "category_l2", "category_l3"), pl.String)
    return pl.DataFrame(rows, schema={"item_code": pl.Int32, **texts}, orient="row")


def gathered(tables, frames, pairs, items):
    snapshot = Snapshot(tables, frames, dim_item=items, dim_user=DIM_USER)
    users, codes = (np.array([pair[side] for pair in pairs], np.int32) for side in (0, 1))
    out = np.full((len(pairs), len(snapshot.features)), 77, np.float32)
    snapshot.gather(users, codes, out)
    return snapshot.features, out


def joined(tables, frames, pairs, items):
    """The same by left joins of frames."""
    schema = {"user_code": pl.Int32, "item_code": pl.Int32}
    wide = pl.DataFrame(pairs, schema=schema, orient="row").with_row_index("at")
    wide = wide.join(DIM_USER, on="user_code").join(items, on="item_code")
    for table in tables:
        keys = list(KEYS[table.name])
        frame = frames[table.table].filter(pl.all_horizontal(pl.col(keys).is_not_null()))
        named = {name: f"{table.name}.{name}" for name in VALUES[table.name]}
        wide = wide.join(frame.with_columns(pl.col(*named).cast(pl.Float32)).rename(named), on=keys, how="left")
    columns = []
    for table in tables:
        columns += [pl.col(f"{table.name}.{name}") for name in table.columns]
        for ratio in table.ratios:
            to = pl.col(f"{table.name}.{ratio.to}")
            columns.append(pl.when(to != 0).then(pl.col(ratio.of) / to).alias(f"{table.name}.{ratio.name}"))
    told = wide.sort("at").select(columns)
    return told.columns, told.fill_null(float("nan")).to_numpy()


@settings(deadline=None, max_examples=60)
@given(shops(), st.permutations(list(product(range(3), range(4)))))
def test_a_gathered_row_is_the_row_of_plain_left_joins(shop, pairs):
    levels, frames = shop
    items = dim_item(levels)
    names, got = gathered(TABLES, frames, pairs, items)
    expected_names, expected = joined(TABLES, frames, pairs, items)
    assert names == expected_names
    np.testing.assert_array_equal(got, expected)


CODED = dim_item([("drinks", None), ("drinks", None), (None, None), ("kitchen", None)])
NAN = float("nan")


def one_table(entity, keys, values, pairs, items=CODED):
    frame = pl.DataFrame({**keys, "v": values})
    return gathered([FeatureTable("features/f", entity, ("v",))], {"features/f": frame}, pairs, items)[1][:, 0].tolist()


@pytest.mark.parametrize(
    ("entity", "keys", "expected"),
    [
        ("user", {"user_id": ["bob", "ann"]}, [6, 6, 5, NAN]),
        ("item", {"item_id": ["tea", "hat"]}, [NAN, 5, NAN, 6]),
        ("category", {"category_l2": ["drinks", "kitchen"]}, [5, 5, NAN, 6]),
        ("user_category", {"user_id": ["ann", "ann"], "category_l2": ["drinks", "kitchen"]}, [5, 5, NAN, NAN]),
        ("user_item", {"user_id": ["ann", "bob"], "item_id": ["tea", "ale"]}, [NAN, 5, 6, NAN]),
        ("region_item", {"item_id": ["tea", "tea"], "region": ["south", "north"]}, [NAN, 6, NAN, NAN]),
        ("region_item", {"item_id": ["ale", "hat"], "region": ["south", "north"]}, [NAN, NAN, 5, NAN]),
        ("item", {"item_id": ["gone", "mug"]}, [6, NAN, NAN, NAN]),
        ("user_item", {"user_id": ["ann", "ann"], "item_id": ["gone", "mug"]}, [6, NAN, NAN, NAN]),
    ],
)
def test_each_entity_on_literal_rows(entity, keys, expected):
    got = one_table(entity, keys, [5.0, 6.0], [(0, 0), (0, 1), (1, 2), (2, 3)])
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_shop_without_a_single_category_has_no_feature_of_one(rows):
    plain = dim_item([(None, None)] * 4)
    keys = {"category_l2": pl.Series(["drinks"] * rows, dtype=pl.String)}
    got = one_table("category", keys, [5.0] * rows, [(0, 0)], plain)
    np.testing.assert_array_equal(got, [NAN])


@pytest.mark.parametrize(("of", "to", "ratio"), [(6, 4, 1.5), (6, 0, NAN), (0, 0, NAN), (0, 4, 0), (None, 4, NAN)])
def test_a_ratio_divides_another_tables_column_by_its_own(of, to, ratio):
    tables = [
        FeatureTable("features/a", "item", ("v",), ratios=(Ratio("r", "b.hidden", "w"),)),
        FeatureTable("features/b", "user", ("u",)),
    ]
    frames = {
        "features/a": pl.DataFrame({"item_id": ["mug", "hat"], "v": [1, 2], "w": [to, 1]}),
        "features/b": pl.DataFrame({"user_id": ["ann"], "u": [9], "hidden": pl.Series([of], dtype=pl.Int32)}),
    }
    names, got = gathered(tables, frames, [(0, 0), (0, 3), (1, 3), (0, 2)], CODED)
    assert names == ["a.v", "a.r", "b.u"]
    other = NAN if of is None else of
    np.testing.assert_array_equal(got, [[1, ratio, 9], [2, other, 9], [2, NAN, NAN], [NAN, NAN, 9]])


def test_a_ratio_to_a_table_that_is_not_there_is_left_out_with_its_name():
    one = FeatureTable("features/a", "item", ("v",), ratios=(Ratio("r", "b.hidden", "v"),))
    assert one.features == ["a.v", "a.r"]
    names, got = gathered([one], {"features/a": pl.DataFrame({"item_id": ["mug"], "v": [1]})}, [(0, 0)], CODED)
    assert (names, got.tolist()) == (["a.v"], [[1.0]])


@pytest.mark.parametrize(("of", "to", "named"), [("a.x", "v", "a.x"), ("a.v", "y", "a.y")])
def test_a_ratio_of_a_column_that_is_not_there_is_named(of, to, named):
    one = FeatureTable("features/a", "item", ("v",), ratios=(Ratio("r", of, to),))
    with pytest.raises(ConfigError, match=f"a ratio names '{named}', and a has no such column. Fix: correct it"):
        gathered([one], {"features/a": pl.DataFrame({"item_id": ["mug"], "v": [1]})}, [], CODED)


@pytest.mark.parametrize("stand", [sorted, lambda pairs: pairs])
def test_more_pairs_than_one_block_gives_the_rows_of_few(stand):
    pairs = stand(list(product(range(3), range(4))) * 1000)
    keys = {"user_id": ["bob", "ann", "bob"], "item_id": ["tea", "ale", "mug"]}
    row = {(1, 1): 5.0, (0, 2): 6.0, (1, 0): 7.0}
    got = one_table("user_item", keys, [5.0, 6.0, 7.0], pairs)
    np.testing.assert_array_equal(got, [row.get(pair, NAN) for pair in pairs])


@pytest.mark.parametrize(
    ("entity", "key", "ids"), [("item", "item_id", ["tea", "hat"]), ("category", "category_l2", ["drinks", "kitchen"])]
)
def test_the_order_of_a_dimensions_rows_changes_nothing(entity, key, ids):
    pairs = [(0, n) for n in range(4)]
    in_order, reversed_ = (one_table(entity, {key: ids}, [5.0, 6.0], pairs, items) for items in (CODED, CODED[::-1]))
    np.testing.assert_array_equal(in_order, reversed_)


def test_no_pairs_and_no_tables():
    assert one_table("item", {"item_id": ["mug"]}, [5.0], []) == []
    assert gathered([], {}, [(0, 0)], CODED)[1].shape == (1, 0)
