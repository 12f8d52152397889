"""Models that a split can be judged with: each is fitted on the train matrix and becomes a scorer of users."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy import sparse

from recs.models.ials import fit_ials
from recs.models.item_knn import item_neighbours
from recs.models.top_k import Scorer

SEED = 7


def popularity(train: sparse.csr_matrix, threads: int = 1) -> Scorer:
    """The same list for everyone: items by the number of users who took them."""
    takers = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float32)
    return lambda users: np.tile(takers, (len(users), 1))


def item_knn(train: sparse.csr_matrix, threads: int = 1) -> Scorer:
    """Summed similarity to the user's train items, weights counted."""
    similar = item_neighbours(train, neighbours=200, shrinkage=0.0, balance=0.7, user_power=0.5)
    return lambda users: np.asarray((train[users] @ similar).toarray(), np.float32)


def ials(train: sparse.csr_matrix, threads: int = 1) -> Scorer:
    """Dot products of user and item factors."""
    user_factors, item_factors = fit_ials(
        train, factors=256, regularization=0.01, alpha=40.0, iterations=10, seed=SEED, threads=threads
    )
    return lambda users: user_factors[users] @ item_factors.T


FITS: Mapping[str, Callable[[sparse.csr_matrix, int], Scorer]] = MappingProxyType(
    {"popularity": popularity, "item_knn": item_knn, "ials": ials}
)
