"""Shoppers and items as sparse rows, and the loops over them that frames are too slow for. Codes only, no ids."""

from typing import Any, NamedTuple

import numba
import numpy as np
import polars as pl

Ints = np.ndarray


class Rows(NamedTuple):
    """Items by row: those of row r are ``items[ptr[r]:ptr[r + 1]]``, ascending, with their ``points`` (int64)."""

    ptr: Ints
    items: Ints
    points: Ints


def rows_of(frame: pl.DataFrame, row: str, item: str, points: str | None, height: int) -> Rows:
    """The pairs of a frame by row code; each pair at most once. ``points`` names an integer column, None means 1."""
    ordered = frame.select(row, item, *([points] if points else [])).sort(row, item)
    ptr = np.searchsorted(ordered[row].to_numpy(), np.arange(height + 1)).astype(np.int64)
    weights = ordered[points].to_numpy().astype(np.int64) if points else np.ones(ordered.height, np.int64)
    return Rows(ptr, ordered[item].to_numpy().astype(np.int32), weights)


def contains(rows: Rows, users: Ints, items: Ints) -> np.ndarray:
    """bool [n]: whether the pair (users[n], items[n]) is in ``rows``."""
    at = positions(rows, users, items)
    return at >= 0


def positions(rows: Rows, users: Ints, items: Ints) -> Ints:
    """int64 [n]: where the pair (users[n], items[n]) stands in ``rows.items``, -1 where it does not."""
    return np.asarray(_positions(rows.ptr, rows.items, users.astype(np.int64), items.astype(np.int64)))


@numba.njit(cache=True, nogil=True)
def _positions(ptr: Any, row_items: Any, users: Any, items: Any) -> Any:
    found = np.full(len(users), -1, np.int64)
    for n in range(len(users)):
        low, high = ptr[users[n]], ptr[users[n] + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if row_items[middle] < items[n]:
                low = middle + 1
            else:
                high = middle
        if low < end and row_items[low] == items[n]:
            found[n] = low
    return found
