"""What a channel says of any pair: the one shape in which pools ask every scoring channel about every candidate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """float32 [n], NaN where the channel has nothing to say, and the item that leads to each (int32, -1 = none)."""

    scores: np.ndarray
    reasons: np.ndarray | None = None


# (users, items): int32 [n] each, sorted by user
Scorer = Callable[[np.ndarray, np.ndarray], Scores]


def by_item(values: np.ndarray) -> Scorer:
    """A scorer that says the same to everyone: ``values`` (float32) by item code, NaN where there is none."""
    return lambda users, items: Scores(values[items])
