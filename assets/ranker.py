"""The ranker: one lambdarank model a purpose, trained on the whole pools of closed past weeks, with its card."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl

from assets.partitioned import LakePass, LakeTable, Made
from assets.pools import pool_config, purpose_specs
from assets.reading import frames_as_of
from orchestration.dbt_project import load_manifest
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from orchestration.versions import config_hash
from recs.lake import Lake
from recs.lake.retention import deleted_days
from recs.pools import Purpose
from recs.ranking.features import FeatureTable, Snapshot, features_of
from recs.ranking.rows import POOL_ORDER, candidate_rows, feature_names
from recs.ranking.train import LEAST_WEEKS, Ranker, RankerSettings, Week, teaching_weeks, train_ranker
from recs.ranking.weeks import WINDOW_DAYS, bought_next, closed_weeks, labels

RANKER = "models/ranker"
DIMS = ("features/dim_item", "features/dim_user")
LABELS, SUSPECTS = "facts/fct_user_item_daily", "features/dim_suspect"
CARD = "card.json"
_IMPORTANCES = {"as_of_date": pl.Date, "purpose": pl.String, "feature": pl.String, "gain": pl.Float64}


def ranker_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass for both purposes; nothing is trained while there are too few closed weeks."""
    features = load_manifest().feature_tables()
    past = Past(settings, features)
    config: dict[str, Any] = {purpose: msgspec.to_builtins(past.settings(purpose)) for purpose in past.versions}
    config |= {"features": [msgspec.to_builtins(f) for f in features]}
    tables = [f"pools/{purpose}" for purpose in past.versions] + [feature.table for feature in features]
    told = "One lambdarank model a purpose: text, importances and card. It ranks nothing before its day is ranked."
    table = LakeTable(RANKER, (LABELS, SUSPECTS), ("purpose", "gain", "feature"), config, told, tables, past.inputs)

    def compute(shop: ShopResource, day: date) -> Mapping[str, Made]:
        trained = {purpose: past.train(shop, purpose, day) for purpose in past.versions}
        rows = [
            (day, purpose, one["feature"], one["gain"])
            for purpose, ranker in trained.items()
            for one in ranker.card.get("importances", [])
        ]
        files = {f"{purpose}.txt": ranker.model.encode() for purpose, ranker in trained.items() if ranker.model}
        card = {"as_of_date": day.isoformat(), "data": past.inputs(shop.lake(), day)}
        card |= {purpose: ranker.card for purpose, ranker in trained.items()}
        files[CARD] = json.dumps(card, indent=1).encode()
        frame = pl.DataFrame(rows, schema=_IMPORTANCES, orient="row")
        return {RANKER: Made(frame, files, _shown(trained))}

    return [LakePass("models__ranker", [table], compute, frozenset({"lightgbm"}))]


class Past:
    """The closed weeks that a ranker learns from: pools of one version, each with the features of its own day."""

    def __init__(self, settings: Settings, features: Sequence[FeatureTable]) -> None:
        self._settings, self._features = settings, features
        self.versions = {p: config_hash(dict(pool_config(settings, s))) for p, s in purpose_specs(settings).items()}

    def settings(self, purpose: Purpose) -> RankerSettings:
        """``[ranker.<purpose>]`` of aisle.toml. ConfigError names the field."""
        return self._settings.section(f"ranker.{purpose}", RankerSettings)

    def days(self, lake: Lake, day: date) -> list[date]:
        """As-of days whose pools of every purpose were made by the channels as they are configured now."""
        span = {"since": day - timedelta(days=WINDOW_DAYS), "until": day}
        usable = set(lake.days(DIMS[0], **span))
        for purpose, version in self.versions.items():
            infos = {d: lake.info(f"pools/{purpose}", d) for d in lake.days(f"pools/{purpose}", **span)}
            usable &= {d for d, info in infos.items() if info and info.config_hash == version}
        for table in (f.table for f in self._features if f.entity.startswith("user_")):
            usable -= set(deleted_days(lake, table, **span))
        return closed_weeks(usable, day)

    def features(self, lake: Lake, days: Sequence[date]) -> list[FeatureTable]:
        """The feature tables that have a snapshot for each of the days."""
        return [f for f in self._features if all(lake.info(f.table, day) for day in days)]

    def inputs(self, lake: Lake, day: date) -> dict[str, str]:
        """Content hash of every partition that the ranker of ``day`` is trained on, as ``table@day``."""
        days = self.days(lake, day)
        tables = [*(f"pools/{p}" for p in self.versions), *DIMS, *(f.table for f in self.features(lake, days))]
        infos = {f"{table}@{past}": lake.info(table, past) for past in days for table in tables}
        return {name: info.content_hash for name, info in infos.items() if info}

    def train(self, shop: ShopResource, purpose: Purpose, day: date) -> Ranker:
        lake = shop.lake()
        days = self.days(lake, day)
        features = self.features(lake, days)
        weeks = self.weeks(lake, purpose, day)
        if len(weeks) < LEAST_WEEKS:
            why = f"{len(weeks)} of at least {LEAST_WEEKS} closed weeks can teach: lists keep the order of the pools"
            return Ranker("", {"trained": False, "why": why, "fix": f"aisle bootstrap --as-of {day}"})
        names = self.columns(lake, purpose, day)
        ranker = train_ranker(weeks, names, self.settings(purpose), compared_with=POOL_ORDER, threads=shop.threads)
        tables = [feature.table for feature in features]
        told: dict[str, Any] = {
            "trained": True,
            "tables": tables,
            "left_out": sorted({feature.table for feature in self._features} - set(tables)),
            "mixed_code": mixed_code(lake, [f"pools/{purpose}", *tables], days),
        }
        return Ranker(ranker.model, told | dict(ranker.card))

    def weeks(self, lake: Lake, purpose: Purpose, day: date) -> list[Week]:
        """The closed weeks that can teach the ranker of ``day``, oldest first."""
        days = self.days(lake, day)
        features = self.features(lake, days)
        return teaching_weeks([self._week(lake, purpose, past, day, features) for past in days])

    def columns(self, lake: Lake, purpose: Purpose, day: date) -> list[str]:
        """Names of what the ranker of ``day`` sees of a candidate."""
        days = self.days(lake, day)
        return feature_names(lake.read(f"pools/{purpose}", days[-1]).clear(), features_of(self.features(lake, days)))

    def _week(self, lake: Lake, purpose: Purpose, day: date, known_by: date, features: Sequence[FeatureTable]) -> Week:
        """One past day's candidates with their labels; their features are read when they are asked for."""
        (history,) = frames_as_of(lake, [LABELS], known_by)
        dim_item, dim_user = frames_as_of(lake, DIMS, day)
        # suspects of the day of the training: what was not yet known on the day of the pool is left out too
        suspects = dim_user.join(lake.read(SUSPECTS, known_by, ["user_id"]), on="user_id", how="semi")["user_code"]
        is_taught = ~pl.col("user_code").is_in(suspects.implode())
        pairs = lake.read(f"pools/{purpose}", day, ["user_code", "item_code"]).filter(is_taught)
        bought = bought_next(history, dim_item, dim_user, day=day, known_by=known_by)

        def gather(keep: np.ndarray) -> np.ndarray:
            pool = lake.read(f"pools/{purpose}", day).filter(is_taught).filter(pl.Series(keep))
            return candidate_rows(pool, snapshot_of(lake, day, features, users=pool["user_code"]))

        return Week(day, labels(pairs, bought), pairs["user_code"].to_numpy(), gather)


def mixed_code(lake: Lake, tables: Sequence[str], days: Sequence[date]) -> list[str]:
    """The tables whose partitions of the days were made by different code: what they teach may differ too."""
    infos = {table: [lake.info(table, day) for day in days] for table in tables}
    return [table for table, of_days in infos.items() if len({info.code_version for info in of_days if info}) > 1]


def snapshot_of(lake: Lake, day: date, features: Sequence[FeatureTable], *, users: pl.Series | None = None) -> Snapshot:
    """The day's feature tables, ready to be joined to candidates; of ``users`` (codes) alone where they are given."""
    dim_item, dim_user = frames_as_of(lake, DIMS, day)
    frames = {feature.table: lake.read(feature.table, day) for feature in features}
    if users is not None:
        asked = dim_user.filter(pl.col("user_code").is_in(users.unique().implode())).select("user_id")
        frames = {
            table: frame.join(asked, on="user_id", how="semi") if "user_id" in frame.columns else frame
            for table, frame in frames.items()
        }
    return Snapshot(features, frames, dim_item=dim_item, dim_user=dim_user)


def _shown(trained: Mapping[Purpose, Ranker]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for purpose, ranker in trained.items():
        shown[f"{purpose}_trees"] = ranker.card.get("trees", 0)
        if "judged" in ranker.card:
            shown[f"{purpose}_judged_ndcg@10"] = ranker.card["judged"]["ranker"]["ndcg@10"]
    return shown
