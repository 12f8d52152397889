import tomllib
from pathlib import Path

import pytest

from recs.channels import INPUTS
from recs.errors import ConfigError
from recs.pools.spec import PoolSpec, pool_specs

SHOP = Path(__file__).parents[2] / "config" / "aisle.toml"
GOOD = {"size": 9, "depth": 5, "channels": {"ials": 1.0}}


def specs(discover, repeat=GOOD):
    return pool_specs({"pools": {"discover": discover, "repeat": repeat}}, INPUTS, file="aisle.toml")


def test_a_section_becomes_a_spec_and_the_sample_is_everyone_unless_stated():
    assert specs(GOOD)["discover"] == PoolSpec(size=9, depth=5, channels={"ials": 1.0}, sample=1.0)
    assert specs({**GOOD, "sample": 0.25})["discover"].sample == 0.25


def test_the_shop_states_both_purposes():
    assert list(pool_specs(tomllib.loads(SHOP.read_text()), INPUTS, file=str(SHOP))) == ["discover", "repeat"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"size": 0}, r"`int` >= 1 - at `\$.size`"),
        ({"size": 65536}, r"`int` <= 65535 - at `\$.size`"),
        ({"depth": 0}, r"at `\$.depth`"),
        ({"depth": "many"}, r"at `\$.depth`"),
        ({"channels": {}}, r"at `\$.channels`"),
        ({"channels": {"ials": 0}}, r"at `\$.channels\[...\]`"),
        ({"sample": 0}, r"at `\$.sample`"),
        ({"sample": 1.5}, r"at `\$.sample`"),
        ({"widht": 3}, "unknown field `widht`"),
        ({"channels": {"ials": 1, "moon": 1}}, "names the channel 'moon'.*Fix: choose from .*ials, popular"),
    ],
)
def test_a_wrong_field_is_named_with_its_section(wrong, said):
    with pytest.raises(ConfigError, match=rf"aisle.toml: \[pools.discover\].*{said}"):
        specs({**GOOD, **wrong})


def test_a_missing_field_and_a_missing_section_are_named():
    with pytest.raises(ConfigError, match=r"\[pools.repeat\].*missing required field `depth`"):
        specs(GOOD, {"size": 1, "channels": {"ials": 1}})
    with pytest.raises(ConfigError, match=r"aisle.toml has no section \[pools.discover\]. Fix: add it"):
        pool_specs({}, INPUTS, file="aisle.toml")
