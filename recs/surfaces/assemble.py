"""Finished lists of a surface: channels fill the places in turn, rules keep items out, ids come back."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from recs.policies.bought import by_bought
from recs.policies.caps import first_of_list, within_cap, within_slots
from recs.policies.category import by_category, without_key_item
from recs.policies.reasons import REASON_OF, WHEN_DUE
from recs.policies.titles import new_titles, title_codes, without_echo
from recs.surfaces.candidates import candidates, chosen_channels
from recs.surfaces.keys import list_keys
from recs.surfaces.spec import SurfaceSpec

SCHEMA = pl.Schema(
    {
        "as_of_date": pl.Date,
        "surface": pl.String,
        "source": pl.String,
        "key": pl.String,
        "variant": pl.String,
        "position": pl.UInt16,
        "item_id": pl.String,
        "score": pl.Float32,
        "reason": pl.String,
        "reason_item_id": pl.String,
        "channel": pl.String,
        "propensity": pl.Float32,
    }
)


def surface_lists(
    spec: SurfaceSpec,
    channels: Mapping[str, pl.DataFrame],
    *,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    dim_region: pl.DataFrame,
    bought: pl.DataFrame,
    as_of: date,
    lists_at_once: int = 4000,
) -> pl.DataFrame:
    """Every list of one surface (``SCHEMA``), sorted by source, key, position.

    channels: channel tables by name, as of ``as_of``. bought: user_code, item_code of all that was ever bought
    (``recs.channels.history.bought_items``). A product's list shorter than min_items is not made: the
    global one is better. ConfigError when the spec names a channel that is not there.
    """
    tables = chosen_channels(spec, channels)
    shown = dim_item.filter(pl.col("is_recommendable"))
    items = shown.select("item_code", "category_code").join(title_codes(dim_item), on="item_code")
    keys = list_keys(spec, dim_item, dim_user, dim_region)
    parts = []
    for start in range(0, max(keys.height, 1), lists_at_once):  # a bounded number of lists in memory at a time
        some = keys.slice(start, lists_at_once)
        allowed = _allowed(candidates(some, tables, items), spec, items, bought)
        filled = _long_enough(fill(allowed, spec), spec)
        parts.append(_with_ids(filled, some, spec, dim_item, as_of))
    return pl.concat(parts).sort("source", "key", "position")


def _allowed(found: pl.DataFrame, spec: SurfaceSpec, items: pl.DataFrame, bought: pl.DataFrame) -> pl.DataFrame:
    """What the rules let through, best first within each list and channel."""
    found = by_category(without_key_item(found), spec.rules.category)
    found = by_bought(without_echo(found, items), bought, spec.rules.already_bought)
    return found.sort("list_code", "channel_order", "tier", "rank")


def fill(allowed: pl.DataFrame, spec: SurfaceSpec) -> pl.DataFrame:
    """Lists with position (u16, 1..): channels take turns in the spec's order, each up to its quota; then, again in
    order, each gives what it has left until the slots are full. Of one turn, the best candidate stands for its title.

    allowed: list_code, channel_order, item_code, title_code, category_code, sorted best first within list and channel.
    """
    taken = allowed.clear()
    for quotas in ([channel.quota for channel in spec.channels], [None] * len(spec.channels)):
        for order, quota in enumerate(quotas):
            turn = new_titles(allowed.filter(pl.col("channel_order") == order), taken)
            turn = first_of_list(within_cap(turn, taken, spec.rules.max_per_category), quota)
            taken = pl.concat([taken, within_slots(turn, taken, spec.slots)])
    place = pl.int_range(1, pl.len() + 1).over("list_code")
    return taken.with_columns(position=place.cast(pl.UInt16))


def _long_enough(filled: pl.DataFrame, spec: SurfaceSpec) -> pl.DataFrame:
    keyed = pl.col("key_item_code").is_not_null()
    return filled.filter(~keyed | (pl.len().over("list_code") >= spec.min_items))


def _with_ids(
    filled: pl.DataFrame, keys: pl.DataFrame, spec: SurfaceSpec, dim_item: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    ids = dim_item.select("item_code", "item_id")
    return (
        filled.join(keys.select("list_code", "source", "key"), on="list_code")
        .join(ids, on="item_code")
        .join(
            ids.rename({"item_code": "reason_item_code", "item_id": "reason_item_id"}),
            on="reason_item_code",
            how="left",
        )
        .join(_reasons(spec), on=["channel_order", "entity"])
        .with_columns(reason=pl.when("is_due").then(pl.col("reason").replace(dict(WHEN_DUE))).otherwise("reason"))
        .with_columns(as_of_date=pl.lit(as_of), surface=pl.lit(spec.surface), variant=pl.lit("base"), propensity=1.0)
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )


def _reasons(spec: SurfaceSpec) -> pl.DataFrame:
    """channel_order, entity -> channel, reason of the surface's channels."""
    order = {channel.name: number for number, channel in enumerate(spec.channels)}
    rows = [(order[name], entity, name, code) for (name, entity), code in REASON_OF.items() if name in order]
    schema = {"channel_order": pl.UInt8, "entity": pl.Categorical, "channel": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
