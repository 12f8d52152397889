import tomllib
from pathlib import Path

from recs.channels import INPUTS
from recs.pools.spec import pool_specs
from recs.surfaces.needs import needed_channels, needed_tables
from recs.surfaces.spec import read_specs

CONFIG = Path(__file__).parents[2] / "config"
SPECS = read_specs(CONFIG / "surfaces")
DIMS = ("features/dim_item", "features/dim_region", "features/dim_user")


def test_a_surface_needs_its_channels_the_dims_and_purchases_only_for_a_bought_rule():
    assert needed_tables(SPECS["trending"]) == ("channels/trending", "channels/popular", *DIMS)
    assert needed_tables(SPECS["home"])[-1] == "facts/fct_user_item_daily"


def test_a_surface_with_a_ranking_needs_it_first():
    assert needed_tables(SPECS["home"]) == (
        *("rankings/discover", "channels/popular", "channels/trending"),
        *(*DIMS, "facts/fct_user_item_daily"),
    )
    assert needed_tables(SPECS["buy_again"])[0] == "rankings/repeat"


def test_every_channel_fills_a_surface_or_a_pool_and_every_name_is_a_channel():
    file = CONFIG / "aisle.toml"
    pools = pool_specs(tomllib.loads(file.read_text()), INPUTS, file=str(file))
    surfaces = {name for spec in SPECS.values() for name in needed_channels(spec)}
    assert surfaces.union(*(spec.channels for spec in pools.values())) == set(INPUTS)
