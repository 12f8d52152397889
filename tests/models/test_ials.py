from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.sparse import csr_matrix

from recs.models.ials import factors_of, fit_ials, ials_model, model_card

AS_OF = date(2026, 3, 9)
FIT = {"factors": 3, "regularization": 0.5, "alpha": 0.7, "iterations": 5, "seed": 7}
SETTINGS = {"half_life_days": 28.0, "window_days": 56, "min_buyers": 2, **FIT}


def bought(*rows):
    """Rows (days ago, user_id, item_id[, purchase_count[, arrived days ago]])."""
    schema = {"event_date": pl.Date, "arrival_date": pl.Date, "user_id": pl.String, "item_id": pl.String}
    full = []
    for ago, user, item, *rest in rows:
        count, arrived = [*rest, *(1, ago)[len(rest) :]]
        full.append((AS_OF - timedelta(days=ago), AS_OF - timedelta(days=arrived), user, item, count))
    return pl.DataFrame(full, schema={**schema, "purchase_count": pl.Int32}, orient="row")


def dims(users="uvwxyz", items="abcdef", blocked=""):
    codes = {"item_code": range(len(items)), "item_id": list(items), "category_code": [0] * len(items)}
    item = pl.DataFrame(codes).with_columns(is_recommendable=~pl.col("item_id").is_in(list(blocked)))
    user = pl.DataFrame({"user_code": range(len(users)), "user_id": list(users), "is_suspect": False})
    return item.cast({"item_code": pl.Int32, "category_code": pl.Int32}), user.cast({"user_code": pl.Int32})


# u, v, w buy of a, b, c and x, y, z of d, e, f; nobody has everything of their half
HALVES = [(1, user, item) for users, items in (("uvw", "abc"), ("xyz", "def")) for user in users for item in items]
HALVES = [row for row in HALVES if row[1:] not in {("v", "b"), ("y", "e")}]


def made(days=None, more=()):
    days = bought(*HALVES, *more) if days is None else days
    return ials_model(days, *dims(), as_of=AS_OF, **SETTINGS)


def as_bytes(parts):
    return [np.ascontiguousarray(part).tobytes() for part in parts]


def random_matrix(users=150, items=60):
    draw = np.random.default_rng(3)
    values = draw.uniform(0.2, 3, (users, items)) * (draw.random((users, items)) < 0.1)
    return csr_matrix(values.astype(np.float32))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_matrix_gives_the_same_bytes_again_and_for_any_number_of_threads(threads):
    first, again = (as_bytes(fit_ials(random_matrix(), **FIT, threads=count)) for count in (1, threads))
    assert first == again
    assert as_bytes(fit_ials(random_matrix(), **{**FIT, "seed": 8})) != first


def test_a_matrix_without_a_pair_is_refused():
    with pytest.raises(ValueError, match="holds no pair"):
        fit_ials(csr_matrix((3, 2), dtype=np.float32), **FIT)


def exact(matrix, regularization, alpha, factors, seed):
    """Dense alternating least squares by plain linear solves: users, items, and the loss they reach."""
    draw = np.random.default_rng(seed)
    confidence, seen = np.where(matrix > 0, 1 + alpha * matrix, 1.0), (matrix > 0).astype(float)
    ridge = regularization * np.eye(factors)

    def solved(other, weights, wanted):
        rows = zip(weights, wanted, strict=True)
        return np.stack([np.linalg.solve((other.T * c) @ other + ridge, (other.T * c) @ p) for c, p in rows])

    users, items = (draw.random((n, factors)) * 0.1 for n in matrix.shape)
    for _ in range(60):
        users = solved(items, confidence, seen)
        items = solved(users, confidence.T, seen.T)
    squares = (confidence * (seen - users @ items.T) ** 2).sum()
    return squares + regularization * ((users**2).sum() + (items**2).sum()), users @ items.T


def test_many_iterations_reach_what_plain_linear_solves_reach():
    draw = np.random.default_rng(0)
    matrix = (draw.random((12, 9)) < 0.4) * draw.uniform(0.2, 3, (12, 9))
    users, items = fit_ials(csr_matrix(matrix.astype(np.float32)), **{**FIT, "iterations": 100})
    _, scores = min((exact(matrix, 0.5, 0.7, 3, seed) for seed in range(5)), key=lambda found: found[0])
    np.testing.assert_allclose(users @ items.T, scores, atol=2e-3)


def test_shoppers_are_led_to_what_their_like_bought():
    model = made()
    (_, users), (_, items) = factors_of(model, "user"), factors_of(model, "item")
    scores = users @ items.T
    assert np.isfinite(scores).all()
    own = np.kron(np.eye(2, dtype=bool), np.ones((3, 3), bool))
    assert (np.where(own, scores, np.inf).min(axis=1) > np.where(own, -np.inf, scores).max(axis=1)).all()


def test_a_model_has_a_row_for_each_code_of_both_sides_in_order():
    model = made()
    assert model.columns == ["as_of_date", "side", "code", "f000", "f001", "f002"]
    assert model.select("side", "code").rows() == [(side, code) for side in ("user", "item") for code in range(6)]
    assert set(model.dtypes[3:]) == {pl.Float32}
    assert set(model["as_of_date"]) == {AS_OF}


def test_rare_items_blocked_items_and_shoppers_of_nothing_else_have_no_row():
    items, users = dims(blocked="c")
    rows = [(1, "u", "a"), (1, "v", "a"), (1, "v", "b"), (2, "v", "b"), (1, "w", "b"), (1, "y", "d")]
    blocked = [(1, user, "c") for user in "uvwx"]
    model = ials_model(bought(*rows, *blocked), items, users, as_of=AS_OF, **SETTINGS)
    assert [factors_of(model, side)[0].tolist() for side in ("user", "item")] == [[0, 1, 2], [0, 1]]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((-1, "u", "f", 1, 0), id="happens later"),
        pytest.param((1, "u", "f", 1, -1), id="arrives later"),
        pytest.param((56, "u", "f"), id="before the window"),
        pytest.param((1, "u", "f", 0), id="returned or looked at"),
        pytest.param((1, "nobody", "f"), id="no shopper of the day"),
        pytest.param((1, "u", "a", 5, 0), id="told twice"),
    ],
)
def test_rows_that_must_not_count_change_nothing(row):
    assert_frame_equal(made(more=[row]), made(), check_exact=True)


def test_what_counts_changes_something():
    assert not made(more=[(1, "u", "f")]).equals(made())
    assert not made(more=[(8, "u", "a")]).equals(made())  # one more purchase day


def test_the_order_of_rows_changes_nothing():
    items, users = dims()
    mixed = [frame.sample(fraction=1, shuffle=True, seed=4) for frame in (bought(*HALVES), items, users)]
    assert_frame_equal(ials_model(*mixed, as_of=AS_OF, **SETTINGS), made(), check_exact=True)


@pytest.mark.parametrize("days", [bought(), bought((1, "u", "a"))], ids=["no purchase", "too few of everything"])
def test_without_enough_purchases_the_model_is_empty_and_keeps_its_columns(days):
    model = made(days)
    assert (model.height, model.schema) == (0, made().schema)
    assert factors_of(model, "user")[1].shape == (0, 3)


def test_the_card_says_what_was_learned_with_what_and_from_how_much():
    card = model_card(made(), SETTINGS)
    assert (card["model"], card["settings"], card["learned"]) == ("ials", SETTINGS, {"users": 6, "items": 6})
    assert model_card(made(bought()), SETTINGS)["learned"] == {"users": 0, "items": 0}
