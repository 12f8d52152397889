"""Metrics of ranked lists against what was relevant. What may be listed, and for whom, is ``compare``'s to say."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

MEASURES = ("recall", "ndcg", "map", "hit_rate", "precision")
KS = (10, 20)
BREADTH_AT = 20

Matrix = NDArray[np.float64]


def per_user(
    lists: pl.DataFrame, truth: pl.DataFrame, *, ks: Sequence[int] = KS, measures: Sequence[str] = MEASURES
) -> pl.DataFrame:
    """One row for each user_code of ``truth``, ascending: user_code, then ``measure@k`` (f64) measure by measure.

    lists: user_code, item_code, rank (1 = best) of one method, in any order. A user without a list scores 0.
    truth: user_code, item_code, the relevant pairs, each once.
    recall: hits in the top k / all relevant. precision: hits / k. hit_rate: 1 if any hit.
    ndcg: sum of 1 / log2(rank + 1) over hits / the same sum over ranks 1 to min(k, relevant).
    map: sum of precision at each hit's rank / min(k, relevant). mrr: 1 / rank of the first hit.
    ValueError when a pair repeats, or a user has two items at a rank.
    """
    _each_once(truth, ["user_code", "item_code"], "truth")
    _each_once(lists, ["user_code", "item_code"], "lists")
    _each_once(lists, ["user_code", "rank"], "lists")
    relevant = truth.group_by("user_code").len("relevant").sort("user_code")
    scores = _scores(_hits(lists, truth, relevant, depth=max(ks)), relevant["relevant"].to_numpy().astype(np.int64))
    columns = {f"{measure}@{k}": scores[measure][:, k - 1] for measure in measures for k in ks}
    return relevant.select("user_code").with_columns(pl.Series(name, values) for name, values in columns.items())


def summary(
    lists: pl.DataFrame,
    truth: pl.DataFrame,
    catalogue: pl.DataFrame,
    *,
    ks: Sequence[int] = KS,
    measures: Sequence[str] = MEASURES,
    breadth_at: int = BREADTH_AT,
) -> dict[str, float]:
    """``users``, the mean of each column of ``per_user``, and the three figures of ``breadth`` at ``breadth_at``."""
    scores = per_user(lists, truth, ks=ks, measures=measures)
    judged = lists.join(scores, on="user_code", how="semi")
    return means(scores) | breadth(judged, catalogue, at=breadth_at)


def means(scores: pl.DataFrame) -> dict[str, float]:
    """``users`` and the mean of each measure of a ``per_user`` frame; 0.0 where there is nobody.

    Sums are exact before they are rounded, so neither threads nor row order change a digit.
    """
    users = max(scores.height, 1)
    names = [name for name in scores.columns if "@" in name]
    return {"users": scores.height} | {name: math.fsum(scores[name].to_list()) / users for name in names}


def breadth(lists: pl.DataFrame, catalogue: pl.DataFrame, *, at: int = BREADTH_AT) -> dict[str, float]:
    """How widely the top ``at`` of all lists together spread over the catalogue.

    catalogue: item_code, count (how often it was bought), one row for each item that may be recommended.
    coverage: distinct items listed / items of the catalogue.
    novelty: mean over listed positions of -log2 of the item's share of popularity, (count + 1) / (all counts + items);
        the 1 gives an item that nobody bought yet a share too. In bits: one more means half as popular.
    gini: 0 when every item of the catalogue is listed equally often, near 1 when a few take all the places.
    ValueError when a listed item is outside the catalogue.
    """
    _each_once(catalogue, ["item_code"], "catalogue")
    listed = lists.filter(pl.col("rank") <= at).group_by("item_code").len("times")
    outside = listed.join(catalogue, on="item_code", how="anti")
    if outside.height:
        raise ValueError(f"lists holds {outside.height} items outside the catalogue, such as {outside['item_code'][0]}")
    rows = catalogue.join(listed, on="item_code", how="left").sort("item_code")
    times, counts = (rows[name].fill_null(0).to_numpy().astype(np.int64) for name in ("times", "count"))
    bits = -np.log2((counts + 1) / (counts.sum() + max(rows.height, 1)))
    return {
        f"coverage@{at}": listed.height / max(rows.height, 1),
        f"novelty@{at}": math.fsum((times * bits).tolist()) / max(int(times.sum()), 1),
        f"gini@{at}": gini(times),
    }


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient of non-negative counts: 0.0 when all are equal (or all 0), (n - 1) / n when one has it all."""
    total, n = int(counts.sum()), len(counts)
    if total == 0:
        return 0.0
    places = 2 * np.arange(1, n + 1) - n - 1
    return int((places * np.sort(counts)).sum()) / (n * total)


def _hits(lists: pl.DataFrame, truth: pl.DataFrame, relevant: pl.DataFrame, *, depth: int) -> Matrix:
    """float64[users, depth]: 1 where the item at rank column + 1 is relevant."""
    hits = np.zeros((relevant.height, depth))
    found = (
        lists.filter(pl.col("rank") <= depth)
        .join(truth, on=["user_code", "item_code"], how="semi")
        .join(relevant.select("user_code").with_row_index("row"), on="user_code")
    )
    hits[found["row"].to_numpy(), found["rank"].to_numpy().astype(np.int64) - 1] = 1.0
    return hits


def _scores(hits: Matrix, relevant: NDArray[np.int64]) -> dict[str, Matrix]:
    """Each measure at every cut-off: float64[users, depth]. cumsum adds from the left, alike on every machine."""
    ranks = np.arange(1, hits.shape[1] + 1)
    discounts = 1.0 / np.log2(ranks + 1)
    found = hits.cumsum(axis=1)
    achievable = np.minimum(ranks, relevant[:, None])
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, hits.shape[1] + 1)[:, None]
    return {
        "recall": found / relevant[:, None],
        "precision": found / ranks,
        "hit_rate": (found > 0).astype(np.float64),
        "ndcg": (hits * discounts).cumsum(axis=1) / discounts.cumsum()[achievable - 1],
        "map": (hits * found / ranks).cumsum(axis=1) / achievable,
        "mrr": np.where(ranks >= first, 1.0 / first, 0.0),
    }


def _each_once(frame: pl.DataFrame, keys: list[str], name: str) -> None:
    repeated = frame.height - frame.select(keys).n_unique()
    if repeated:
        raise ValueError(f"{name} repeats {' and '.join(keys)} in {repeated} rows")
