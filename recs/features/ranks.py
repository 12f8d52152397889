"""Whether a feature orders what happened next: rank correlation."""

import numpy as np
import polars as pl


def rank_correlation(values: pl.Series, outcome: pl.Series) -> float | None:
    """Spearman's rank correlation of two columns of the same rows, ties at their mean rank; rows with a null are left
    out. None where fewer than two rows or only one value are left on either side.
    Source: Spearman, "The Proof and Measurement of Association between Two Things", 1904.
    """
    numbers = [column.cast(pl.Float64).fill_nan(None) for column in (values, outcome)]
    both = numbers[0].is_not_null() & numbers[1].is_not_null()
    ranks = [column.filter(both).rank("average").to_numpy() for column in numbers]
    if len(ranks[0]) < 2 or any(rank.min() == rank.max() for rank in ranks):
        return None
    one, other = (rank - rank.mean() for rank in ranks)
    return float(np.clip(one @ other / np.sqrt((one @ one) * (other @ other)), -1, 1))
