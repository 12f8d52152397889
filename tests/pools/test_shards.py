import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.pools.shards import sampled, shards


def dim_user(ids):
    codes = pl.Series("user_code", range(len(ids)), dtype=pl.Int32)
    return pl.DataFrame({"user_id": ids}, schema={"user_id": pl.String}).with_columns(codes)


@given(st.integers(0, 30), st.integers(1, 9))
def test_shards_are_the_shoppers_in_order_never_too_many_at_once(n_users, at_once):
    users = np.arange(n_users, dtype=np.int32)
    parts = shards(users, at_once)
    assert np.concatenate(parts).tolist() == users.tolist()
    assert all(len(part) <= at_once for part in parts)
    assert len(parts) == max(1, -(-n_users // at_once))


@given(st.lists(st.text(max_size=5), unique=True, max_size=40), st.integers(0, 40), st.sampled_from([0.1, 0.5, 0.9]))
def test_who_is_chosen_stays_chosen_when_others_join(ids, before, share):
    early, late = dim_user(ids[:before]), dim_user(sorted(ids))
    kept = {early["user_id"][int(code)] for code in sampled(early, share)}
    assert kept == {late["user_id"][int(code)] for code in sampled(late, share)} & set(ids[:before])


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_about_the_share_is_chosen_and_a_larger_share_holds_a_smaller_one(share):
    users = dim_user([f"shopper {n}" for n in range(4000)])
    some = sampled(users, share)
    assert len(some) == pytest.approx(4000 * share, rel=0.15)
    assert set(some) <= set(sampled(users, share + 0.1))
    assert set(some) != set(sampled(users, share, seed="another"))
    assert some.dtype == np.int32
    assert some.tolist() == sorted(some)


def test_all_are_chosen_in_code_order_and_nobody_of_nobody():
    assert sampled(dim_user(["b", "a", "c"]).reverse(), 1.0).tolist() == [0, 1, 2]
    assert sampled(dim_user([]), 0.5).tolist() == []
