"""How the values of one column lie, and how far they have moved since an earlier snapshot."""

from dataclasses import dataclass

import numpy as np
import polars as pl

QUANTILES = {"p1": 1, "p10": 10, "p50": 50, "p90": 90, "p99": 99}  # percent
LEAST_SHARE = 1e-4  # what an empty class counts as: a share of 0 would make the index infinite


@dataclass(frozen=True)
class Distribution:
    """Values of a column. ``ordered``: those that are not null, ascending (f64); ``rows`` counts the nulls too."""

    ordered: np.ndarray
    rows: int

    @property
    def null_share(self) -> float | None:
        """0 to 1; None without rows."""
        return 1 - len(self.ordered) / self.rows if self.rows else None

    @property
    def mean(self) -> float | None:
        return float(self.ordered.mean()) if len(self.ordered) else None

    def quantile(self, percent: int) -> float | None:
        """The smallest value that at least ``percent`` of the values are not above; None without values."""
        return float(self.ordered[_place(percent, 100, len(self.ordered))]) if len(self.ordered) else None

    def told(self) -> dict[str, float | None]:
        """null_share, mean and the quantiles by their names."""
        return {
            "null_share": self.null_share,
            "mean": self.mean,
            **{name: self.quantile(percent) for name, percent in QUANTILES.items()},
        }


def distribution(column: pl.Series) -> Distribution:
    """The distribution of numbers or booleans (as 0 and 1); a NaN counts as null. TypeError for other columns."""
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise TypeError(f"column {column.name} holds {column.dtype}, not numbers")
    values = column.cast(pl.Float64).fill_nan(None).drop_nulls()
    return Distribution(np.sort(values.to_numpy()), len(column))


def stability_index(earlier: Distribution, later: Distribution) -> float | None:
    """Population stability index of the values that are not null, over the deciles of the earlier ones.

    A value that fills two or more deciles is a class of its own. 0 means alike; None where either has no values.
    Source: Siddiqi, "Credit Risk Scorecards", 2006.
    """
    n = len(earlier.ordered)
    if not n or not len(later.ordered):
        return None
    deciles = earlier.ordered[[_place(tenth, 10, n) for tenth in range(1, 10)]]
    edges, times = np.unique(deciles, return_counts=True)
    was, is_now = (_shares(one.ordered, edges, edges[times > 1]) for one in (earlier, later))
    return float(np.sum((is_now - was) * np.log(is_now / was)))


def _place(part: int, of: int, n: int) -> int:
    return max(0, -(-part * n // of) - 1)  # whole numbers: 0.1 * n is not always what it should be


def _shares(ordered: np.ndarray, edges: np.ndarray, crowded: np.ndarray) -> np.ndarray:
    """Share of the values in each class: up to and with each edge, and below each crowded one."""
    below = np.concatenate([np.searchsorted(ordered, crowded, "left"), np.searchsorted(ordered, edges, "right")])
    counts = np.diff(np.concatenate([[0], np.sort(below), [len(ordered)]]))
    return np.maximum(counts / len(ordered), LEAST_SHARE)
