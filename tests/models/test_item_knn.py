import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recs.models.item_knn import item_neighbours

# items 0 and 1 are taken together, so are 2 and 3; item 3 alone also by the user who takes everything but 0
SHOP = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1]], np.float32)


def similar(matrix=SHOP, **given):
    settings = {"neighbours": 3, "shrinkage": 0.0, **given}
    return item_neighbours(sparse.csr_matrix(matrix), **settings).toarray()


def test_cosine():
    root = 1 / np.sqrt(3 * 2)
    expected = [[0, 2 * root, 0, 0], [2 * root, 0, root, root], [0, root, 0, 1], [0, root, 1, 0]]
    np.testing.assert_allclose(similar(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"shrinkage": 2.0}, 1 / (np.sqrt(3 * 2) + 2), id="shrunk"),
        pytest.param({"balance": 1.0}, 1 / 3, id="of those who took 1"),
        pytest.param({"balance": 0.0}, 1 / 2, id="of those who took 2"),
        pytest.param({"user_power": 1.0}, 1 / 3 / np.sqrt(3 * 2), id="their one user took three items"),
    ],
)
def test_similarity_of_item_1_to_item_2(given, expected):
    assert similar(**given)[1, 2] == pytest.approx(expected)


def test_weights_make_a_weighted_cosine():
    matrix = np.array([[2, 1], [0, 3]], np.float32)
    assert similar(matrix)[0, 1] == pytest.approx(2 / (2 * np.sqrt(10)))


def test_only_the_best_neighbours_stay_and_the_lower_code_wins_a_tie():
    assert [row.nonzero()[0].tolist() for row in similar(neighbours=1)] == [[1], [0], [3], [2]]
    tied = np.array([[1, 1, 1]], np.float32)
    assert [row.nonzero()[0].tolist() for row in similar(tied, neighbours=1)] == [[1], [0], [0]]


def test_an_item_that_nobody_took_is_like_none():
    got = similar(np.array([[1, 0, 1]], np.float32), shrinkage=1.0)
    assert got[1].tolist() == [0, 0, 0]
    assert got[:, 1].tolist() == [0, 0, 0]


@settings(deadline=None, max_examples=60)
@given(
    bits=st.lists(st.lists(st.integers(0, 1), min_size=7, max_size=7), min_size=1, max_size=6),
    neighbours=st.integers(1, 7),
    shrinkage=st.sampled_from([0.0, 1.5]),
    balance=st.sampled_from([0.0, 0.3, 0.5]),
)
def test_the_same_as_the_dense_formula(bits, neighbours, shrinkage, balance):
    matrix = np.array(bits, np.float64)
    counts = matrix.sum(axis=0)
    norms = counts[:, None] ** balance * counts[None, :] ** (1 - balance) + shrinkage
    dense = np.divide(matrix.T @ matrix, norms, out=np.zeros((7, 7)), where=norms > 0).astype(np.float32)
    np.fill_diagonal(dense, 0)
    for row in dense:
        row[sorted(range(7), key=lambda c: (-row[c], c))[neighbours:]] = 0
    got = similar(matrix, neighbours=neighbours, shrinkage=shrinkage, balance=balance)
    np.testing.assert_allclose(got, dense, rtol=1e-5)


def test_blocks_do_not_change_a_thing(monkeypatch):
    whole = similar()
    monkeypatch.setattr("recs.models.item_knn._BLOCK", 3)
    np.testing.assert_array_equal(similar(), whole)


@pytest.mark.parametrize("wrong", [{"neighbours": 0}, {"shrinkage": -1.0}, {"balance": 1.1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="need neighbours >= 1, shrinkage >= 0, balance 0 to 1"):
        similar(**wrong)
