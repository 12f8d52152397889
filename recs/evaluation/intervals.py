"""95 % intervals of a mean, by drawing shoppers anew with all their weeks. Weeks of one shopper are alike, so rows
drawn one by one would make the intervals too narrow."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

DRAWS = 2_000
LEVEL = 0.95
_BLOCK = 1 << 22  # drawn shoppers held at once: 32 MB

Values = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean with the ends of its interval."""

    mean: float
    lower: float
    upper: float


def mean_interval(
    rows: pl.DataFrame, value: str = "value", *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> Interval:
    """Mean of the column ``value`` over all rows, and its percentile interval over ``draws`` samples of shoppers.

    rows: user_code, week, and ``value``; one row per shopper and week. Nobody: 0 with an interval from 0 to 0.
    The same seed draws the same shoppers, so methods judged on the same rows see the same samples.
    Source: Field and Welsh, "Bootstrapping clustered data", JRSS B 2007.
    """
    shoppers = rows.group_by("user_code").agg(total=pl.col(value).sort_by("week").sum(), weeks=pl.len())
    shoppers = shoppers.sort("user_code")
    if shoppers.is_empty():
        return Interval(0.0, 0.0, 0.0)
    totals, weeks = (shoppers[name].to_numpy().astype(np.float64) for name in ("total", "weeks"))
    means = np.concatenate(
        [totals[drawn].sum(axis=1) / weeks[drawn].sum(axis=1) for drawn in _drawn(len(totals), draws=draws, seed=seed)]
    )
    lower, upper = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(totals.sum() / weeks.sum()), float(lower), float(upper))


def difference_interval(
    left: pl.DataFrame,
    right: pl.DataFrame,
    value: str = "value",
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Interval:
    """Mean of left minus right, paired by shopper and week, with its interval. An interval beyond 0 is a difference
    that the choice of shoppers does not explain.

    left, right: as in ``mean_interval``. ValueError unless both hold the same shoppers in the same weeks.
    """
    keys = ["user_code", "week"]
    paired = left.select(*keys, left=value).join(right.select(*keys, right=value), on=keys, validate="1:1")
    if not paired.height == left.height == right.height:
        raise ValueError(
            f"methods are judged on different rows: {left.height} and {right.height}, {paired.height} of them in both"
        )
    differences = paired.select(*keys, (pl.col("left") - pl.col("right")).alias(value))
    return mean_interval(differences, value, seed=seed, draws=draws, level=level)


def _drawn(shoppers: int, *, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Samples with replacement, each as large as the whole: blocks of int64[samples, shoppers]."""
    random, per_block = np.random.default_rng(seed), max(1, _BLOCK // shoppers)
    for start in range(0, draws, per_block):
        yield random.integers(0, shoppers, size=(min(per_block, draws - start), shoppers))
