"""The offline evaluation of one as-of day: every surface, channel and baseline, judged by the week after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec
import polars as pl

from recs.channels.ranked import ALL, USER
from recs.evaluation.baselines import personal_frequency, popularity
from recs.evaluation.compare import DEPTH, KINDS, PAIR, Kind, compared_lists, pool_recall, truth_of
from recs.evaluation.metrics import per_user, summary
from recs.history import bought_items, recommendable
from recs.ranking.weeks import HORIZON_DAYS

POOL_SIZES = (50, 100, 150, 200)


class BaselineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[evaluation]`` of aisle.toml: the baselines, tuned on days before those that are reported."""

    popularity_half_life_days: float
    popularity_window_days: int
    personal_half_life_days: float
    personal_window_days: int


Role = Literal["surface", "before_policies", "channel", "baseline"]


@dataclass(frozen=True)
class Method:
    """One way to make lists: its name and role, and user_code, item_code, rank (1 = best) for any shoppers."""

    name: str
    role: Role
    lists: pl.DataFrame

    @property
    def key(self) -> str:
        """The name among all methods: a surface and a channel may share one."""
        return f"{self.role}:{self.name}"


@dataclass(frozen=True)
class DayEvaluation:
    """document: what ``aisle evaluate --json`` says. scores: per shopper, method, kind. lists, truth: as compared."""

    document: Mapping[str, Any]
    scores: pl.DataFrame
    lists: pl.DataFrame
    truth: pl.DataFrame


def evaluate_day(
    methods: Sequence[Method],
    pools: Mapping[str, pl.DataFrame],
    *,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    as_of: date,
    settings: BaselineSettings,
) -> DayEvaluation:
    """Judge ``methods`` and the two baselines on the ``HORIZON_DAYS`` days after ``as_of``.

    user_item_daily: arrivals up to the end of those days. pools: by purpose, with user_code, item_code, pool_rank.
    Every list is made of the same recommendable items for the same shoppers and padded by popularity to 20.
    """
    popular = popularity(
        user_item_daily,
        dim_item,
        as_of=as_of,
        half_life_days=settings.popularity_half_life_days,
        window_days=settings.popularity_window_days,
    )
    methods = [*methods, *_baselines(popular, user_item_daily, dim_item, dim_user, as_of, settings)]
    truth = truth_of(user_item_daily, dim_item, dim_user, as_of=as_of, horizon_days=HORIZON_DAYS)
    owned = bought_items(user_item_daily, dim_item, dim_user, as_of=as_of)
    eligible = recommendable(dim_item)["item_code"]
    means: dict[str, dict[str, dict[str, Any]]] = {}
    scores, lists = [], []
    for kind in KINDS:
        compared = compared_lists(
            {method.key: method.lists for method in methods},
            kind=kind,
            users=truth[kind]["user_code"].unique().sort(),
            owned=owned,
            eligible=eligible,
            popularity=popular["item_code"],
        )
        for method in methods:
            made = compared[method.key]
            catalogue = popular.select("item_code", "count")
            means.setdefault(method.role, {}).setdefault(method.name, {})[kind] = summary(made, truth[kind], catalogue)
            named = {"method": method.key, "surface": _surface(method), "kind": kind}
            label = {name: pl.lit(value, pl.String) for name, value in named.items()}
            scores.append(per_user(made, truth[kind]).with_columns(**label))
            lists.append(made.with_columns(**label))
    return DayEvaluation(
        {
            "as_of_date": as_of.isoformat(),
            "horizon_days": HORIZON_DAYS,
            "surfaces": means.get("surface", {}),
            "channels": means.get("channel", {}),
            "baselines": means["baseline"],
            "policies": _policies(means),
            "pools": _pools(pools, truth),
        },
        pl.concat(scores),
        pl.concat(lists),
        pl.concat([truth[kind].with_columns(kind=pl.lit(kind)) for kind in KINDS]),
    )


def everyones(lists: pl.DataFrame, users: pl.Series) -> pl.DataFrame:
    """A channel table as lists of shoppers: their own, or where it has none of anybody, the one for everyone."""
    mine = lists.filter(pl.col("entity") == USER).select("item_code", "rank", user_code="entity_code")
    if not mine.is_empty():
        return mine
    shared = lists.filter(pl.col("entity") == ALL).select("item_code", "rank")
    return pl.DataFrame({"user_code": users.cast(pl.Int32)}).join(shared, how="cross")


def _surface(method: Method) -> str | None:
    return method.name if method.role in ("surface", "before_policies") else None


def _baselines(
    popular: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    as_of: date,
    settings: BaselineSettings,
) -> list[Method]:
    personal = personal_frequency(
        user_item_daily,
        dim_item,
        dim_user,
        as_of=as_of,
        half_life_days=settings.personal_half_life_days,
        window_days=settings.personal_window_days,
        top_k=DEPTH,
    )
    nobody = pl.DataFrame(schema=personal.schema)  # padding by popularity makes the whole list
    return [Method("popularity", "baseline", nobody), Method("personal_frequency", "baseline", personal)]


def _policies(means: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Each surface that a ranking fills, before its policies and after."""
    before = means.get("before_policies", {})
    return {name: {"before": before[name], "after": means["surface"][name]} for name in before}


def _pools(pools: Mapping[str, pl.DataFrame], truth: Mapping[Kind, pl.DataFrame]) -> dict[str, Any]:
    """Candidate recall of each pool in the order of its fusion: discover among new items, repeat among all."""
    against: dict[str, Kind] = {"discover": "new", "repeat": "all"}
    told: dict[str, Any] = {}
    for purpose, pool in pools.items():
        relevant = truth[against.get(purpose, "all")]
        kept = relevant.join(pool.select("user_code").unique(), on="user_code", how="semi")
        ordered = pool.select(*PAIR, rank="pool_rank")
        told[purpose] = {"recall": pool_recall(ordered, kept, POOL_SIZES), "users": kept["user_code"].n_unique()}
    if "discover" in told:
        told["recall"] = told["discover"]["recall"]
    return told
