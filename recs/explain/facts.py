"""The facts behind one item of one list: where it stands, what makes its reason true, the landed lines of both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from recs.explain.released import ReleasedList
from recs.explain.replay import Replay
from recs.explain.sources import catalogue_line, event_lines, landed_files, promotion_lines
from recs.lake import Lake
from recs.policies.reasons import FEATURED, sentence
from recs.surfaces.candidates import RANKING, fillers
from recs.surfaces.keys import TIERS


def standing(asked: ReleasedList, about: Mapping[str, Any], row: Mapping[str, Any], again: Replay) -> dict[str, Any]:
    """Where the item stands and why, and what put it there: the ranking, or a channel and for whom it proposes.

    about: the item's row of dim_item; row: its row of the list.
    """
    filled = again.filled.filter(pl.col("item_code") == about["item_code"]).to_dicts()[0]
    filler = fillers(asked.spec)[filled["channel_order"]][0]
    tiers = TIERS[asked.key["source"]]
    because_of = asked.item_of(filled["reason_item_code"])
    title = because_of["title"] if because_of else None
    return {
        "position": row["position"],
        "score": row["score"],
        "filled_by": filler,
        "channel": row["channel"],
        "entity": None if filler == RANKING else tiers[filled["tier"]][0],
        "rank": filled["rank"],
        "reason": {
            "code": row["reason"],
            "text": sentence(row["reason"], item=title, category=about["category_l2"]),
            "item_id": row["reason_item_id"],
        },
    }


def facts_of(
    asked: ReleasedList,
    about: Mapping[str, Any],
    shown: Mapping[str, Any] | None,
    candidate: Mapping[str, Any] | None,
    user: str,
) -> dict[str, Any]:
    """What makes the item's reason true, and the lines behind it. candidate: it in the shopper's pool, if any."""
    lake, day, item_id = asked.lake, asked.day, about["item_id"]
    reason_id = shown["reason"]["item_id"] if shown else (candidate or {}).get("reason_item_id")
    facts: dict[str, Any] = {
        "item_id": item_id,
        "catalogue": catalogue_line(lake, item_id=item_id, until=day),
        "own_events": event_lines(lake, user_id=user, item_id=item_id, until=day) if user else None,
        "reason_item_id": reason_id,
        "reason_title": asked.item(reason_id)["title"] if reason_id else None,
        "reason_events": event_lines(lake, user_id=user, item_id=reason_id, until=day) if user and reason_id else None,
        "promotions": None,
    }
    if shown is None:
        return facts
    if shown["filled_by"] == RANKING and candidate:
        facts |= {"channel": candidate["channel"], "entity": candidate["entity"]}
        facts["listed_at"] = candidate["listed_at"][candidate["channel"]]
    else:
        facts |= {"channel": shown["channel"], "entity": shown["entity"], "listed_at": shown["rank"]}
    if shown["reason"]["code"] == FEATURED:
        facts["promotions"] = promotion_lines(lake, item_id=item_id, until=day)
    beside = reason_id or (asked.key["key"] if asked.key["source"] == "item" else None)
    facts["baskets"] = _baskets(asked, item_id, beside) if beside else None
    return facts


def source_lines(lake: Lake, landing: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The lines of ``facts_of``, and whether the landed files that hold them are still what was read."""
    events = [facts[name] for name in ("own_events", "reason_events") if facts[name]]
    tables = {
        "raw/events": [line for one in events for line in one["lines"]],
        "raw/items": facts["catalogue"]["lines"],
        "raw/promotions": (facts["promotions"] or {"lines": []})["lines"],
    }
    leads = {"item_id": facts["reason_item_id"], "title": facts["reason_title"], "events": facts["reason_events"]}
    return {
        "landing": str(landing),
        "item": {"item_id": facts["item_id"], "catalogue": facts["catalogue"], "events": facts["own_events"]},
        "reason_item": leads if facts["reason_item_id"] else None,
        "promotions": facts["promotions"],
        "files": [one for table, lines in tables.items() for one in landed_files(lake, landing, table, lines)],
    }


def _baskets(asked: ReleasedList, one: str, other: str) -> int | None:
    """Baskets of the last 364 days that held both items."""
    rows = asked.lake.read("features/feat_item_pair", asked.day)
    pair = sorted((one, other))
    found = rows.filter(pl.col("item_id").is_in(pair) & pl.col("other_item_id").is_in(pair))
    return max(found["basket_count_364d"].to_list(), default=None)
