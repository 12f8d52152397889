from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.channels.ranked import SCHEMA, best_per_entity, channel_table

AS_OF = date(2026, 3, 9)
SCORED = {"entity_code": pl.Int32, "item_code": pl.Int32, "score": pl.Float64}


def scored(rows):
    return pl.DataFrame(rows, schema=SCORED, orient="row")


def test_the_best_of_each_entity_come_first_and_a_tie_goes_to_the_smaller_item_code():
    got = best_per_entity(
        scored([(1, 9, 2.0), (0, 7, 1.0), (0, 4, 1.0), (0, 5, 3.0)]), entity="user", as_of=AS_OF, top_k=2
    )
    expected = [(AS_OF, "user", 0, 5, 3.0, 1, -1), (AS_OF, "user", 0, 4, 1.0, 2, -1), (AS_OF, "user", 1, 9, 2.0, 1, -1)]
    assert_frame_equal(got, pl.DataFrame(expected, schema=SCHEMA, orient="row"))


def test_scores_that_are_equal_as_stored_are_a_tie():
    got = best_per_entity(scored([(0, 8, 1.0 + 1e-12), (0, 3, 1.0)]), entity="user", as_of=AS_OF, top_k=2)
    assert got["item_code"].to_list() == [3, 8]


def test_an_empty_channel_keeps_the_shape():
    assert_frame_equal(
        channel_table([best_per_entity(scored([]), entity="user", as_of=AS_OF, top_k=2)]), pl.DataFrame(schema=SCHEMA)
    )


@pytest.mark.parametrize("top_k", [0, 65536])
def test_a_top_k_that_a_rank_cannot_hold_is_refused(top_k):
    with pytest.raises(ValueError, match=f"top_k must be 1 to 65535 items, got {top_k}"):
        best_per_entity(scored([]), entity="user", as_of=AS_OF, top_k=top_k)


@given(
    st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 9)), st.integers(0, 3), max_size=30),
    st.integers(1, 5),
    st.randoms(),
)
def test_ranks_are_dense_scores_never_rise_and_row_order_does_not_matter(pairs, top_k, random):
    rows = [(entity, item, float(score)) for (entity, item), score in pairs.items()]
    got = best_per_entity(scored(rows), entity="user", as_of=AS_OF, top_k=top_k)
    for _, one in got.group_by("entity_code"):
        assert one["rank"].to_list() == list(range(1, one.height + 1))
        assert one["score"].is_sorted(descending=True)
        assert one.height <= top_k
    random.shuffle(rows)
    assert_frame_equal(got, best_per_entity(scored(rows), entity="user", as_of=AS_OF, top_k=top_k))
