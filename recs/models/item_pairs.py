"""Which items lie in the same baskets, and in how many: counted item by item, without making every pair a row."""

from typing import Any, NamedTuple

import numba
import numpy as np

_ROWS_AT_FIRST = 1 << 16


class ItemPairs(NamedTuple):
    """Flat: item < other (int32), baskets with both (int32), the recent ones of them (int32), summed weight (int64)."""

    items: np.ndarray
    others: np.ndarray
    baskets: np.ndarray
    recent_baskets: np.ndarray
    weights: np.ndarray


def count_item_pairs(
    ptr: np.ndarray, items: np.ndarray, weights: np.ndarray, recent: np.ndarray, *, min_baskets: int
) -> ItemPairs:
    """The pairs that at least ``min_baskets`` baskets hold, sorted by item and other.

    ptr, items: item codes >= 0 of basket b are ``items[ptr[b]:ptr[b + 1]]``, each once, in any order. weights (integer)
    and recent (bool): by basket. Memory: some 40 bytes a line and what is returned, not the pairs of every basket.
    """
    sizes = np.diff(ptr)
    basket = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    lines = np.sort((basket << 32) | items[ptr[0] : ptr[-1]])  # items ascending within each basket
    items, basket = (lines & 0xFFFFFFFF).astype(np.int32), (lines >> 32).astype(np.int32)
    of_item = np.sort((items.astype(np.int64) << 32) | basket)
    n_items = int(items.max(initial=-1)) + 1
    item_ptr = np.searchsorted(of_item, np.arange(n_items + 1, dtype=np.int64) << 32)
    baskets = (of_item & 0xFFFFFFFF).astype(np.int32)
    starts = (ptr - ptr[0]).astype(np.int64)
    return ItemPairs(
        *_count(starts, items, weights.astype(np.int64), recent.astype(np.int32), item_ptr, baskets, min_baskets)
    )


@numba.njit(cache=True, nogil=True)
def _grown(values: Any, size: int) -> Any:
    longer = np.empty(size, values.dtype)
    longer[: len(values)] = values
    return longer


@numba.njit(cache=True, nogil=True)
def _count(ptr: Any, items: Any, weights: Any, recent: Any, item_ptr: Any, baskets: Any, least: int) -> Any:
    n_items = len(item_ptr) - 1
    count, late = np.zeros(n_items, np.int32), np.zeros(n_items, np.int32)
    weight = np.zeros(n_items, np.int64)
    touched = np.empty(n_items, np.int32)
    one, other = np.empty(_ROWS_AT_FIRST, np.int32), np.empty(_ROWS_AT_FIRST, np.int32)
    both, newer = np.empty(_ROWS_AT_FIRST, np.int32), np.empty(_ROWS_AT_FIRST, np.int32)
    total = np.empty(_ROWS_AT_FIRST, np.int64)
    size = 0
    for item in range(n_items):
        met = 0
        for place in range(item_ptr[item], item_ptr[item + 1]):
            basket = baskets[place]
            for line in range(ptr[basket + 1] - 1, ptr[basket] - 1, -1):  # the larger codes stand last
                near = items[line]
                if near <= item:
                    break
                if count[near] == 0:
                    touched[met] = near
                    met += 1
                count[near] += 1
                late[near] += recent[basket]
                weight[near] += weights[basket]
        kept = 0
        for near in touched[:met]:
            if count[near] >= least:
                touched[kept] = near
                kept += 1
            else:
                count[near], late[near], weight[near] = 0, 0, 0
        for near in np.sort(touched[:kept]):
            if size == len(one):
                one, other = _grown(one, 2 * size), _grown(other, 2 * size)
                both, newer = _grown(both, 2 * size), _grown(newer, 2 * size)
                total = _grown(total, 2 * size)
            one[size], other[size] = item, near
            both[size], newer[size], total[size] = count[near], late[near], weight[near]
            count[near], late[near], weight[near] = 0, 0, 0
            size += 1
    return one[:size], other[:size], both[:size], newer[:size], total[:size]
