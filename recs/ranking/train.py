"""Trains a purpose's ranker on past weeks: LightGBM lambdarank, stopped on one, judged on another, then refitted."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
import numpy as np

LEAST_WEEKS = 3  # one to learn from, one to stop on, one to be judged on


class RankerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[ranker.<purpose>]`` of aisle.toml: LightGBM's parameters by our names, and how training rows are chosen."""

    learning_rate: Annotated[float, msgspec.Meta(gt=0, le=1)]
    leaves: Annotated[int, msgspec.Meta(ge=2, le=255)]
    min_rows_in_leaf: Annotated[int, msgspec.Meta(ge=1)]
    feature_share: Annotated[float, msgspec.Meta(gt=0, le=1)]
    l2: Annotated[float, msgspec.Meta(ge=0)]
    truncation: Annotated[int, msgspec.Meta(ge=1)]
    most_trees: Annotated[int, msgspec.Meta(ge=1)]
    patience: Annotated[int, msgspec.Meta(ge=1)]
    negatives: Annotated[int, msgspec.Meta(ge=1)]  # candidates without a purchase learned from, of each pool
    shoppers: Annotated[int, msgspec.Meta(ge=1)]  # most shoppers learned from, of each week
    bins: Annotated[int, msgspec.Meta(ge=2, le=255)]
    seed: int


@dataclass(frozen=True)
class Rows:
    """Candidates to learn from or to judge by: values float32 [n, features], label bool [n], users [n] ascending."""

    as_of: date
    values: np.ndarray
    labels: np.ndarray
    users: np.ndarray

    def columns(self, kept: np.ndarray) -> "Rows":
        return Rows(self.as_of, self.values[:, kept], self.labels, self.users)

    def kept(self, keep: np.ndarray) -> "Rows":
        return Rows(self.as_of, self.values[keep], self.labels[keep], self.users[keep])


@dataclass(frozen=True)
class Week:
    """One past as-of day's whole pools: label bool [n] and users int32 [n] (ascending) of all candidates.

    gather: the features of those that a bool [n] chooses, float32 [chosen, features]; most are never asked for.
    """

    as_of: date
    labels: np.ndarray
    users: np.ndarray
    gather: Callable[[np.ndarray], np.ndarray]

    def rows(self, keep: np.ndarray) -> Rows:
        return Rows(self.as_of, self.gather(keep), self.labels[keep], self.users[keep])


@dataclass(frozen=True)
class Ranker:
    """A trained model as LightGBM's text, and what its card says."""

    model: str
    card: Mapping[str, Any]


def train_ranker(
    weeks: Sequence[Week],
    features: Sequence[str],
    settings: RankerSettings,
    *,
    compared_with: str | None = None,
    threads: int = 1,
) -> Ranker:
    """A lambdarank model of ``weeks`` (oldest first, ``LEAST_WEEKS`` of them ``teaching_weeks``). ValueError for fewer.

    Trees are counted on the last week but one, by NDCG@20 of all its shoppers; the last week, which the model neither
    learned from nor stopped on, judges it; then the model is fitted again on all weeks with that many trees.
    compared_with: a feature whose ascending order is judged beside the model.
    Source: Burges, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82.
    """
    weeks = teaching_weeks(weeks)
    if len(weeks) < LEAST_WEEKS:
        raise ValueError(f"a ranker needs at least {LEAST_WEEKS} weeks with a purchase in a pool, got {len(weeks)}")
    import lightgbm as lgb

    taught = [week.rows(taught_candidates(week, settings)) for week in weeks[:-2]]
    stop, judge = (week.rows(of_buyers(week)) for week in weeks[-2:])
    taught += [whole.kept(taught_candidates(whole, settings)) for whole in (stop, judge)]
    with one_openmp_team(threads):
        first, curve = stopped(lgb, taught[:-2], stop, features, settings, threads)
        trees = max(1, first.best_iteration)
        judged = {"ranker": _ndcg(judge, first.predict(judge.values, num_iteration=trees, num_threads=threads))}
        final = _fit(lgb, taught, features, settings, threads, trees)
    if compared_with is not None:
        judged[compared_with] = _ndcg(judge, -judge.values[:, list(features).index(compared_with)])
    gains = final.feature_importance("gain")
    order = sorted(range(len(features)), key=lambda n: (-gains[n], n))
    return Ranker(
        re.sub(r"\[num_threads: \d+\]", "[num_threads: 1]", final.model_to_string()),  # the trees are the same with any
        {
            "weeks": [
                {"as_of_date": rows.as_of.isoformat(), "rows": len(rows.labels), "positives": int(rows.labels.sum())}
                for rows in taught
            ],
            "stopped_on": stop.as_of.isoformat(),
            "judged_on": judge.as_of.isoformat(),
            "trees": trees,
            "curve": curve,
            "judged": judged,
            "settings": msgspec.to_builtins(settings),
            "importances": [{"feature": features[n], "gain": round(float(gains[n]), 3)} for n in order],
        },
    )


def teaching_weeks(weeks: Sequence[Week]) -> list[Week]:
    """The weeks in which at least one shopper bought something of their pool: the others say nothing."""
    return [week for week in weeks if week.labels.any()]


def stopped(
    lgb: Any,
    taught: Sequence[Rows],
    stop: Rows,
    features: Sequence[str],
    settings: RankerSettings,
    threads: int,
) -> tuple[Any, list[float]]:
    """The model at its best, and NDCG@20 of the stopping week after each tree."""
    parameters = _parameters(settings, threads) | {"metric": "ndcg", "eval_at": [20]}
    data = _dataset(lgb, taught, features, parameters)
    valid = lgb.Dataset(stop.values, stop.labels.astype(np.int8), group=_groups(stop), reference=data)
    curve: dict[str, Any] = {}
    model = lgb.train(
        parameters,
        data,
        num_boost_round=settings.most_trees,
        valid_sets=[valid],
        valid_names=["stop"],
        callbacks=[
            lgb.early_stopping(settings.patience, verbose=False),
            lgb.record_evaluation(curve),
        ],
    )
    return model, [round(v, 6) for v in curve["stop"]["ndcg@20"]]


def _fit(
    lgb: Any, taught: Sequence[Rows], features: Sequence[str], settings: RankerSettings, threads: int, trees: int
) -> Any:
    parameters = _parameters(settings, threads)
    return lgb.train(parameters, _dataset(lgb, taught, features, parameters), num_boost_round=trees)


def _dataset(lgb: Any, taught: Sequence[Rows], features: Sequence[str], parameters: Mapping[str, Any]) -> Any:
    return lgb.Dataset(
        np.concatenate([rows.values for rows in taught]),
        np.concatenate([rows.labels for rows in taught]).astype(np.int8),
        group=np.concatenate([_groups(rows) for rows in taught]),
        feature_name=list(features),
        params=dict(parameters),
        free_raw_data=True,
    )


def _parameters(settings: RankerSettings, threads: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_bin": settings.bins,
        "min_data_in_leaf": settings.min_rows_in_leaf,
        "feature_fraction": settings.feature_share,
        "lambda_l2": settings.l2,
        "lambdarank_truncation_level": settings.truncation,
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,  # the same trees: the faster layout where each tree looks at a part of the features
        "bin_construct_sample_cnt": 50_000,
        "num_threads": threads,
        "verbosity": -1,
    }


def taught_candidates(week: Week | Rows, settings: RankerSettings) -> np.ndarray:
    """bool [n]: what is learned from: of shoppers who bought of their pool, that and a seeded choice of the rest.

    The choice is the same whether or not the shoppers who bought nothing are among the candidates.
    """
    random = np.random.default_rng([settings.seed, week.as_of.toordinal()])
    buyers = np.unique(week.users[week.labels])
    chosen = np.flatnonzero(np.isin(week.users, random.permutation(buyers)[: settings.shoppers]))
    users, labels = week.users[chosen], week.labels[chosen]
    order = np.lexsort((random.random(len(chosen)), labels, users))  # of each the unbought first, in random order
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.searchsorted(users, users)
    taught = np.zeros(len(week.users), bool)
    taught[chosen] = labels | (place < settings.negatives)
    return taught


def of_buyers(week: Week) -> np.ndarray:
    """bool [n]: candidates of who bought of their pool; of the others NDCG says the same of every model."""
    return np.isin(week.users, week.users[week.labels])


def _groups(rows: Rows) -> np.ndarray:
    return np.unique(rows.users, return_counts=True)[1]


def _ndcg(rows: Rows, scores: np.ndarray) -> dict[str, float]:
    """Mean of ``shopper_ndcg`` at 10 and 20."""
    means = {k: shopper_ndcg(rows, scores, k) for k in (10, 20)}
    return {f"ndcg@{k}": round(float(np.mean(one)), 6) if len(one) else 0.0 for k, one in means.items()}


def shopper_ndcg(rows: Rows, scores: np.ndarray, k: int) -> np.ndarray:
    """NDCG@k of each shopper with a purchase in their pool, by ascending user; the ideal is of the pool."""
    order = np.lexsort((-scores, rows.users))
    labels, users = rows.labels[order], rows.users[order]
    rank = np.arange(len(users)) - np.searchsorted(users, users)
    _, shopper = np.unique(users, return_inverse=True)
    total = np.bincount(shopper, labels)
    discount = np.where(rank < k, 1 / np.log2(rank + 2), 0.0)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(k) + 2))])
    gained = np.bincount(shopper, labels * discount)
    has = total > 0
    return np.asarray(gained[has] / ideal[np.minimum(total[has], k).astype(int)])


@contextmanager
def one_openmp_team(threads: int) -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads, user_api="openmp"):
        yield
