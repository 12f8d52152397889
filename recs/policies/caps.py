"""How much of one list a category may take, and how long a list may be."""

import numpy as np
import polars as pl


def within_cap(candidates: pl.DataFrame, taken: pl.DataFrame, max_per_category: int | None) -> pl.DataFrame:
    """The first candidates of each category, in the order given (best first), as far as the cap leaves room.

    Both frames: list_code, category_code. ``taken`` is what its list holds already. Items without a category (-1) share
    one cap. None means no cap.
    """
    return (
        candidates
        if max_per_category is None
        else _room(candidates, taken, ["list_code", "category_code"], max_per_category)
    )


def within_slots(candidates: pl.DataFrame, taken: pl.DataFrame, slots: int) -> pl.DataFrame:
    """The first candidates of each list, in the order given, as far as ``slots`` leaves room beside ``taken``."""
    return _room(candidates, taken, ["list_code"], slots)


def first_of_list(candidates: pl.DataFrame, quota: int | None) -> pl.DataFrame:
    """The first ``quota`` candidates of each list, in the order given. None means all."""
    return candidates if quota is None else within_slots(candidates, candidates.clear(), quota)


def _room(candidates: pl.DataFrame, taken: pl.DataFrame, by: list[str], limit: int) -> pl.DataFrame:
    held = taken.group_by(by).agg(held=pl.len().cast(pl.Int64))
    return (
        candidates.with_columns(place=_places(candidates, by))
        .join(held, on=by, how="left", maintain_order="left")
        .filter(pl.col("place") + pl.col("held").fill_null(0) <= limit)
        .drop("place", "held")
    )


def _places(rows: pl.DataFrame, by: list[str]) -> pl.Series:
    """1, 2, ... within each group, in the order given (i64). Eight times faster than a window over two columns."""
    order = rows.select(pl.arg_sort_by(by, maintain_order=True)).to_series()
    starts = rows.select(by)[order].select(pl.struct(by).rle_id()).to_series().to_numpy()
    first = np.searchsorted(starts, starts)
    places = np.empty(len(starts), np.int64)
    places[order.to_numpy()] = np.arange(1, len(starts) + 1) - first
    return pl.Series(places)
