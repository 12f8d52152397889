"""Several evaluated days together: each method's mean over all shoppers and weeks, with 95 % intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from recs.evaluation.intervals import difference_interval, mean_interval

SEED = 7


def pooled(scores: pl.DataFrame, measure: str = "ndcg@10") -> dict[str, dict[str, Any]]:
    """{method: {kind: {mean, lower, upper, users, weeks}}} of the evaluation tables of one or more days.

    scores: as_of_date, method, kind, user_id and the measure. Shoppers are drawn anew with all their weeks.
    """
    told: dict[str, dict[str, Any]] = {}
    for (method, kind), rows in _groups(scores, measure):
        mean, lower, upper = mean_interval(rows, seed=SEED)
        counts = {"users": rows["user_code"].n_unique(), "weeks": rows["week"].n_unique()}
        told.setdefault(method, {})[kind] = {"mean": mean, "lower": lower, "upper": upper, **counts}
    return told


def leads(
    scores: pl.DataFrame, surfaces: Mapping[str, str], rivals: Sequence[str], measure: str = "ndcg@10"
) -> list[dict[str, Any]]:
    """What each surface (with its kind) gains on each rival, on the same shoppers in the same weeks, with intervals."""
    by_group = dict(_groups(scores, measure))
    told = []
    for surface, kind in surfaces.items():
        for rival in (rival for rival in rivals if (surface, kind) in by_group and (rival, kind) in by_group):
            mean, lower, upper = difference_interval(by_group[surface, kind], by_group[rival, kind], seed=SEED)
            told.append(
                {"surface": surface, "kind": kind, "rival": rival, "mean": mean, "lower": lower, "upper": upper}
            )
    return told


def _groups(scores: pl.DataFrame, measure: str) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    coded = scores.select(
        "method",
        "kind",
        user_code=pl.col("user_id").rank("dense").cast(pl.Int32),
        week=pl.col("as_of_date"),
        value=pl.col(measure),
    )
    parts = coded.partition_by("method", "kind", as_dict=True, include_key=False)
    return [((str(method), str(kind)), rows) for (method, kind), rows in sorted(parts.items())]
