"""The best k items of many users from score matrices, exact and in bounded memory."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float32]
Scorer = Callable[[NDArray[np.int64]], Scores]  # user codes -> float32[users, items], an array it gives away
_CELLS = 1 << 22  # scores held at once: 16 MB
_GROUPS = 1024


def best_unseen(
    scorer: Scorer,
    users: NDArray[np.int64],
    seen: sparse.csr_matrix,
    *,
    allowed: NDArray[np.bool_],
    k: int,
    advance: Callable[[int], None] = lambda done: None,
) -> pl.DataFrame:
    """The ``k`` best items of each user: user_code, item_code (i32), rank (u16), users in the given order.

    seen: users x items; what is stored there is left out. allowed: bool[items], the items that may be listed.
    Equal scores go by item_code, the lower first. A list is shorter only where fewer items are left.
    advance: called with the number of users done since the last call.
    """
    parts = [pl.DataFrame(schema={"user_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16})]
    for block in _blocks(users, seen.shape[1]):
        scores = scorer(block)
        rows = seen[block]
        scores[np.repeat(np.arange(len(block)), np.diff(rows.indptr)), rows.indices] = -np.inf
        scores[:, ~allowed] = -np.inf
        parts.append(_ranked(block, *top_k(scores, k)))
        advance(len(block))
    return pl.concat(parts)


def top_k(scores: Scores, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the ``k`` largest scores of each row, best first, rows ascending; -inf is never taken.

    scores: float32[rows, columns] without NaN. Equal scores go by column, the lower first.
    """
    if scores.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    bound = _bound(scores, k)
    rows, columns = np.nonzero(scores > bound[:, None])
    lacking = k - np.bincount(rows, minlength=len(scores))
    short = np.flatnonzero((lacking > 0) & (bound > -np.inf))
    ties = [np.flatnonzero(scores[row] == bound[row])[: lacking[row]] for row in short]
    rows = np.concatenate([rows, np.repeat(short, [len(columns_of) for columns_of in ties])])
    columns = np.concatenate([columns, *ties])
    order = np.lexsort((columns, -scores[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    best = np.arange(len(rows)) - np.searchsorted(rows, rows) < k
    return rows[best], columns[best]


def _bound(scores: Scores, k: int) -> Scores:
    """Of each row, a value that at least ``k`` scores reach and not many exceed; -inf when the row has fewer columns.

    It is the k-th largest of the maxima of groups of columns: far cheaper than to partition whole rows, above all
    where most scores are equal. Either k scores exceed it, or it is the k-th largest score itself.
    """
    groups = max(_GROUPS, 2 * k)
    largest = scores[:, :groups].copy()
    for start in range(groups, scores.shape[1], groups):
        part = scores[:, start : start + groups]
        np.maximum(largest[:, : part.shape[1]], part, out=largest[:, : part.shape[1]])
    if largest.shape[1] < k:
        return np.full(len(scores), -np.inf, np.float32)
    return np.partition(largest, largest.shape[1] - k, axis=1)[:, largest.shape[1] - k]


def _ranked(users: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> pl.DataFrame:
    first = np.searchsorted(rows, np.arange(len(users)))
    ranks = np.arange(len(rows)) - first[rows] + 1
    return pl.DataFrame(
        {
            "user_code": users[rows].astype(np.int32),
            "item_code": columns.astype(np.int32),
            "rank": ranks.astype(np.uint16),
        }
    )


def _blocks(users: NDArray[np.int64], items: int) -> Iterator[NDArray[np.int64]]:
    size = max(1, _CELLS // max(items, 1))
    for start in range(0, len(users), size):
        yield users[start : start + size]
