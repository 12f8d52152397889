"""Lists of a few real shoppers with what they then bought marked: the part of a report that people read first."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from recs.lake import Lake
from recs.policies.reasons import sentence

SHOPPERS = 5
PLACES = 10


def sample_lists(lake: Lake, day: date, surfaces: Sequence[str], truth: pl.DataFrame) -> list[dict[str, Any]]:
    """The first ``PLACES`` of each surface for ``SHOPPERS`` shoppers spread evenly over those who bought something.

    truth: user_code, item_code of what they bought in the week after. Rows: position, title, category, reason (a
    sentence), score, channel, bought.
    """
    items = lake.read("features/dim_item", day, ["item_code", "item_id", "title", "category_l2"])
    users = lake.read("features/dim_user", day, ["user_code", "user_id"])
    buyers = truth["user_code"].unique().sort()
    chosen = users.filter(pl.col("user_code").is_in(buyers.gather_every(max(1, len(buyers) // SHOPPERS)).implode()))
    bought = set(truth.join(users, on="user_code").join(items, on="item_code").select("user_id", "item_id").iter_rows())
    known = {row["item_id"]: row for row in items.iter_rows(named=True)}
    samples = []
    for user in chosen["user_id"].head(SHOPPERS):
        for surface in surfaces:
            lists = lake.read(f"surfaces/{surface}", day).filter((pl.col("source") == "user") & (pl.col("key") == user))
            rows = [
                {
                    "position": row["position"],
                    "title": known[row["item_id"]]["title"],
                    "category": known[row["item_id"]]["category_l2"],
                    "reason": _reason(row, known),
                    "score": round(row["score"], 4),
                    "channel": row["channel"],
                    "bought": (user, row["item_id"]) in bought,
                }
                for row in lists.sort("position").head(PLACES).iter_rows(named=True)
            ]
            samples.append({"user_id": user, "surface": surface, "rows": rows})
    return samples


def _reason(row: dict[str, Any], known: dict[str, dict[str, Any]]) -> str:
    seed = known.get(row["reason_item_id"], {}).get("title")
    return sentence(row["reason"], item=seed, category=known[row["item_id"]]["category_l2"])
