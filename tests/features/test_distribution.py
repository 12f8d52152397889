import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.features.distribution import LEAST_SHARE, distribution, stability_index

NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, width=32), st.integers(-3, 3).map(float)), max_size=60
)


def of(*values, dtype=pl.Float64):
    return distribution(pl.Series("x", values, dtype=dtype, strict=False))


def test_quantiles_are_values_of_the_column_and_nulls_are_told_apart():
    told = of(*range(1, 101), None, math.nan, None, None).told()
    assert told == {
        "null_share": pytest.approx(4 / 104),
        "mean": 50.5,
        "p1": 1,
        "p10": 10,
        "p50": 50,
        "p90": 90,
        "p99": 99,
    }


@pytest.mark.parametrize(
    ("values", "dtype", "mean", "median"),
    [
        ([True, False, True, True], pl.Boolean, 0.75, 1.0),
        ([1, 2, 9], pl.Int32, 4.0, 2.0),
        (["1.50", "2.50"], pl.Decimal(18, 4), 2.0, 1.5),
    ],
)
def test_booleans_integers_and_decimals_are_numbers(values, dtype, mean, median):
    column = pl.Series("x", values).cast(dtype)
    told = distribution(column).told()
    assert (told["mean"], told["p50"], told["null_share"]) == (mean, median, 0)


def test_text_has_no_distribution():
    with pytest.raises(TypeError, match="column x holds String, not numbers"):
        distribution(pl.Series("x", ["a"]))


def test_without_rows_or_values_nothing_is_known():
    assert set(of().told().values()) == {None}
    told = of(None, None).told()
    assert told.pop("null_share") == 1
    assert set(told.values()) == {None}
    assert stability_index(of(None), of(1.0)) is stability_index(of(1.0), of()) is None


def test_the_index_is_the_sum_over_the_deciles_of_the_earlier_values():
    earlier = of(*range(1, 11))  # a class each
    later = of(*(1, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    two, none = (0.2 - 0.1) * math.log(2), (LEAST_SHARE - 0.1) * math.log(LEAST_SHARE / 0.1)
    assert stability_index(earlier, later) == pytest.approx(two + none)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([5.0] * 9, [3.0] * 9),  # what all rows hold changes downwards, where deciles alone see one class
        ([0.0] * 95 + [1.0] * 5, [0.0] * 70 + [1.0] * 30),  # a rare flag
    ],
)
def test_a_value_that_fills_deciles_is_a_class_of_its_own(earlier, later):
    assert stability_index(of(*earlier), of(*later)) > 0.25


@given(NUMBERS)
def test_equal_samples_have_not_moved(values):
    assert stability_index(of(*values), of(*reversed(values))) in (0, None)


@given(NUMBERS, NUMBERS)
def test_the_index_is_never_below_zero(one, other):
    assert (stability_index(of(*one), of(*other)) or 0) >= 0


@given(NUMBERS)
def test_quantiles_are_in_order(values):
    told = of(*values).told()
    found = [told[name] for name in ("p1", "p10", "p50", "p90", "p99") if told[name] is not None]
    assert found == sorted(found)
