"""iALS: implicit-feedback matrix factorization by alternating least squares, through the library `implicit`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from recs.history import POINTS, purchase_points, without_suspects

SIDES = ("user", "item")
Factors = np.ndarray  # float32 [rows, factors]


def fit_ials(
    matrix: csr_matrix,
    *,
    factors: int,
    regularization: float,
    alpha: float,
    iterations: int,
    seed: int,
    threads: int = 1,
) -> tuple[Factors, Factors]:
    """Factors of the rows (shoppers) and columns (items) of ``matrix``, float32; a score is their dot product.

    matrix: float32 [users, items], how strongly each pair was seen; the confidence of a pair is 1 + alpha x value.
    The same matrix, settings and seed give the same bytes for any number of threads. ValueError for an empty matrix.
    Source: Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
    """
    if not matrix.nnz:
        raise ValueError("the matrix holds no pair: there is nothing to learn from")
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # rows are solved in parallel; each product stays in one thread
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            alpha=1.0,  # its confidence of a stored pair is the value itself, of any other pair 1
            iterations=iterations,
            random_state=seed,
            num_threads=threads,
            calculate_training_loss=False,
        )
        confidence = matrix.astype(np.float32)
        confidence.data = 1 + alpha * confidence.data
        model.fit(confidence, show_progress=False)
    return np.asarray(model.user_factors, np.float32), np.asarray(model.item_factors, np.float32)


def ials_model(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    min_buyers: int,
    factors: int,
    regularization: float,
    alpha: float,
    iterations: int,
    seed: int,
    threads: int = 1,
) -> pl.DataFrame:
    """Factors of shoppers and items as of a day: as_of_date, side (user, item), code, f000, f001, ... (float32).

    A pair's value is log(1 + 4 x its purchase days, each counting half after ``half_life_days``). Items with fewer than
    ``min_buyers`` shoppers in the window and shoppers without a purchase of the others have no row; nor have suspects.
    """
    learned_from = without_suspects(user_item_daily, dim_item, dim_user)
    pairs = purchase_points(
        learned_from, dim_item, dim_user, as_of=as_of, half_life_days=half_life_days, window_days=window_days
    )
    pairs = pairs.filter(pl.len().over("item_code") >= min_buyers).sort("user_code", "item_code")
    users, user_rows = np.unique(pairs["user_code"].to_numpy(), return_inverse=True)
    items, item_rows = np.unique(pairs["item_code"].to_numpy(), return_inverse=True)
    if not len(users):
        return _factor_rows(as_of, {side: (users, np.empty((0, factors), np.float32)) for side in SIDES})
    values = np.log1p(4 * pairs["points"].to_numpy() / POINTS).astype(np.float32)
    learned = fit_ials(
        csr_matrix((values, (user_rows, item_rows)), shape=(len(users), len(items))),
        factors=factors,
        regularization=regularization,
        alpha=alpha,
        iterations=iterations,
        seed=seed,
        threads=threads,
    )
    return _factor_rows(as_of, dict(zip(SIDES, zip((users, items), learned, strict=True), strict=True)))


def factors_of(model: pl.DataFrame, side: str) -> tuple[np.ndarray, Factors]:
    """Codes (ascending) and their factors, float32 [n, factors], of one side of an ``ials_model``."""
    rows = model.filter(pl.col("side") == side).sort("code")
    return rows["code"].to_numpy(), rows.drop("as_of_date", "side", "code").to_numpy()


def _factor_rows(as_of: date, sides: Mapping[str, tuple[np.ndarray, Factors]]) -> pl.DataFrame:
    parts = []
    for side, (codes, values) in sides.items():
        columns = {f"f{number:03d}": values[:, number] for number in range(values.shape[1])}
        rows = pl.DataFrame({"code": pl.Series(codes, dtype=pl.Int32), **columns})
        parts.append(rows.select(pl.lit(as_of).alias("as_of_date"), pl.lit(side).alias("side"), pl.all()))
    return pl.concat(parts)


def model_card(model: pl.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the artefact is, what it was learned with, and from how much. The sidecar holds the data's hashes."""
    sides = {side: factors_of(model, side)[0] for side in SIDES}
    return {
        "model": "ials",
        "what": "Implicit-feedback matrix factorization of purchases; a score is the dot product of two rows.",
        "source": "Hu, Koren and Volinsky, ICDM 2008, through the library implicit",
        "settings": dict(settings),
        "learned": {"users": len(sides["user"]), "items": len(sides["item"])},
    }
