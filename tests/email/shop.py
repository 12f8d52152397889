"""A shop of nine items and a few shoppers, in a lake of its own, and a campaign for them."""

from datetime import date, datetime
from pathlib import Path

import msgspec
import polars as pl

from recs.email.batch import MAILS
from recs.email.export import Exported, export_batch
from recs.email.ledger import SENT, SendLedger
from recs.email.spec import AudienceSpec, CampaignSpec, SurfaceQuota
from recs.email.tables import batch_inputs, batch_tables
from recs.lake import Lake, Provenance
from recs.surfaces.assemble import SCHEMA

AS_OF, SEND = date(2026, 3, 9), date(2026, 3, 10)
SPEC = CampaignSpec(
    campaign="digest",
    title="Your week",
    audience=AudienceSpec("active"),
    surfaces=(SurfaceQuota("home", 2), SurfaceQuota("buy_again", 1)),
    items=3,
    min_items=2,
    destinations=("csv",),
)
TITLES = {
    "tea": "Tea",
    "milk": "Milk",
    "jam": 'Jam, "extra", 2 × 250 g',
    "cake": "Cake 🎂 fête",
    "dates": "تمر مجهول",
    "soap": "Soap <b>& water</b>",
    "fuel": "Fuel",
    "milk2": "MILK",
    "null": "None",
}
HIDDEN = ("fuel",)


def spec(**changes: object) -> CampaignSpec:
    return msgspec.structs.replace(SPEC, **changes)


def dim_item(titles: dict[str, str] = TITLES) -> pl.DataFrame:
    rows = [
        (AS_OF, code, item, title, "FOOD", "4.0650", "EUR", None, item not in HIDDEN)
        for code, (item, title) in enumerate(titles.items())
    ]
    names = ["as_of_date", "item_code", "item_id", "title", "category_l2", "price", "currency", "image_url"]
    frame = pl.DataFrame(rows, schema=[*names, "is_recommendable"], orient="row")
    return frame.with_columns(pl.col("price").cast(pl.Decimal(18, 4)), pl.col("image_url").cast(pl.String))


def dim_user(*users: str, region: str = "north") -> pl.DataFrame:
    return pl.DataFrame(
        {"user_id": users, "region": [region] * len(users)}, schema=dict.fromkeys(("user_id", "region"), pl.String)
    ).with_columns(as_of_date=pl.lit(AS_OF))


def lists(surface: str, rows: dict[tuple[str, str], str], reason: str = "popular") -> pl.DataFrame:
    """Lists of one surface: {(source, key): "tea milk"}; a shopper's own are because they bought tea."""
    found = []
    for (source, key), items in rows.items():
        own = source == "user" and reason == "popular"
        for position, item in enumerate(items.split(), start=1):
            why = ("because_you_bought", "tea") if own else (reason, None)
            found.append((AS_OF, surface, source, key, "base", position, item, 1.0, *why, "popular", 1.0))
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def users(*names: str) -> pl.DataFrame:
    return pl.DataFrame({"user_id": names}, schema={"user_id": pl.String})


def pairs(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"user_id": pl.String, "item_id": pl.String}, orient="row")


def mailed(*rows: tuple[date, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SENT, orient="row")


def shown(mails: pl.DataFrame) -> dict[str, str]:
    """{user: "tea milk"} in the mails' order."""
    assert mails.schema == MAILS
    found = mails.group_by("user_id", maintain_order=True).agg(pl.col("item_id").str.join(" "))
    return dict(found.iter_rows())


def write_lake(root: Path, *, members: int = 4, titles: dict[str, str] = TITLES) -> Lake:
    """A lake as of ``AS_OF``: u0, u1, ... are in a campaign that runs on the send date; u0 has bought milk."""
    lake, names = Lake(root), [f"u{n}" for n in range(members)]
    told = [("c1", name, AS_OF, date(2026, 4, 9), datetime(2026, 3, 9), AS_OF, 23) for name in names]
    columns = ["campaign_id", "user_id", "starts_date", "ends_date", "known_at", "arrival_date", "arrival_hour"]
    facts = {"user_id": ["u0"], "item_id": ["milk"], "event_date": [AS_OF], "purchase_count": [1]}
    items = " ".join(titles)
    tables = {
        "raw/campaign_audiences": pl.DataFrame(told, schema=columns, orient="row").cast(
            {"campaign_id": pl.String, "user_id": pl.String}
        ),
        "facts/fct_user_item_daily": pl.DataFrame(facts).with_columns(arrival_date=pl.lit(AS_OF)),
        "features/dim_item": dim_item(titles),
        "features/dim_user": dim_user(*names),
        "surfaces/home": lists("home", {**{("user", name): items for name in names}, ("global", ""): "tea jam"}),
        "surfaces/buy_again": lists("buy_again", {("user", "u0"): "milk tea"}, "bought_before"),
    }
    for table, frame in tables.items():
        lake.write_partition(table, AS_OF, frame, sort_by=[], inputs={}, provenance=Provenance("", "", ""))
    return lake


def ledger(home: Path) -> SendLedger:
    return SendLedger(home / "ledger" / SPEC.campaign)


def export(home: Path, campaign: CampaignSpec = SPEC, *, send_date: date = SEND, as_of: date = AS_OF) -> Exported:
    """Export from the lake below ``home``, which ``write_lake`` has made."""
    lake = Lake(home / "lake")
    return export_batch(
        campaign,
        home / "emails",
        ledger(home),
        as_of=as_of,
        send_date=send_date,
        inputs=batch_inputs(lake, campaign, as_of),
        release_id="r1",
        code_version="",
        tables=lambda: batch_tables(lake, campaign, as_of=as_of, send_date=send_date),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
