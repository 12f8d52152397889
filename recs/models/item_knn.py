"""Item neighbours: which items the same users took, normalised, shrunk and pruned."""

from itertools import pairwise

import numpy as np
from scipy import sparse

_BLOCK = 1024  # rows of the item-item product held at once


def item_neighbours(
    matrix: sparse.csr_matrix,
    *,
    neighbours: int,
    shrinkage: float,
    balance: float = 0.5,
    user_power: float = 0.0,
) -> sparse.csr_matrix:
    """Similarities float32[items, items]: row i holds the ``neighbours`` items most similar to i, none of them i.

    matrix: users x items, weights > 0. Scores of all items for a user: the user's row @ the result.
    similarity of i and j: dot(i, j) / (squared(i) ** balance * squared(j) ** (1 - balance) + shrinkage), where a
        column's squared length is how many took it when weights are 1. balance .5 is cosine; less favours rare j.
    shrinkage: >= 0; doubts similarities that rest on few users.
    user_power: a user with n items counts n ** -user_power in the dot product: who took everything says little.
    Ties go to the lower item code. ValueError unless neighbours >= 1, shrinkage >= 0 and 0 <= balance <= 1.
    Source: Aiolli, "Efficient Top-N Recommendation for Very Large Scale Binary Rated Datasets", RecSys 2013.
    """
    if neighbours < 1 or shrinkage < 0 or not 0 <= balance <= 1:
        raise ValueError(
            f"need neighbours >= 1, shrinkage >= 0, balance 0 to 1; got {neighbours}, {shrinkage}, {balance}"
        )
    users = sparse.csr_matrix(matrix, dtype=np.float64)
    sizes = np.maximum(np.diff(users.indptr), 1).astype(np.float64)
    right = sparse.csr_matrix(sparse.diags(sizes**-user_power) @ users)
    left = sparse.csr_matrix(users.T)
    squared = np.asarray(users.multiply(users).sum(axis=0)).ravel()
    source, target = squared**balance, squared ** (1 - balance)
    blocks = []
    for start in range(0, left.shape[0], _BLOCK):
        dots = sparse.csr_matrix(left[start : start + _BLOCK] @ right)
        dots.sort_indices()
        rows = np.repeat(np.arange(dots.shape[0]) + start, np.diff(dots.indptr))
        dots.data /= source[rows] * target[dots.indices] + shrinkage
        dots.data[rows == dots.indices] = 0
        blocks.append(_pruned(dots.astype(np.float32), neighbours))
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 0), dtype=np.float32)


def _pruned(similarities: sparse.csr_matrix, neighbours: int) -> sparse.csr_matrix:
    """The largest positive values of each row; columns are ascending, so the lower code stays when two are equal."""
    values, ends = similarities.data, similarities.indptr
    kept = values > 0
    for start, end in pairwise(ends):
        if end - start > neighbours:
            row = values[start:end]
            least = np.partition(row, -neighbours)[-neighbours]
            above = row > least
            ties = np.flatnonzero(row == least)[: neighbours - np.count_nonzero(above)]
            above[ties] = True
            kept[start:end] &= above
    counts = np.concatenate([[0], np.cumsum(kept)])[ends]
    return sparse.csr_matrix((values[kept], similarities.indices[kept], counts), shape=similarities.shape)
