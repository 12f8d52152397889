"""What a batch reads from the lake, all as of one day, and the hashes that say whether it has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from recs.email.audience import MEMBERSHIP_COLUMNS, audience
from recs.email.errors import EmailError
from recs.email.spec import CampaignSpec
from recs.history import net
from recs.lake import Lake

MEMBERSHIPS = "raw/campaign_audiences"
HISTORY = "facts/fct_user_item_daily"
DIM_ITEM, DIM_USER = "features/dim_item", "features/dim_user"


@dataclass(frozen=True)
class Tables:
    """The frames of ``recs.email.batch.email_batch``."""

    members: pl.DataFrame
    lists: Mapping[str, pl.DataFrame]
    dim_item: pl.DataFrame
    dim_user: pl.DataFrame
    bought: pl.DataFrame


def list_tables(spec: CampaignSpec) -> list[str]:
    """Lake tables of the surfaces that the campaign draws from."""
    return [f"surfaces/{drawn.name}" for drawn in spec.surfaces]


def newest_lists(lake: Lake, spec: CampaignSpec, *, before: date) -> date:
    """The newest as-of day before ``before`` that has all the campaign's lists. EmailError when no day has."""
    wanted = before - timedelta(days=1)
    common = set.intersection(*(set(lake.days(table, until=wanted)) for table in list_tables(spec)))
    if not common:
        raise EmailError(f"there are no lists of a day before {before}", "make them: aisle run daily --partition DAY")
    return max(common)


def batch_inputs(lake: Lake, spec: CampaignSpec, as_of: date) -> dict[str, str]:
    """Content hash by table of all that the mails are made of. EmailError when a table lacks the day."""
    found = {}
    for table in (*list_tables(spec), DIM_ITEM, DIM_USER):
        info = lake.info(table, as_of)
        if info is None:
            raise EmailError(f"{table} has no partition {as_of}", f"run: aisle run daily --partition {as_of}")
        found[table] = info.content_hash
    found[MEMBERSHIPS] = lake.inputs_hash(MEMBERSHIPS, until=as_of)
    if spec.not_bought_days:
        found[HISTORY] = lake.inputs_hash(HISTORY, until=as_of, since=_bought_since(spec, as_of))
    return found


def batch_tables(lake: Lake, spec: CampaignSpec, *, as_of: date, send_date: date) -> Tables:
    """The frames of one batch. LakeError when a table is missing."""
    told = lake.read_window(MEMBERSHIPS, until=as_of, columns=list(MEMBERSHIP_COLUMNS))
    return Tables(
        members=audience(told, spec.audience, as_of=as_of, send_date=send_date),
        lists={drawn.name: lake.read(f"surfaces/{drawn.name}", as_of) for drawn in spec.surfaces},
        dim_item=lake.read(DIM_ITEM, as_of),
        dim_user=lake.read(DIM_USER, as_of),
        bought=_bought(lake, spec, as_of),
    )


def _bought(lake: Lake, spec: CampaignSpec, as_of: date) -> pl.DataFrame:
    """user_id, item_id bought in the last ``not_bought_days`` days, none without that rule."""
    since = _bought_since(spec, as_of)
    columns = ["arrival_date", "user_id", "item_id", "event_date", "purchase_count"]
    facts = net(lake.read_window(HISTORY, until=as_of, since=since, columns=columns))  # none arrives before its day
    lately = (pl.col("event_date") >= since) & (pl.col("event_date") <= as_of)
    return facts.filter(lately & (pl.col("purchase_count") > 0)).select("user_id", "item_id")


def _bought_since(spec: CampaignSpec, as_of: date) -> date:
    """The first of the days that end with ``as_of``; the day after it when there is no such rule."""
    return as_of - timedelta(days=(spec.not_bought_days or 0) - 1)
