"""How ``aisle demo`` ends: real lists, how good they were, and what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import out
from cli.recommend import lookup, show_answer
from orchestration.settings import Settings

SHOWN = 5


def show_demo(settings: Settings) -> None:
    """Print the lists that the endpoint would answer with."""
    users, items = _keys(settings, "buy_again", "user"), _keys(settings, "product_cross_sell", "item")
    for user in users:
        for surface in ("home", "buy_again"):
            answer = lookup(settings, {"surface": surface, "user_id": user, "count": str(SHOWN)})
            show_answer(f"\n{surface} of shopper {user}", answer)
    for item in items:
        for surface in ("product_similar", "product_cross_sell"):
            answer = lookup(settings, {"surface": surface, "item_id": item, "count": str(SHOWN)})
            show_answer(f"\n{surface} of product {item} ({_title(settings, item)})", answer)


def show_outcome(settings: Settings, judged: Mapping[str, Any]) -> None:
    """How good the lists were in the week after, what the email team can pull, and the next commands."""
    from cli.email import show_newest
    from cli.report import show_days

    out.print()
    if judged["evaluation"]:
        show_days(judged["evaluation"])
    show_newest(settings)
    user = _keys(settings, "buy_again", "user")[0]
    out.print("\nNext:")
    if judged["report"]:
        out.print(f"  the report    {judged['report']}  (open it in a browser)")
    out.print("  make ui       the Dagster UI: every table, its counts, and backfills")
    out.print("  make serve    the endpoint; then: " + _curl(user))
    out.print(f"  .venv/bin/aisle recommend --surface home --user {user}")


def _keys(settings: Settings, surface: str, source: str, most: int = 3) -> Sequence[str]:
    """Keys spread evenly over those whose lists are full."""
    import polars as pl

    from recs.lake import Lake

    lake = Lake(settings.lake)
    rows = lake.read(f"surfaces/{surface}", max(lake.days(f"surfaces/{surface}")), ["source", "key", "position"])
    lists = rows.filter(pl.col("source") == source).group_by("key").len().sort(["len", "key"], descending=[True, False])
    full = lists.filter(pl.col("len") == lists["len"].max())["key"].to_list()
    return full[:: max(1, len(full) // most)][:most]


def _title(settings: Settings, item: str) -> str:
    import polars as pl

    from recs.lake import Lake

    lake = Lake(settings.lake)
    items = lake.read("features/dim_item", max(lake.days("features/dim_item")), ["item_id", "title"])
    return str(items.filter(pl.col("item_id") == item)["title"].first())


def _curl(user: str) -> str:
    return f"curl 'http://127.0.0.1:8787/v1/recommendations?surface=home&user_id={user}&count=3'"
