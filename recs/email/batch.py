"""One batch: a campaign's audience, parted into those who get a mail, with its items, and those who do not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from recs.email.draw import SOURCES, candidates, drawn_items
from recs.email.errors import EmailError
from recs.email.rules import SKIPPED, held_back
from recs.email.spec import CampaignSpec
from recs.email.text import clean, is_clean
from recs.identity import PLAIN, Identity
from recs.policies.reasons import sentence
from recs.policies.titles import title_codes

PRICE: Any = pl.Decimal(18, 2)  # in whole cents; a median of what was paid may lie between two
MAILS = pl.Schema(
    {
        "user_id": pl.String,
        "slot": pl.UInt16,
        "item_id": pl.String,
        "title": pl.String,
        "price": PRICE,
        "currency": pl.String,
        "url": pl.String,
        "image_url": pl.String,
        "reason": pl.String,
    }
)


@dataclass(frozen=True)
class Batch:
    """``mails``: ``MAILS``, sorted by user_id, slot. ``skipped``: user_id, rule, detail, sorted by user_id."""

    mails: pl.DataFrame
    skipped: pl.DataFrame

    @property
    def sent(self) -> int:
        return self.mails["user_id"].n_unique()


def email_batch(
    spec: CampaignSpec,
    members: pl.DataFrame,
    lists: Mapping[str, pl.DataFrame],
    *,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    bought: pl.DataFrame,
    mailed: pl.DataFrame,
    send_date: date,
    identity: Identity = PLAIN,
    members_at_once: int = 10_000,
) -> Batch:
    """The mails of one send date. EmailError unless audience = sent + skipped.

    members: user_id, each once. lists: surface tables by name. bought: user_id, item_id of what was bought lately.
    mailed: send_date, user_id, item_id of the campaign's earlier batches. dim_item may have a ``url``. User ids are
    internal, here and in what is returned.
    """
    held = held_back(members, spec, mailed=mailed, send_date=send_date, identity=identity)
    asked = members.join(held, on="user_id", how="anti").sort("user_id")
    asked = asked.join(dim_user.select("user_id", "region"), on="user_id", how="left", maintain_order="left")
    asked = asked.with_columns(list_code=pl.int_range(pl.len(), dtype=pl.Int32))
    items, left_out = _items(dim_item), _left_out(spec, bought, mailed, send_date)
    mails, skipped = [pl.DataFrame(schema=MAILS)], [held]
    for start in range(0, asked.height, members_at_once):  # a bounded number of lists in memory at a time
        drawn, short = _drawn(asked.slice(start, members_at_once), lists, spec, items, left_out)
        mails.append(_worded(drawn, asked, items))
        skipped.append(short)
    batch = Batch(pl.concat(mails), pl.concat(skipped).cast(SKIPPED).sort("user_id"))
    check_everyone(members, batch)
    return batch


def check_everyone(members: pl.DataFrame, batch: Batch) -> None:
    """EmailError unless every member is either sent a mail or skipped, once."""
    told = pl.concat([batch.mails.select("user_id").unique(), batch.skipped.select("user_id")])
    if not told["user_id"].sort().equals(members["user_id"].sort()):
        raise EmailError(
            f"{members.height} members of the audience are not {batch.sent} sent + {batch.skipped.height} skipped",
            "report this: no batch was written",
        )


def _items(dim_item: pl.DataFrame) -> pl.DataFrame:
    """item_id, title_code, what a mail says of the item, ``is_shown``: it may be recommended and can be written."""
    texts = ("title", "category_l2", "currency", "url", "image_url")
    dim_item = dim_item if "url" in dim_item.columns else dim_item.with_columns(url=pl.lit(None, pl.String))
    told = dim_item.with_columns(*(clean(name) for name in texts))
    price = pl.col("price").cast(pl.Decimal(18, 4)).round(2, mode="half_away_from_zero").cast(PRICE)
    shown = pl.col("is_recommendable") & pl.col("title").is_not_null() & is_clean("item_id")
    told = told.select("item_id", "item_code", *texts, price=price, is_shown=shown)
    return told.join(title_codes(told), on="item_code", how="left").drop("item_code")


def _left_out(spec: CampaignSpec, bought: pl.DataFrame, mailed: pl.DataFrame, send_date: date) -> pl.DataFrame:
    since = send_date - timedelta(days=spec.not_sent_days or 0)
    sent = mailed.filter((pl.col("send_date") >= since) & (pl.col("send_date") < send_date))
    parts = [bought.select("user_id", "item_id")] if spec.not_bought_days else []
    parts += [sent.select("user_id", "item_id")] if spec.not_sent_days else []
    return pl.concat([bought.select("user_id", "item_id").clear(), *parts]).unique()


def _drawn(
    asked: pl.DataFrame,
    lists: Mapping[str, pl.DataFrame],
    spec: CampaignSpec,
    items: pl.DataFrame,
    left_out: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Most mails are full with the shopper's own lists, so everybody's lists are asked only for the others."""
    shown = items.filter("is_shown").select("item_id", "title_code")
    without = asked.select("list_code", "user_id").join(left_out, on="user_id").select("list_code", "item_id")
    full, _ = drawn_items(candidates(asked, lists, spec, SOURCES[:1]), asked, spec, items=shown, left_out=without)
    full = full.filter(pl.len().over("list_code") == spec.items)
    rest = asked.join(full, on="list_code", how="anti", maintain_order="left")
    others, short = drawn_items(candidates(rest, lists, spec, SOURCES), rest, spec, items=shown, left_out=without)
    return pl.concat([full, others]), short


def _worded(drawn: pl.DataFrame, asked: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """``MAILS`` of the drawn items, each reason as the sentence that a reader gets."""
    seeds = items.select(reason_item_id="item_id", seed_title="title")
    rows = (
        drawn.join(asked.select("list_code", "user_id"), on="list_code")
        .join(items, on="item_id")
        .join(seeds, on="reason_item_id", how="left")
    )
    cases = rows.select("reason", "seed_title", "category_l2").unique()
    words = [sentence(code, item=seed, category=category) for code, seed, category in cases.iter_rows()]
    said = cases.with_columns(words=pl.Series(words, dtype=pl.String))
    rows = rows.join(said, on=["reason", "seed_title", "category_l2"], nulls_equal=True)
    return rows.with_columns(reason="words").select(MAILS.names()).cast(MAILS).sort("user_id", "slot")
