"""What a leak is worth: rankers whose past weeks hold features of a week later, judged as they look and as they serve.

Run it in a shop that has a ranker: ``python -m benchmarks.leak``; it reads the lake of AISLE_HOME.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from assets.ranker import DIMS, LABELS, Past
from assets.reading import frames_as_of
from orchestration.dbt_project import load_manifest
from orchestration.settings import Settings, load_settings
from recs.lake import Lake
from recs.pools import Purpose
from recs.ranking.features import FeatureTable, Snapshot
from recs.ranking.rows import candidate_rows
from recs.ranking.train import (
    Rows,
    Week,
    of_buyers,
    shopper_ndcg,
    stopped,
    taught_candidates,
    teaching_weeks,
)
from recs.ranking.weeks import bought_next, labels

HONEST, LEAKY = 0, 7  # days by which the features of a training row are too new


def ndcgs(settings: Settings, purpose: Purpose, day: date) -> dict[str, float]:
    """NDCG@10 within the pools of the last closed week."""
    import lightgbm as lgb

    lake, past = Lake(settings.lake), Past(settings, load_manifest().feature_tables())
    days, asked = past.days(lake, day), past.settings(purpose)
    features = past.features(lake, [*days, day])
    columns = past.columns(lake, purpose, day)
    rows: dict[int, list[Rows]] = {}
    for late in (HONEST, LEAKY):
        weeks = teaching_weeks([_week(lake, purpose, one, day, features, late) for one in days])
        rows[late] = [week.rows(taught_candidates(week, asked)) for week in weeks[:-2]]
        rows[late] += [week.rows(of_buyers(week)) for week in weeks[-2:]]
    found = {}
    for name, taught, judged in (
        ("honest, as it looks and serves", HONEST, HONEST),
        ("leaky, as it looks", LEAKY, LEAKY),
        ("leaky, as it serves", LEAKY, HONEST),
    ):
        *known, stop = rows[taught][:-1]
        model, _ = stopped(lgb, known, stop, columns, asked, settings.threads)
        judge = rows[judged][-1]
        found[name] = float(np.mean(shopper_ndcg(judge, model.predict(judge.values), 10)))
    return found


def _week(lake: Lake, purpose: Purpose, day: date, known_by: date, features: Sequence[FeatureTable], late: int) -> Week:
    (history,) = frames_as_of(lake, [LABELS], known_by)
    dim_item, dim_user = frames_as_of(lake, DIMS, day)
    pool = lake.read(f"pools/{purpose}", day)
    bought = bought_next(history, dim_item, dim_user, day=day, known_by=known_by)

    def gather(keep: np.ndarray) -> np.ndarray:
        frames = {table.table: lake.read(table.table, day + timedelta(days=late)) for table in features}
        snapshot = Snapshot(features, frames, dim_item=dim_item, dim_user=dim_user)
        return candidate_rows(pool.filter(pl.Series(keep)), snapshot)

    return Week(day, labels(pool, bought), pool["user_code"].to_numpy(), gather)


def main() -> None:
    """Print the table of docs/why-point-in-time.md."""
    settings = load_settings()
    day = Lake(settings.lake).days("models/ranker")[-1]
    print(f"NDCG@10 within the pools of the week before {day}")
    purposes: tuple[Purpose, ...] = ("discover", "repeat")
    told = {purpose: ndcgs(settings, purpose, day) for purpose in purposes}
    for name in told["discover"]:
        print(f"{name:32}" + "".join(f"{purpose} {of[name]:.4f}  " for purpose, of in told.items()))


if __name__ == "__main__":
    main()
