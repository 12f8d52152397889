"""What groups of features are worth to a ranker: it is taught without each of them and judged on the same shoppers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from recs.ranking.train import (
    LEAST_WEEKS,
    RankerSettings,
    Week,
    of_buyers,
    one_openmp_team,
    shopper_ndcg,
    stopped,
    taught_candidates,
    teaching_weeks,
)

NOTHING, EVERY_FEATURE, POOL = "(nothing)", "(every feature)", "pool"


class Judged(NamedTuple):
    """A ranker without a group of columns. users: int32 [s] ascending, ndcg: float64 [s], their NDCG@10."""

    left_out: str
    columns: int
    trees: int
    users: np.ndarray
    ndcg: np.ndarray


def groups_of(features: Sequence[str], only: Sequence[str] = ()) -> dict[str, list[int]]:
    """Columns by what is left out: nothing, every feature but the pool's, then each model, or nothing and ``only``.

    ValueError names a model of ``only`` that none of the features is of.
    """
    groups: dict[str, list[int]] = {NOTHING: [], EVERY_FEATURE: []}
    for place, name in enumerate(features):
        model = name.split(".")[0]
        groups.setdefault(model, []).append(place)
        if model != POOL:
            groups[EVERY_FEATURE].append(place)
    unknown = sorted(set(only) - groups.keys())
    if unknown:
        raise ValueError(f"the ranker has no feature of {', '.join(unknown)}; it has {', '.join(sorted(groups)[2:])}")
    return {name: columns for name, columns in groups.items() if not only or name in {NOTHING, *only}}


def ablated(
    weeks: Sequence[Week],
    features: Sequence[str],
    settings: RankerSettings,
    *,
    only: Sequence[str] = (),
    threads: int = 1,
) -> Iterator[Judged]:
    """A ranker without each of ``groups_of(features, only)``. ValueError for too few ``weeks``, as in ``train_ranker``.

    Each is taught on all weeks but two, stopped on the last but one, judged on the last, with the same candidates.
    """
    weeks = teaching_weeks(weeks)
    if len(weeks) < LEAST_WEEKS:
        raise ValueError(f"an ablation needs at least {LEAST_WEEKS} weeks with a purchase in a pool, got {len(weeks)}")
    import lightgbm as lgb

    rows = [week.rows(taught_candidates(week, settings)) for week in weeks[:-2]]
    rows += [week.rows(of_buyers(week)) for week in weeks[-2:]]
    for name, left_out in groups_of(features, only).items():
        kept = np.setdiff1d(np.arange(len(features)), np.array(left_out, int))
        *taught, stop, judge = (one.columns(kept) for one in rows)
        with one_openmp_team(threads):
            model, _ = stopped(lgb, taught, stop, [features[n] for n in kept], settings, threads)
            trees = max(1, model.best_iteration)
            scores = model.predict(judge.values, num_iteration=trees, num_threads=threads)
        yield Judged(name, len(left_out), trees, np.unique(judge.users), shopper_ndcg(judge, scores, 10))
