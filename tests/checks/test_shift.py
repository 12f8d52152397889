"""The population stability index: a value worked out by hand, its laws, and how bins are put into groups."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.checks.shift import SMOOTHING, mix_shift, number_shift, psi

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12)
PAIRS = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 1000), min_size=n, max_size=n).filter(any) for _ in range(2)])
)


def test_the_index_is_the_sum_worked_out_by_hand():
    p, q = [(0.5 + SMOOTHING) / (1 + 2 * SMOOTHING)] * 2, [(s + SMOOTHING) / (1 + 2 * SMOOTHING) for s in (0.1, 0.9)]
    expected = (p[0] - q[0]) * log(p[0] / q[0]) + (p[1] - q[1]) * log(p[1] / q[1])
    assert psi([50, 50], [1, 9]) == pytest.approx(expected)
    assert psi([50, 50], [1, 9]) == pytest.approx(0.4 * log(5) - 0.4 * log(5 / 9), rel=1e-3)  # as books have it


def test_a_group_that_is_empty_is_far_away_but_not_infinitely():
    assert psi([0, 100], [100, 0]) == pytest.approx(2 * log(1 / SMOOTHING), rel=1e-3)


@given(PAIRS)
def test_it_is_never_negative_the_same_both_ways_and_zero_for_equal_shapes(pair):
    one, other = pair
    assert psi(one, other) >= 0
    assert psi(one, other) == pytest.approx(psi(other, one))
    assert psi(one, [3 * count for count in one]) == pytest.approx(0, abs=1e-12)


@given(st.integers(1, 98), st.integers(1, 98))
def test_it_grows_with_the_distance(near, far):
    near, far = sorted((near, far))
    assert psi([50, 50], [50 + near / 2, 50 - near / 2]) <= psi([50, 50], [50 + far / 2, 50 - far / 2])


def test_an_empty_distribution_has_no_shape():
    with pytest.raises(ValueError, match="at least one value"):
        psi([0, 0], [1, 1])


def test_a_value_that_was_never_there_counts_as_a_group_of_its_own():
    usual = {"view": 90, "purchase": 10}
    assert mix_shift({"view": 9, "purchase": 1}, usual) == pytest.approx(0, abs=1e-12)
    assert mix_shift({"view": 8, "purchase": 1, "dance": 1}, usual) > 0.25


def test_bins_are_put_into_groups_that_usually_hold_as_much():
    usual = {str(n): 10 for n in range(20)}  # ten groups of two bins
    swapped = {str(n): 10 + (1 if n % 2 else -1) for n in range(20)}  # moves inside groups are no shift
    assert number_shift(swapped, usual) == pytest.approx(0, abs=1e-12)
    assert number_shift({str(n + 10): 10 for n in range(20)}, usual) > 1


def test_what_lies_beyond_the_usual_bins_counts_to_the_group_at_that_end():
    usual = {"-3": 50, "4": 50}
    assert number_shift({"-9": 5, "99": 5}, usual) == pytest.approx(0, abs=1e-12)
    assert number_shift({"99": 10}, usual) == number_shift({"4": 10}, usual) > 1


def test_a_number_that_is_always_the_same_never_shifts():
    assert number_shift({"0": 7}, {"0": 100}) == 0
