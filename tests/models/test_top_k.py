import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from recs.models.top_k import best_unseen, top_k

NONE = -np.inf


def columns_by_row(scores, k):
    rows, columns = top_k(np.array(scores, np.float32), k)
    assert (np.diff(rows) >= 0).all()
    return [columns[rows == row].tolist() for row in range(len(scores))]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([1, 3, 2], [1, 2], id="largest first"),
        pytest.param([2, 2, 2], [0, 1], id="equal scores go by column"),
        pytest.param([1, 3, 1, 1], [1, 0], id="a tie at the cut"),
        pytest.param([NONE, 0, NONE], [1], id="barred columns are never taken"),
        pytest.param([NONE, NONE, NONE], [], id="all barred"),
        pytest.param([-3, -1, -2], [1, 2], id="below zero"),
        pytest.param([5], [0], id="fewer columns than places"),
    ],
)
def test_best_of_a_row(scores, expected):
    assert columns_by_row([scores], 2) == [expected]


def test_nothing_to_rank():
    assert columns_by_row(np.empty((0, 3)), 2) == []
    assert columns_by_row(np.empty((2, 0)), 2) == [[], []]


ROWS = st.lists(st.lists(st.sampled_from([NONE, -1.0, 0.0, 0.5, 2.0]), min_size=9, max_size=9), min_size=1, max_size=4)


@pytest.mark.parametrize("groups", [1, 4, 1024])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=ROWS, k=st.integers(1, 3))
def test_the_same_as_sorting(monkeypatch, groups, scores, k):
    monkeypatch.setattr("recs.models.top_k._GROUPS", groups)
    expected = [sorted((c for c in range(9) if row[c] > NONE), key=lambda c: (-row[c], c))[:k] for row in scores]
    assert columns_by_row(scores, k) == expected


@pytest.mark.parametrize("cells", [1, 9, 1000])
def test_seen_and_barred_items_are_left_out_in_blocks_of_any_size(monkeypatch, cells):
    monkeypatch.setattr("recs.models.top_k._CELLS", cells)
    seen = sparse.csr_matrix(np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]]))
    done = []
    got = best_unseen(
        lambda users: np.tile(np.array([4, 3, 2, 1], np.float32), (len(users), 1)),
        np.array([2, 0]),
        seen,
        allowed=np.array([True, True, True, False]),
        k=2,
        advance=done.append,
    )
    assert got.rows() == [(2, 0, 1), (0, 1, 1), (0, 2, 2)]
    assert sum(done) == 2


def test_no_users_make_an_empty_frame():
    got = best_unseen(
        lambda users: users, np.array([], np.int64), sparse.csr_matrix((1, 2)), allowed=np.ones(2, bool), k=1
    )
    assert got.shape == (0, 3)
