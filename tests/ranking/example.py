"""Weeks of made-up candidates in which one column tells, a little noisily, what will be bought."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from recs.ranking.train import RankerSettings, Week

SHOP = Path(__file__).parents[2] / "config" / "aisle.toml"
FEATURES = ("noise_a", "planted", "noise_b")
FIRST = date(2026, 1, 5)
SMALL = {"learning_rate": 0.2, "leaves": 4, "min_rows_in_leaf": 5, "feature_share": 1.0, "l2": 1.0, "truncation": 10}
SMALL |= {"most_trees": 30, "patience": 5, "negatives": 6, "shoppers": 500, "bins": 63, "seed": 7}
# over the shop's own section, so that one setting more is no change here
SETTINGS = msgspec.convert(tomllib.loads(SHOP.read_text())["ranker"]["discover"] | SMALL, RankerSettings)


def week(number: int, shoppers: int = 40, candidates: int = 12, seed: int = 0) -> Week:
    """A quarter of the shoppers buys nothing; the others buy two of their candidates."""
    draw = np.random.default_rng([seed, number])
    users = np.repeat(np.arange(shoppers, dtype=np.int32), candidates)
    rows = draw.normal(size=(len(users), len(FEATURES))).astype(np.float32)
    told = (rows[:, 1] + draw.normal(scale=0.3, size=len(users))).reshape(shoppers, candidates)
    labels = told >= np.sort(told, axis=1)[:, -2:-1]
    labels[::4] = False
    return Week(FIRST + timedelta(days=7 * number), labels.ravel(), users, lambda keep: rows[keep])


def weeks(count: int) -> list[Week]:
    return [week(number) for number in range(count)]


def values(one: Week) -> np.ndarray:
    """The features of all candidates."""
    return one.gather(np.full(len(one.users), True))


def ndcg(one: Week, scores: np.ndarray, k: int) -> float:
    """Mean NDCG@k over the shoppers who bought, one shopper after the other; equal scores keep their order."""
    found = []
    for user in sorted(set(one.users[one.labels].tolist())):
        mine = [(-score, n) for n, score in enumerate(scores.tolist()) if one.users[n] == user]
        gains = [float(one.labels[n]) for _, n in sorted(mine)]
        value = sum(gain / np.log2(place + 2) for place, gain in enumerate(gains[:k]))
        best = sum(gain / np.log2(place + 2) for place, gain in enumerate(sorted(gains, reverse=True)[:k]))
        found.append(value / best)
    return float(np.mean(found))
