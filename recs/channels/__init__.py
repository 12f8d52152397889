"""Channels: each proposes items for an entity (everyone, region, category, shopper, item). Lists are made later.

``INPUTS`` says which lake tables a channel reads, in the order of its function's frames. A channel's module holds
``<name>_items`` (its table) and, where it can judge any pair, ``<name>_scorer`` (the table and the same frames).
"""

from collections.abc import Mapping
from types import MappingProxyType

_ITEM_DAILY, _USER_ITEM_DAILY = "facts/fct_item_daily", "facts/fct_user_item_daily"
_DIM_ITEM, _DIM_USER, _DIM_REGION = "features/dim_item", "features/dim_user", "features/dim_region"

# what the day's suspects did is taken off what everyone did before a channel sees it
_SUSPECT_ITEM_DAILY = "features/int_suspect_item_daily"

INPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "popular": (_ITEM_DAILY, _DIM_ITEM, _DIM_REGION),
        "trending": (_ITEM_DAILY, _DIM_ITEM, _DIM_REGION),
        "buy_again": (_USER_ITEM_DAILY, _DIM_ITEM, _DIM_USER),
        "co_buy": ("features/feat_item_pair", _ITEM_DAILY, _USER_ITEM_DAILY, _DIM_ITEM, _DIM_USER),
        "promotions": ("features/feat_item_promotion", _ITEM_DAILY, _DIM_ITEM),
        "ials": ("models/ials", _USER_ITEM_DAILY, _DIM_ITEM, _DIM_USER),
    }
)


def parents(name: str) -> tuple[str, ...]:
    """The tables that a channel's rows depend on: its inputs, and what is taken off them."""
    return (*INPUTS[name], _SUSPECT_ITEM_DAILY) if _ITEM_DAILY in INPUTS[name] else INPUTS[name]
