import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.evaluation.intervals import Interval, difference_interval, mean_interval

NAMES = ["user_code", "week", "value"]


def frame(rows):
    return pl.DataFrame(rows, NAMES, orient="row")


def of_all(values):
    """float[users, weeks] as rows."""
    return frame([(u, w, float(value)) for u, weeks in enumerate(values) for w, value in enumerate(weeks)])


def half_width(interval):
    return (interval.upper - interval.lower) / 2


def test_the_interval_has_the_width_that_theory_gives():
    """1,000 shoppers, one week, variance 1/12: 1.96 standard errors."""
    values = np.linspace(0, 1, 1000).reshape(-1, 1)
    got = mean_interval(of_all(values), seed=1)
    assert got.mean == pytest.approx(values.mean())
    assert half_width(got) == pytest.approx(1.96 * (1 / 12 / 1000) ** 0.5, rel=0.08)
    assert (got.lower + got.upper) / 2 == pytest.approx(got.mean, abs=0.002)


def test_weeks_of_a_shopper_that_repeat_tell_nothing_new():
    values = np.random.default_rng(3).uniform(size=(300, 1))
    once, four_times = (mean_interval(of_all(np.repeat(values, weeks, axis=1)), seed=1) for weeks in (1, 4))
    assert four_times == pytest.approx(once)


def test_the_mean_is_over_rows_not_over_shoppers():
    assert mean_interval(frame([(1, 1, 0.0), (1, 2, 0.0), (1, 3, 1.0), (2, 1, 1.0)]), seed=1).mean == 2 / 4


def test_shoppers_who_are_all_alike_leave_no_doubt():
    assert mean_interval(of_all(np.full((50, 2), 0.25)), seed=1) == Interval(0.25, 0.25, 0.25)


def test_nobody_is_no_error():
    assert mean_interval(frame([]).cast({"value": pl.Float64}), seed=1) == Interval(0.0, 0.0, 0.0)


@pytest.mark.parametrize("block", [1, 30, 64])
def test_a_seed_gives_the_same_interval_in_any_row_order_and_block(monkeypatch, block):
    rows = of_all(np.random.default_rng(5).uniform(size=(10, 3)))
    expected = mean_interval(rows, seed=9)
    monkeypatch.setattr("recs.evaluation.intervals._BLOCK", block)
    assert mean_interval(rows.sample(fraction=1, shuffle=True, seed=2), seed=9) == expected
    assert mean_interval(rows, seed=8) != expected


def test_a_level_widens_the_interval():
    rows = of_all(np.random.default_rng(5).uniform(size=(100, 1)))
    assert half_width(mean_interval(rows, seed=1, level=0.99)) > half_width(mean_interval(rows, seed=1, level=0.5))


def test_a_difference_is_paired():
    """Shoppers differ a lot, methods by .01 for each: the difference is sure though the intervals overlap."""
    values = np.random.default_rng(4).uniform(size=(100, 2))
    left, right = of_all(values + 0.01), of_all(values)
    assert difference_interval(left, right, seed=1) == pytest.approx(Interval(0.01, 0.01, 0.01))
    assert mean_interval(left, seed=1).lower < mean_interval(right, seed=1).upper


def test_a_difference_changes_sign_with_its_sides():
    random = np.random.default_rng(6)
    left, right = (of_all(random.uniform(size=(80, 2))) for _ in range(2))
    there, back = difference_interval(left, right, seed=1), difference_interval(right, left, seed=1)
    assert there == pytest.approx(Interval(-back.mean, -back.upper, -back.lower))


@pytest.mark.parametrize("other", [[(1, 1, 0.0)], [(1, 1, 0.0), (2, 2, 0.0)], [(1, 1, 0.0), (2, 1, 0.0), (3, 1, 0.0)]])
def test_different_rows_cannot_be_compared(other):
    with pytest.raises(ValueError, match="judged on different rows"):
        difference_interval(frame([(1, 1, 0.0), (2, 1, 0.0)]), frame(other), seed=1)


def test_inputs_are_left_as_they_were():
    rows = of_all([[1, 2], [3, 4]])
    copy = rows.clone()
    difference_interval(rows, rows, seed=1)
    assert_frame_equal(rows, copy)
