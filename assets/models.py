"""Models that channels are made from: hashed artefacts with a model card beside them."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from assets.partitioned import LakePass, LakeTable, Made
from assets.reading import frames_as_of
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.errors import ConfigError

CARD = "card.json"
_PARENTS = ("facts/fct_user_item_daily", "features/dim_item", "features/dim_user")


def model_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass a model of ``[models.<name>]``."""
    config = settings.toml.get("models", {}).get("ials")
    if config is None:
        raise ConfigError(f"{settings.config / 'aisle.toml'} has no section [models.ials]", "add it with its settings")
    told = "iALS factors of shoppers and items, with a model card beside them."
    table = LakeTable("models/ials", _PARENTS, ("side", "code"), config, told)

    def compute(shop: ShopResource, day: date) -> Mapping[str, Made]:
        from recs.models.ials import ials_model, model_card

        rows = ials_model(*frames_as_of(shop.lake(), _PARENTS, day), as_of=day, threads=shop.threads, **config)
        card = model_card(rows, config)
        return {table.table: Made(rows, {CARD: json.dumps(card, indent=1).encode()}, card["learned"])}

    return [LakePass("models__ials", [table], compute, frozenset({"implicit"}))]
