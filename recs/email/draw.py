"""What a mail may hold and what it holds: items of the surfaces' lists, a shopper's own before everybody's."""

from collections.abc import Mapping, Sequence

import polars as pl

from recs.email.rules import BOUGHT_OR_SENT, MIN_ITEMS, SKIPPED, TOO_FEW_ITEMS, UNAVAILABLE
from recs.email.spec import CampaignSpec
from recs.policies.caps import first_of_list, within_slots
from recs.policies.titles import new_titles

SOURCES = ("user", "region", "global")  # as a lookup falls back: each is a tier, 0 the shopper's own
_KEYS = {"user": pl.col("user_id"), "region": pl.col("region"), "global": pl.lit("")}


def candidates(
    members: pl.DataFrame, lists: Mapping[str, pl.DataFrame], spec: CampaignSpec, sources: Sequence[str]
) -> pl.DataFrame:
    """list_code, surface_order, tier (u8), position, item_id, reason, reason_item_id: best first within each.

    members: list_code, user_id, region. lists: surface tables by name, ``recs.surfaces.assemble.SCHEMA``.
    """
    parts = []
    for order, drawn in enumerate(spec.surfaces):
        for tier, source in enumerate(SOURCES[: len(sources)]):
            rows = lists[drawn.name].filter((pl.col("source") == source) & (pl.col("variant") == "base"))
            keyed = members.select("list_code", key=_KEYS[source])
            parts.append(
                keyed.join(rows.select("key", "position", "item_id", "reason", "reason_item_id"), on="key")
                .drop("key")
                .with_columns(surface_order=pl.lit(order, dtype=pl.UInt8), tier=pl.lit(tier, dtype=pl.UInt8))
            )
    return pl.concat(parts).sort("list_code", "tier", "surface_order", "position")


def drawn_items(
    found: pl.DataFrame,
    members: pl.DataFrame,
    spec: CampaignSpec,
    *,
    items: pl.DataFrame,
    left_out: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The mails' items (list_code, slot u16 from 1, item_id, reason, reason_item_id) and who gets none (``SKIPPED``).

    found: of ``candidates``. members: list_code, user_id. items: item_id, title_code of what may be shown.
    left_out: list_code, item_id of what a shopper has bought or was sent lately. A shopper left with fewer than
    ``min_items`` items after a rule is skipped by that rule.
    """
    offered = found
    lately = offered.join(left_out, on=["list_code", "item_id"], how="anti", maintain_order="left")
    shown = lately.join(items, on="item_id", maintain_order="left")
    taken = _filled(shown, spec)
    steps = (
        (TOO_FEW_ITEMS, offered, "on their lists"),
        (BOUGHT_OR_SENT, lately, _lately(spec)),
        (UNAVAILABLE, shown, "left that can be shown"),
        (MIN_ITEMS, taken, "left that read differently"),
    )
    skipped = [_short(members, rows, spec.min_items, rule, words) for rule, rows, words in steps]
    first = pl.concat(skipped).unique("user_id", keep="first", maintain_order=True).sort("user_id")
    kept = members.join(first, on="user_id", how="anti").select("list_code")
    slot = pl.int_range(1, pl.len() + 1).over("list_code").cast(pl.UInt16)
    mails = taken.join(kept, on="list_code", how="semi", maintain_order="left").with_columns(slot=slot)
    return mails.select("list_code", "slot", "item_id", "reason", "reason_item_id"), first


def _filled(shown: pl.DataFrame, spec: CampaignSpec) -> pl.DataFrame:
    """Nearest lists first: surfaces take turns up to their quotas; then, again in order, each gives what it has."""
    taken = shown.clear()
    for tier in range(len(SOURCES)):
        for quotas in ([drawn.quota for drawn in spec.surfaces], [None] * len(spec.surfaces)):
            for order, quota in enumerate(quotas):
                turn = shown.filter((pl.col("tier") == tier) & (pl.col("surface_order") == order))
                if turn.height:
                    turn = first_of_list(new_titles(turn, taken), quota)
                    taken = pl.concat([taken, within_slots(turn, taken, spec.items)])
    return taken


def _short(members: pl.DataFrame, rows: pl.DataFrame, needed: int, rule: str, words: str) -> pl.DataFrame:
    left = rows.group_by("list_code").agg(left=pl.col("item_id").n_unique())
    counted = members.join(left, on="list_code", how="left", maintain_order="left").with_columns(
        pl.col("left").fill_null(0)
    )
    return (
        counted.filter(pl.col("left") < needed)
        .select(
            "user_id",
            rule=pl.lit(rule),
            detail=pl.format("{} items {}, {} needed", "left", pl.lit(words), pl.lit(needed)),
        )
        .cast(SKIPPED)
    )


def _lately(spec: CampaignSpec) -> str:
    bought = f"bought in the last {spec.not_bought_days} days" if spec.not_bought_days else ""
    sent = f"sent in the last {spec.not_sent_days} days" if spec.not_sent_days else ""
    return "left without those " + " or ".join(filter(None, (bought, sent)))
