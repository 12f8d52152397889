"""What the channels say of one candidate of a pool, and how far an item came that is in no pool."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import ALL, USER
from recs.pairs import Rows
from recs.pools import Purpose
from recs.pools.fuse import fuse, proposals
from recs.pools.spec import PoolSpec

_ALL = 65535


def channel_words(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """channel, score, rank (1 = best of the shopper's pool), proposed: of each channel that scores or proposes.

    row: one candidate of ``recs.pools.pool.shard_pools``. proposed is None for a channel that proposes nothing here.
    """
    names = sorted({name.rsplit("_", 1)[0] for name in row if name.endswith(("_score", "_proposed"))})
    return [
        {
            "channel": name,
            "score": row.get(f"{name}_score"),
            "rank": row.get(f"{name}_rank"),
            "proposed": row.get(f"{name}_proposed"),
        }
        for name in names
    ]


def listed_at(tables: Mapping[str, pl.DataFrame], user_code: int, item_code: int) -> dict[str, int | None]:
    """The item's place in each channel's list for the shopper, or in its list for everyone. None: not listed."""
    return {name: _place(table, user_code, item_code) for name, table in tables.items()}


def way_in(
    purpose: Purpose,
    spec: PoolSpec,
    tables: Mapping[str, pl.DataFrame],
    owned: Rows,
    *,
    user_code: int,
    item_code: int,
) -> dict[str, Any]:
    """How far an item came on its way into a shopper's pool: ``owned``, ``proposals`` and ``fused_at``.

    tables: by channel, at least those that the spec weighs. A proposal's place counts only what the purpose allows
    (what the shopper owns, or does not), 1 = best; it is made up to ``spec.depth``. fused_at: place among all that was
    proposed, of which ``spec.size`` make the pool; None for what was not proposed.
    """
    users = np.array([user_code], np.int32)
    offered = {
        name: proposals(tables[name], users, owned, own=purpose == "repeat", depth=_ALL)
        for name in sorted(spec.channels)
    }
    places = {name: _first(frame.filter(pl.col("item_code") == item_code), "rank") for name, frame in offered.items()}
    made = {name: frame.filter(pl.col("rank") <= spec.depth) for name, frame in offered.items()}
    fused = fuse(made, spec.channels, size=_ALL).filter(pl.col("item_code") == item_code)
    mine = owned.items[owned.ptr[user_code] : owned.ptr[user_code + 1]]
    return {
        "owned": bool(np.isin(item_code, mine)),
        "proposals": [{"channel": name, "place": place} for name, place in places.items()],
        "depth": spec.depth,
        "fused_at": _first(fused, "pool_rank"),
        "size": spec.size,
    }


def _place(table: pl.DataFrame, user_code: int, item_code: int) -> int | None:
    rows = table.filter(pl.col("item_code") == item_code)
    for entity, code in ((USER, user_code), (ALL, 0)):
        found = _first(rows.filter((pl.col("entity") == entity) & (pl.col("entity_code") == code)), "rank")
        if found is not None:
            return found
    return None


def _first(rows: pl.DataFrame, column: str) -> int | None:
    values: Sequence[int] = rows[column].head(1).to_list()
    return values[0] if values else None
