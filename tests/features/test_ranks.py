import warnings

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from recs.features.ranks import rank_correlation


@pytest.mark.parametrize(
    ("values", "outcome", "expected"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 400], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([1, None, 2, 3], [5, 0, 6, 7], 1.0),  # a null tells nothing
        ([1, 2, 3], [0, 1, 0], 0.0),
        ([2, 2, 2], [0, 1, 2], None),
        ([1, 2], [1, 1], None),
        ([1], [1], None),
        ([], [], None),
    ],
)
def test_the_order_counts_and_not_the_size(values, outcome, expected):
    found = rank_correlation(pl.Series(values, dtype=pl.Float64), pl.Series(outcome, dtype=pl.Float64))
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_flag_is_a_number():
    assert rank_correlation(pl.Series([False, True]), pl.Series([0, 1])) == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3)), max_size=40))
def test_it_agrees_with_scipy(rows):
    values, outcome = pl.Series([a for a, _ in rows], dtype=pl.Int64), pl.Series([b for _, b in rows], dtype=pl.Int64)
    found = rank_correlation(values, outcome)
    if values.n_unique() < 2 or outcome.n_unique() < 2:
        assert found is None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found == pytest.approx(spearmanr(values.to_list(), outcome.to_list()).statistic)
