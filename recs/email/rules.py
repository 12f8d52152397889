"""Rules that hold a whole mail back, in the order in which they are asked; the first that applies is the one told."""

from datetime import date, timedelta

import polars as pl

from recs.email.audience import is_held_out
from recs.email.spec import CampaignSpec
from recs.email.text import is_clean
from recs.identity import PLAIN, Identity
from recs.identity.frames import with_shop_ids

SKIPPED = pl.Schema({"user_id": pl.String, "rule": pl.String, "detail": pl.String})

UNUSABLE_ID = "unusable_id"
FREQUENCY_CAP = "frequency_cap"
HOLD_OUT = "hold_out"
TOO_FEW_ITEMS = "too_few_items"
BOUGHT_OR_SENT = "bought_or_sent"
UNAVAILABLE = "unavailable"
MIN_ITEMS = "min_items"

# in their order. Suppression and consent stand before the frequency cap once a shop's contracts hold such tables
RULES = {
    UNUSABLE_ID: "the id has control characters, or reads as a missing value",
    FREQUENCY_CAP: "mailed too lately (every_days)",
    HOLD_OUT: "held out to measure the campaign (hold_out_pct)",
    TOO_FEW_ITEMS: "the lists hold too few items (min_items)",
    BOUGHT_OR_SENT: "too few items are left that were not bought or sent lately",
    UNAVAILABLE: "too few items are left that can be shown",
    MIN_ITEMS: "too few items are left that read differently",
}


def held_back(
    members: pl.DataFrame, spec: CampaignSpec, *, mailed: pl.DataFrame, send_date: date, identity: Identity = PLAIN
) -> pl.DataFrame:
    """Members whose mail is held back whatever it would hold (``SKIPPED``), sorted by user_id.

    members: user_id. mailed: send_date, user_id, item_id of the campaign's earlier batches. identity: whose shop's ids
    must be usable, since those are what a sender reads.
    """
    usable = with_shop_ids(members, identity).select(is_clean("user_id")).to_series()
    told = [
        members.filter(~usable).with_columns(rule=pl.lit(UNUSABLE_ID), detail=pl.lit(RULES[UNUSABLE_ID])),
        _capped(members, spec, mailed, send_date),
        _held_out(members, spec),
    ]
    first = pl.concat([rows.select(SKIPPED.names()).cast(SKIPPED) for rows in told])
    return first.unique("user_id", keep="first", maintain_order=True).sort("user_id")


def _capped(members: pl.DataFrame, spec: CampaignSpec, mailed: pl.DataFrame, send_date: date) -> pl.DataFrame:
    if spec.every_days is None:
        return pl.DataFrame(schema=SKIPPED)
    since = send_date - timedelta(days=spec.every_days)
    last = mailed.filter((pl.col("send_date") > since) & (pl.col("send_date") < send_date))
    last = last.group_by("user_id").agg(pl.col("send_date").max())
    again = pl.col("send_date") + timedelta(days=spec.every_days)
    return members.join(last, on="user_id").with_columns(
        rule=pl.lit(FREQUENCY_CAP),
        detail=pl.format("mailed on {}, again from {}", pl.col("send_date").cast(pl.String), again.cast(pl.String)),
    )


def _held_out(members: pl.DataFrame, spec: CampaignSpec) -> pl.DataFrame:
    if spec.hold_out_pct == 0:
        return pl.DataFrame(schema=SKIPPED)
    chosen = [is_held_out(user, campaign=spec.campaign, pct=spec.hold_out_pct) for user in members["user_id"]]
    return members.filter(pl.Series(chosen, dtype=pl.Boolean)).with_columns(
        rule=pl.lit(HOLD_OUT), detail=pl.lit(f"one of the {spec.hold_out_pct:g} % who never get it")
    )
