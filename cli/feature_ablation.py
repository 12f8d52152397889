"""What each feature model is worth: rankers of past weeks without it, judged on the week after."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from orchestration.settings import Settings
from recs.errors import ConfigError

SEED = 7


def ablation(
    settings: Settings, as_of: date, weeks: int, advance: Callable[[str], None], only: Sequence[str] = ()
) -> dict[str, Any]:
    """NDCG@10 within the pools by purpose and by what was left out, over as many judged weeks.

    ``gain`` is what a group adds: NDCG@10 with everything less NDCG@10 without it, with its 95 % interval, shoppers
    drawn with all their weeks. ConfigError when the lake has too few weeks.
    """
    from recs.evaluation.intervals import mean_interval
    from recs.ranking.ablation import NOTHING

    asked = [as_of - timedelta(days=7 * n) for n in range(weeks)]
    rows = [row for day in asked for row in _judged(settings, day, advance, only)]
    document: dict[str, Any] = {"as_of_date": as_of, "judged_weeks": weeks, "purposes": {}}
    for purpose in sorted({row["purpose"] for row in rows}):
        frames = {(r["week"], r["left_out"]): r for r in rows if r["purpose"] == purpose}
        groups = list(dict.fromkeys(name for _, name in frames))
        told = []
        for name in groups:
            of_group = [(week, frames[week, NOTHING], frames[week, name]) for week in sorted(asked)]
            by_shopper = pl.concat(
                pl.DataFrame(
                    {"user_code": full["users"], "value": full["ndcg"] - less["ndcg"], "without": less["ndcg"]}
                ).with_columns(week=pl.lit(week))
                for week, full, less in of_group
            )
            gain = mean_interval(by_shopper, seed=SEED)
            told.append(
                {
                    "left_out": name,
                    "columns": of_group[-1][2]["columns"],
                    "trees": [less["trees"] for _, _, less in of_group],
                    "ndcg@10": float(np.mean(by_shopper["without"].to_numpy())),
                    "gain": gain.mean,
                    "gain_interval": [gain.lower, gain.upper],
                    "shoppers": by_shopper.height,
                }
            )
        document["purposes"][purpose] = told
    return document


def _judged(
    settings: Settings, day: date, advance: Callable[[str], None], only: Sequence[str]
) -> Iterator[dict[str, Any]]:
    from assets.ranker import Past
    from orchestration.dbt_project import load_manifest
    from recs.lake import Lake
    from recs.ranking.ablation import ablated, groups_of
    from recs.ranking.train import LEAST_WEEKS

    lake, past = Lake(settings.lake), Past(settings, load_manifest().feature_tables())
    if len(past.days(lake, day)) < LEAST_WEEKS:
        raise ConfigError(f"{day} has fewer than {LEAST_WEEKS} closed weeks", f"run aisle bootstrap --as-of {day}")
    for purpose in past.versions:
        weeks, columns = past.weeks(lake, purpose, day), past.columns(lake, purpose, day)
        try:
            groups_of(columns, only)
        except ValueError as error:
            raise ConfigError(str(error), "name a model of aisle features list") from None
        for one in ablated(weeks, columns, past.settings(purpose), only=only, threads=settings.threads):
            advance(f"{day} {purpose} without {one.left_out}")
            yield {"purpose": purpose, "week": day, **one._asdict()}
