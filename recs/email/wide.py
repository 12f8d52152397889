"""The canonical shape of a batch: one row a recipient, their items side by side."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from recs.email.spec import CampaignSpec

ITEM_FIELDS = ("item_id", "title", "price", "currency", "url", "image_url", "reason")


def batch_columns(items: int) -> list[str]:
    """Column names of a batch whose mails hold up to ``items`` items."""
    places = [f"rec_{slot}_{field}" for slot in range(1, items + 1) for field in ITEM_FIELDS]
    return ["user_id", *places, "campaign", "send_date", "as_of_date", "release_id"]


def wide(
    mails: pl.DataFrame, spec: CampaignSpec, *, send_date: date, as_of: date, release_id: str | None
) -> pl.DataFrame:
    """``batch_columns``, sorted by user_id; places beyond a mail's last item are null. mails: of ``email_batch``."""
    rows = mails.select("user_id").unique().sort("user_id")
    for slot in range(1, spec.items + 1):
        names = {field: f"rec_{slot}_{field}" for field in ITEM_FIELDS}
        place = mails.filter(pl.col("slot") == slot).select("user_id", *ITEM_FIELDS).rename(names)
        rows = rows.join(place, on="user_id", how="left", maintain_order="left")
    rows = rows.with_columns(
        campaign=pl.lit(spec.campaign),
        send_date=pl.lit(send_date),
        as_of_date=pl.lit(as_of),
        release_id=pl.lit(release_id, pl.String),
    )
    return rows.select(batch_columns(spec.items))


def mail_items(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of one recipient's row, in order."""
    slots = range(1, sum(name.endswith("_item_id") for name in row) + 1)
    items = [{field: row[f"rec_{slot}_{field}"] for field in ITEM_FIELDS} for slot in slots]
    return [item for item in items if item["item_id"] is not None]
