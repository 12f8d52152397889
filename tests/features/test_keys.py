import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.features.keys import matched_rows, sampled

KEYS = {"user_id": pl.String, "n": pl.Int32}
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.sampled_from("abc")), st.one_of(st.none(), st.integers(0, 2))), max_size=30
)


def frame(rows):
    return pl.DataFrame(rows, schema=KEYS, orient="row")


def test_rows_are_matched_by_all_their_columns():
    before, after = frame([("ann", 1), ("bob", 1), ("bob", None)]), frame([("bob", None), ("ann", 2), ("ann", 1)])
    rows = matched_rows(before, after)
    assert (rows.kept, rows.added, rows.removed) == (2, 1, 1)
    assert before[rows.at_before].rows() == after[rows.at_after].rows() == [("ann", 1), ("bob", None)]


@pytest.mark.parametrize(
    "after",
    [
        pl.DataFrame({"user_id": ["ann"]}),  # another grain
        pl.DataFrame({"user_id": ["ann"], "n": ["1"]}),  # keys of another type
        pl.DataFrame({"user_id": ["ann"], "m": [1]}, schema_overrides={"m": pl.Int32}),
    ],
)
def test_tables_with_other_keys_have_no_row_in_common(after):
    rows = matched_rows(frame([("ann", 1), ("bob", 1)]), after)
    assert (rows.kept, rows.added, rows.removed) == (0, 1, 2)


@given(ROWS, ROWS)
def test_every_row_is_kept_or_not_on_either_side(one, other):
    rows = matched_rows(frame(one), frame(other))
    assert (rows.rows_before, rows.rows_after) == (len(one), len(other))
    assert rows.rows_before == rows.kept + rows.removed
    assert rows.rows_after == rows.kept + rows.added
    assert len(set(rows.at_before.tolist())) == len(set(rows.at_after.tolist())) == rows.kept
    assert [one[n] for n in rows.at_before] == [other[n] for n in rows.at_after]
    back = matched_rows(frame(other), frame(one))
    assert (back.kept, back.added, back.removed) == (rows.kept, rows.removed, rows.added)


@given(ROWS)
def test_a_table_holds_its_own_rows(rows):
    assert matched_rows(frame(rows), frame(rows)).kept == len(rows)


def test_a_sample_is_part_of_every_larger_one_and_the_same_in_any_order():
    users = pl.Series([f"user-{n}" for n in range(5000)] + [None, "user-7"])
    few, more = sampled(users, 0.02), sampled(users.reverse(), 0.1)
    assert set(few) < set(more)
    assert len(few) == pytest.approx(100, abs=30)
    assert len(sampled(users, 1)) == 5000
    assert sampled(users.clear(), 0.5).to_list() == []
