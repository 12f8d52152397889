"""Finished lists of a surface: channels fill the places in turn, rules keep items out, ids come back."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import polars as pl

from recs.policies.bought import by_bought
from recs.policies.caps import first_of_list, within_cap, within_slots
from recs.policies.category import by_category, without_key_item
from recs.policies.titles import new_titles, without_echo
from recs.surfaces.candidates import candidates, chosen_channels, fillers, shown_items
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
BEST_FIRST = ("list_code", "channel_order", "tier", "rank")

Rule = Callable[[pl.DataFrame], pl.DataFrame]


class Turn(NamedTuple):
    """One filler's turn: its candidates, what each step leaves of them (title, cap, slots), and what it places."""

    channel_order: int
    offered: pl.DataFrame
    left: Mapping[str, pl.DataFrame]
    placed: pl.DataFrame


def surface_lists(
    spec: SurfaceSpec,
    channels: Mapping[str, pl.DataFrame],
    *,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    dim_region: pl.DataFrame,
    bought: pl.DataFrame,
    as_of: date,
    ranking: pl.DataFrame | None = None,
    lists_at_once: int = 4000,
) -> pl.DataFrame:
    """Every list of one surface (``SCHEMA``), sorted by source, key, position.

    channels: channel tables by name, as of ``as_of``. ranking: the table that ``spec.ranking`` names. bought:
    user_code, item_code of all that was ever bought (``recs.history.bought_items``). A product's list shorter than
    min_items is not made: the global one is better. ConfigError when the spec names a channel that is not there.
    """
    tables = chosen_channels(spec, channels, ranking)
    items = shown_items(dim_item)
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
    for rule in rules(spec, items, bought).values():
        found = rule(found)
    return found.sort(BEST_FIRST)


def rules(spec: SurfaceSpec, items: pl.DataFrame, bought: pl.DataFrame) -> dict[str, Rule]:
    """By name, in their order: what keeps candidates out, whatever else their list holds."""
    return {
        "page": without_key_item,
        "category": lambda found: by_category(found, spec.rules.category),
        "echo": lambda found: without_echo(found, items),
        "bought": lambda found: by_bought(found, bought, spec.rules.already_bought),
    }


def fill(allowed: pl.DataFrame, spec: SurfaceSpec) -> pl.DataFrame:
    """Lists with position (u16, 1..): what ``turns`` places in them, in that order."""
    filled = pl.concat([turn.placed for turn in turns(allowed, spec)])
    place = pl.int_range(1, pl.len() + 1).over("list_code")
    return filled.with_columns(position=place.cast(pl.UInt16))


def turns(allowed: pl.DataFrame, spec: SurfaceSpec) -> Iterator[Turn]:
    """Ranking and channels take turns in order, each up to its quota; then, again in order, each gives what it has left
    until the slots are full. Of one turn, the best candidate stands for its title.

    allowed: list_code, channel_order, item_code, title_code, category_code, sorted best first within list and channel.
    """
    taken, quotas = allowed.clear(), [quota for _, quota in fillers(spec)]
    for limits in (quotas, [None] * len(quotas)):
        for order, quota in enumerate(limits):
            offered = allowed.filter(pl.col("channel_order") == order)
            fresh = new_titles(offered, taken)
            fitting = within_cap(fresh, taken, spec.rules.max_per_category)
            placed = within_slots(first_of_list(fitting, quota), taken, spec.slots)
            taken = pl.concat([taken, placed])
            yield Turn(order, offered, {"title": fresh, "cap": fitting, "slots": placed}, placed)


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
        .with_columns(as_of_date=pl.lit(as_of), surface=pl.lit(spec.surface), variant=pl.lit("base"), propensity=1.0)
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )
