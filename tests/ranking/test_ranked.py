import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.ranking.ranked import SCHEMA, proposer_entity, ranked_best

ENTITIES = {"ials": "user", "co_buy": "user", "popular": "all"}
POOL = {"user_code": pl.Int32, "item_code": pl.Int32, "pool_rank": pl.UInt16, "co_buy_reason_item_code": pl.Int32}
POOL |= {f"{name}_proposed": pl.Boolean for name in ENTITIES} | {f"{name}_rank": pl.UInt16 for name in ENTITIES}
DUE = pl.DataFrame([(0, 5), (1, 4)], schema={"user_code": pl.Int32, "item_code": pl.Int32}, orient="row")


def pool(*rows):
    """Rows (user, item, reason, rank by ials, by co_buy, by popular); a rank in a list was also proposed."""
    full = []
    for user, item, reason, *ranks in rows:
        flags = [isinstance(rank, list) for rank in ranks]
        full.append((user, item, 1, reason, *flags, *[rank[0] if isinstance(rank, list) else rank for rank in ranks]))
    return pl.DataFrame(full, schema=POOL, orient="row")


def best(candidates, scores, top_k=9, due=DUE):
    return ranked_best(candidates, np.array(scores), top_k=top_k, entities=ENTITIES, due=due)


def test_the_best_of_each_shopper_with_the_channel_that_proposed_and_ranks_it_highest():
    candidates = pool(
        (0, 4, -1, [2], 1, [3]),  # co_buy ranks it higher and did not propose it
        (0, 5, 7, [3], [1], [2]),
        (0, 6, -1, None, None, [9]),
        (1, 4, -1, [2], [2], None),  # a tie goes to the first by name
        (1, 5, -1, [2], None, [1]),
    )
    got = best(candidates, [0.5, 2.0, 0.5, -1.0, 3.0])
    expected = [
        (0, 5, 2.0, 1, "co_buy", "user", 7, True),
        (0, 4, 0.5, 2, "ials", "user", -1, False),  # equal scores go by code
        (0, 6, 0.5, 3, "popular", "all", -1, False),
        (1, 5, 3.0, 1, "popular", "all", -1, False),
        (1, 4, -1.0, 2, "co_buy", "user", -1, True),
    ]
    schema = {name: kind for name, kind in SCHEMA.items() if name != "as_of_date"}
    assert_frame_equal(got, pl.DataFrame(expected, schema=schema, orient="row"))


def test_scores_that_are_equal_as_stored_are_a_tie():
    got = best(pool((0, 4, -1, [1], None, None), (0, 6, -1, [2], None, None)), [1.0, 1.0 + 1e-12])
    assert got["item_code"].to_list() == [4, 6]


@settings(deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 9)), st.integers(0, 3), max_size=20),
    st.integers(1, 4),
    st.randoms(),
)
def test_a_shopper_has_the_top_k_of_the_pool_whatever_the_order_of_rows(scored, top_k, random):
    pairs = sorted(scored)
    random.shuffle(pairs)
    got = best(pool(*[(*pair, -1, [1], None, None) for pair in pairs]), [scored[pair] for pair in pairs], top_k)
    expected = []
    for user in range(3):
        order = sorted((-score, item) for (u, item), score in scored.items() if u == user)
        expected += [(user, item, place) for place, (_, item) in enumerate(order[:top_k], 1)]
    assert got.select("user_code", "item_code", "rank").rows() == expected


def test_an_empty_pool_has_nothing_to_rank():
    got = best(pool(), [])
    assert (got.height, got.columns) == (0, [name for name in SCHEMA if name != "as_of_date"])


@pytest.mark.parametrize(
    ("entities", "whom"), [(["all", "region"], "all"), (["item", "user"], "user"), (["item"], "all"), ([], "all")]
)
def test_a_channel_proposes_for_each_shopper_where_it_has_lists_of_shoppers(entities, whom):
    assert proposer_entity(pl.DataFrame({"entity": entities}, schema={"entity": pl.String})) == whom
