"""Evaluation: how good a day's lists were, judged by what was bought in the week after it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import polars as pl

from assets.partitioned import LakePass, LakeTable, Made
from assets.pools import purpose_specs
from assets.ranker import CARD, RANKER
from assets.reading import frames_as_of
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.channels import INPUTS
from recs.errors import LakeError
from recs.evaluation.day import BaselineSettings, DayEvaluation, Method, evaluate_day, everyones
from recs.evaluation.samples import sample_lists
from recs.lake import Lake
from recs.pools import PURPOSES
from recs.ranking.weeks import HORIZON_DAYS
from recs.surfaces.spec import SurfaceSpec, read_specs

EVALUATION = "evaluation/offline"
DOCUMENT = "evaluation.json"
HISTORY = "facts/fct_user_item_daily"
DIMS = ("features/dim_item", "features/dim_user")


def evaluation_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass; a day can be judged once the week after it has arrived."""
    specs = _specs(settings)
    parents = [f"surfaces/{spec.surface}" for spec in specs] + [f"channels/{name}" for name in INPUTS]
    parents += [f"{stage}/{purpose}" for stage in ("pools", "rankings") for purpose in purpose_specs(settings)]
    config = msgspec.to_builtins(settings.section("evaluation", BaselineSettings))
    told = "Metrics of every surface, channel and baseline on the seven days after the as-of day, shopper by shopper."
    sort_by = ("method", "kind", "user_id")
    table = LakeTable(EVALUATION, (*parents, RANKER, *DIMS), sort_by, config, told, further=_week_after)

    def compute(shop: ShopResource, day: date) -> Mapping[str, Made]:
        lake = shop.lake()
        done = evaluate(settings, lake, day)
        card = json.loads((lake.folder(RANKER, day) / CARD).read_bytes())
        document = {**done.document, "model_cards": {p: card[p] for p in PURPOSES}}
        document["samples"] = sample_lists(lake, day, [spec.surface for spec in specs], done.truth)
        files = {DOCUMENT: json.dumps(document, indent=1).encode()}
        return {EVALUATION: Made(with_ids(done.scores, lake, day), files, _headline(done.document))}

    return [LakePass("evaluation__offline", [table], compute)]


def evaluate(settings: Settings, lake: Lake, day: date) -> DayEvaluation:
    """The evaluation of a day from its tables. LakeError where its week has not arrived or something is not built."""
    _week_after(lake, day)
    dim_item, dim_user = frames_as_of(lake, DIMS, day)
    (history,) = frames_as_of(lake, [HISTORY], day + timedelta(days=HORIZON_DAYS))
    done = evaluate_day(
        list(_methods(settings, lake, day, dim_item, dim_user)),
        {purpose: lake.read(f"pools/{purpose}", day) for purpose in PURPOSES},
        user_item_daily=history,
        dim_item=dim_item,
        dim_user=dim_user,
        as_of=day,
        settings=settings.section("evaluation", BaselineSettings),
    )
    if done.truth.is_empty():
        problem = f"no known shopper bought anything in the {HORIZON_DAYS} days after {day}"
        raise LakeError(problem, "evaluate a day whose following week has landed")
    return done


def with_ids(rows: pl.DataFrame, lake: Lake, day: date) -> pl.DataFrame:
    """Rows of codes with the shop's ids instead, and as_of_date."""
    dim_item, dim_user = frames_as_of(lake, DIMS, day)
    for key, ids in (("user", dim_user), ("item", dim_item)):
        if f"{key}_code" in rows.columns:
            rows = rows.join(ids.select(f"{key}_code", f"{key}_id"), on=f"{key}_code").drop(f"{key}_code")
    return rows.with_columns(as_of_date=pl.lit(day))


def _specs(settings: Settings) -> list[SurfaceSpec]:
    return [spec for spec in read_specs(settings.config / "surfaces").values() if spec.keyed_by == "user"]


def _methods(
    settings: Settings, lake: Lake, day: date, dim_item: pl.DataFrame, dim_user: pl.DataFrame
) -> Iterator[Method]:
    """Surfaces as served, their rankings before the policies, and every channel alone."""
    items, users = dim_item.select("item_id", "item_code"), dim_user.select("user_code", key="user_id")
    for spec in _specs(settings):
        served = lake.read(f"surfaces/{spec.surface}", day, ["source", "key", "position", "item_id"])
        mine = served.filter(pl.col("source") == "user").join(users, on="key").join(items, on="item_id")
        yield Method(spec.surface, "surface", mine.select("user_code", "item_code", rank="position"))
        if spec.ranking is not None:
            ranked = lake.read(f"rankings/{spec.ranking}", day, ["user_code", "item_code", "rank"])
            yield Method(spec.surface, "before_policies", ranked)
    for name in INPUTS:
        yield Method(name, "channel", everyones(lake.read(f"channels/{name}", day), dim_user["user_code"]))


def _week_after(lake: Lake, day: date) -> dict[str, str]:
    """Hash of what arrived by the end of the week that judges the day. LakeError while that is to come."""
    end = day + timedelta(days=HORIZON_DAYS)
    if lake.info(HISTORY, end) is None:
        raise LakeError(
            f"{EVALUATION} of {day} needs {HISTORY} until {end}", f"evaluate an earlier day, or materialize {end} first"
        )
    return {f"{HISTORY}@{end}": lake.inputs_hash(HISTORY, until=end)}


def _headline(document: Mapping[str, Any]) -> dict[str, float]:
    """NDCG@10 of each surface, for the UI's plots."""
    return {
        f"{surface}_{kind}_ndcg@10": round(values["ndcg@10"], 6)
        for surface, kinds in document["surfaces"].items()
        for kind, values in kinds.items()
    }
