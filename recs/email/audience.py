"""Whom a campaign is for, before any rule holds a mail back."""

import hashlib
from datetime import date, datetime, time, timedelta

import polars as pl

from recs.email.spec import AudienceSpec

MEMBERSHIP_COLUMNS = ("campaign_id", "user_id", "starts_date", "ends_date", "known_at", "arrival_date", "arrival_hour")


def audience(memberships: pl.DataFrame, spec: AudienceSpec, *, as_of: date, send_date: date) -> pl.DataFrame:
    """user_id of every member, each once, sorted.

    memberships: ``MEMBERSHIP_COLUMNS``, one row per campaign and shopper and time it was told; what arrived or became
    known after ``as_of`` is ignored, and the newest row says a campaign's dates.
    """
    end_of_day = datetime.combine(as_of + timedelta(days=1), time())
    known = memberships.filter((pl.col("arrival_date") <= as_of) & (pl.col("known_at") < end_of_day))
    newest = known.sort("arrival_date", "arrival_hour", "known_at", "starts_date", "ends_date").unique(
        ["campaign_id", "user_id"], keep="last"
    )
    if spec.campaigns == "active":
        newest = newest.filter((pl.col("starts_date") <= send_date) & (pl.col("ends_date") >= send_date))
    return newest.select("user_id").unique().sort("user_id")


def is_held_out(user_id: str, *, campaign: str, pct: float) -> bool:
    """Whether a shopper belongs to the ``pct`` percent who never get the campaign; the same answer on every day."""
    place = int.from_bytes(hashlib.sha256(f"{campaign}\0{user_id}".encode()).digest()[:8], "big")
    return place < pct / 100 * 2**64
