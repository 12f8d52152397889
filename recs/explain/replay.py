"""One list made again step by step, with the rules of the surface, to see where an item of it went."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from recs.surfaces.assemble import BEST_FIRST, rules, turns
from recs.surfaces.candidates import fillers
from recs.surfaces.spec import SurfaceSpec

ENTITY_CODES: Mapping[str, str] = {
    "user": "user_code",
    "region": "region_code",
    "all": "everyone_code",
    "item": "key_item_code",
    "category": "key_category_code",
}


class Fate(NamedTuple):
    """What became of an item that ``filler`` (the ranking or a channel) proposed: ``rule`` None when it was taken.

    by: codes of the items that stood in its way.
    """

    filler: str
    rank: int
    rule: str | None
    by: tuple[int, ...] = ()


class Replay(NamedTuple):
    """The list as it fills, best first (columns of ``candidates`` and position), and the item's fate by filler."""

    filled: pl.DataFrame
    fates: tuple[Fate, ...]


def of_list(table: pl.DataFrame, key: Mapping[str, int | None]) -> pl.DataFrame:
    """Rows of a channel table for the shopper, region, product and category of one list (a row of ``list_keys``)."""
    wanted = [
        (pl.col("entity") == entity) & (pl.col("entity_code") == key[column])
        for entity, column in ENTITY_CODES.items()
        if key[column] is not None
    ]
    return table.filter(pl.any_horizontal(wanted))


def replay(item_code: int, spec: SurfaceSpec, found: pl.DataFrame, items: pl.DataFrame, bought: pl.DataFrame) -> Replay:
    """Fill one list and follow one item through it.

    found: ``recs.surfaces.candidates.candidates`` of one list. items, bought: as ``recs.surfaces.assemble`` has them.
    Whoever calls compares ``filled`` with the list as released.
    """
    names = [name for name, _ in fillers(spec)]
    proposed = found.filter(pl.col("item_code") == item_code).sort(BEST_FIRST)
    best = proposed.unique("channel_order", keep="first", maintain_order=True)
    fates = {order: Fate(names[order], rank, None) for order, rank in best.select("channel_order", "rank").iter_rows()}
    allowed = found
    for name, rule in rules(spec, items, bought).items():
        kept = rule(allowed)
        for order in _orders(allowed, item_code) - _orders(kept, item_code):
            fates[order] = fates[order]._replace(rule=name, by=_reason_items(allowed, item_code, order, name))
        allowed = kept
    allowed = allowed.sort(BEST_FIRST)
    filled, verdicts = _filled(allowed, spec, item_code)
    for order, cut in verdicts.items():
        fates[order] = fates[order]._replace(rule=cut, by=_in_the_way(cut, item_code, filled, allowed))
    placed = filled.with_columns(position=pl.int_range(1, pl.len() + 1))
    return Replay(placed, tuple(fates[order] for order in sorted(fates)))


def _filled(allowed: pl.DataFrame, spec: SurfaceSpec, item_code: int) -> tuple[pl.DataFrame, dict[int, str | None]]:
    """The list, and by which step the item was left out in each filler's last turn; None when it stands in the list."""
    filled, verdicts = allowed.clear(), dict[int, str | None]()
    for turn in turns(allowed, spec):
        filled = pl.concat([filled, turn.placed])
        if item_code in turn.offered["item_code"]:
            cut = next((step for step, left in turn.left.items() if item_code not in left["item_code"]), None)
            verdicts[turn.channel_order] = None if item_code in filled["item_code"] else cut
    return filled, verdicts


def _in_the_way(rule: str | None, item_code: int, filled: pl.DataFrame, allowed: pl.DataFrame) -> tuple[int, ...]:
    """Items of the list with its title or its category; for a title also one that itself was left out later."""
    column = {"title": "title_code", "cap": "category_code"}.get(rule or "")
    if column is None:
        return ()
    value = allowed.filter(pl.col("item_code") == item_code)[column][0]
    others = pl.concat([filled, allowed] if rule == "title" else [filled])
    same = others.filter((pl.col(column) == value) & (pl.col("item_code") != item_code))
    codes = same.unique("item_code", keep="first", maintain_order=True)["item_code"].to_list()
    return tuple(codes[:1] if rule == "title" else codes)


def _orders(rows: pl.DataFrame, item_code: int) -> set[int]:
    return set(rows.filter(pl.col("item_code") == item_code)["channel_order"].to_list())


def _reason_items(rows: pl.DataFrame, item_code: int, order: int, rule: str) -> tuple[int, ...]:
    if rule != "echo":
        return ()
    mine = rows.filter((pl.col("item_code") == item_code) & (pl.col("channel_order") == order))
    return tuple(mine["reason_item_code"].to_list())
