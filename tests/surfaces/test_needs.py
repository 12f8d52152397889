from pathlib import Path

from recs.channels import INPUTS
from recs.surfaces.needs import needed_channels, needed_tables
from recs.surfaces.spec import read_specs

SPECS = read_specs(Path(__file__).parents[2] / "config" / "surfaces")


def test_a_surface_needs_its_channels_the_dims_and_purchases_only_for_a_bought_rule():
    dims = ("features/dim_item", "features/dim_region", "features/dim_user")
    assert needed_tables(SPECS["trending"]) == ("channels/trending", "channels/popular", *dims)
    assert needed_tables(SPECS["home"])[-1] == "facts/fct_user_item_daily"


def test_every_surface_of_the_shop_names_channels_that_are_built():
    assert {name for spec in SPECS.values() for name in needed_channels(spec)} == set(INPUTS)
