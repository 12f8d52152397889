"""One case a surface, driven by its file in config/surfaces: what the small shop of conftest sees there."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from recs.policies.reasons import REASONS
from recs.surfaces.assemble import SCHEMA, surface_lists
from recs.surfaces.spec import read_specs

SPECS = read_specs(Path(__file__).parents[2] / "config" / "surfaces")
AS_OF = date(2026, 3, 9)

# (source, key): [(item, reason, reason item)] in order; None: there is no such list
POPULAR = [(item, "popular", None) for item in ("i1", "i3", "i4", "i5", "i2", "i0")]
TRENDING = [("i5", "trending", None), ("i0", "trending", None)]
NORTH = [("i4", "popular_in_region", None), ("i0", "popular_in_region", None)]
CATALOG = {
    "home": {
        ("user", "ann"): [
            ("i3", "because_you_bought", "i0"),
            ("i5", "shoppers_like_you", None),
            ("i1", "featured", None),
            ("i4", "popular_in_region", None),  # where the ranking ends; never tea or i6: ann owns them
            ("i2", "popular", None),
        ],
        ("user", "bob"): POPULAR,
        ("region", "north"): [*NORTH, *[row for row in POPULAR if row[0] not in ("i4", "i0")]],
        ("global", ""): POPULAR,
    },
    "buy_again": {
        ("user", "ann"): [("i6", "bought_before", None), ("i0", "time_to_restock", None)],  # the channel says i0, i6
        ("user", "bob"): None,
        ("global", ""): POPULAR,
    },
    "product_similar": {
        ("item", "i0"): None,  # nothing else of its category
        ("item", "i1"): [("i2", "often_bought_together", None)],  # i6 reads like i1
        ("item", "i3"): [("i4", "popular_in_category", None), ("i5", "popular_in_category", None)],
        ("global", ""): POPULAR,
    },
    "product_cross_sell": {
        ("item", "i0"): [(item, "often_bought_together", None) for item in ("i3", "i6", "i4")],
        ("item", "i1"): None,  # bought with its own category only
        ("global", ""): POPULAR,
    },
    "trending": {
        ("region", "north"): [
            ("i3", "trending_in_region", None),
            *TRENDING,
            ("i4", "popular_in_region", None),
            ("i1", "popular", None),
            ("i2", "popular", None),
        ],
        ("region", "south"): [*TRENDING, *[row for row in POPULAR if row[0] not in ("i5", "i0")]],
        ("global", ""): [*TRENDING, *[row for row in POPULAR if row[0] not in ("i5", "i0")]],
    },
}


def made(spec, shop):
    ranking = shop.rankings.get(spec.ranking)
    return surface_lists(spec, shop.channels, **shop.dims, bought=shop.bought, as_of=AS_OF, ranking=ranking)


def test_every_surface_of_the_shop_has_a_case():
    assert set(SPECS) == set(CATALOG)


@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_surface_shows_what_its_file_says(name, shop):
    got = made(msgspec.structs.replace(SPECS[name], min_items=1), shop)  # the shop is too small for real lengths
    lists = {
        key: list(zip(rows["item_id"], rows["reason"], rows["reason_item_id"], strict=True))
        for key, rows in got.partition_by("source", "key", as_dict=True).items()
    }
    for key, expected in CATALOG[name].items():
        assert lists.get(key) == expected, key


@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_surface_has_the_agreed_shape_and_order(name, shop):
    got = made(SPECS[name], shop)
    assert got.schema == SCHEMA
    assert got.equals(got.sort("source", "key", "position"))
    assert set(got["reason"]) <= set(REASONS)
    ranked = shop.rankings[SPECS[name].ranking]["channel"] if SPECS[name].ranking else []
    assert set(got["channel"]) <= {*ranked, *(channel.name for channel in SPECS[name].channels)}
    assert got.select("as_of_date", "surface", "variant", "propensity").unique().rows() == [(AS_OF, name, "base", 1.0)]


def test_home_discovers_and_buy_again_repeats():
    assert {name: spec.ranking for name, spec in SPECS.items() if spec.ranking} == {
        "home": "discover",
        "buy_again": "repeat",
    }
    assert SPECS["home"].rules.already_bought == "exclude"
    assert SPECS["home"].rules.max_per_category == 3
    assert SPECS["buy_again"].rules.already_bought == "only"
