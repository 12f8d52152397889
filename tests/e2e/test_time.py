"""Point in time, end to end: what arrives after a day changes nothing of it, whatever table it comes in."""

import shutil
from datetime import date, datetime

import polars as pl
import pytest
from journey import AS_OF

from recs.lake import Lake, Provenance

DAY, LATER = date.fromisoformat(AS_OF), date(2017, 3, 8)
AFTER = datetime(2017, 3, 8, 9)
AS_OF_STAGES = "features,models,channels,pools,rankings,surfaces"


@pytest.fixture(scope="module")
def shop(new_shop):
    shop = new_shop()
    shop.demo(AS_OF)
    return shop


def changed(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """One more row, or several, that the shop learns of three days after the as-of day."""
    one = rows.head(1)
    if table == "events":
        sale = one.with_columns(event_at=pl.lit(datetime(2017, 3, 4, 12)), event_id=pl.lit("late"))
        back = one.with_columns(action=pl.lit("return"), event_id=pl.lit("back"), event_at=pl.lit(AFTER))
        return pl.concat([sale, back])
    if table == "items":
        dearer = one.with_columns(price=pl.lit(99).cast(one.schema["price"]), is_blocked=pl.lit(True))
        return pl.concat([dearer, one.with_columns(item_id=pl.lit("brand-new"), title=pl.lit("Brand new"))])
    if table == "users":
        return one.with_columns(is_suspected_bot=pl.lit(True), segment=pl.lit("bot"))
    if table == "promotions":
        known = {"known_at": pl.lit(AFTER).cast(one.schema["known_at"])}
        return one.with_columns(starts_date=date(2017, 3, 6), ends_date=date(2017, 3, 12), **known)
    return one.with_columns(known_at=pl.lit(AFTER).cast(one.schema["known_at"]))


def plant(lake: Lake, table: str) -> None:
    """Add rows to what arrived on ``LATER``, in the shape of rows that arrived before."""
    template = pl.concat([lake.read(table, day) for day in lake.days(table, until=DAY)]).filter(
        pl.col("source_file").is_not_null()
    )
    rows = changed(table.split("/")[1], template).with_columns(arrival_date=pl.lit(LATER))
    rows = rows.cast(dict(template.schema))
    there = lake.read(table, LATER).cast(dict(template.schema))
    info = lake.info(table, LATER)
    lake.write_partition(
        table,
        LATER,
        pl.concat([there, rows.select(there.columns)]),
        sort_by=["source_file", "source_line"],
        inputs=info.inputs,
        provenance=Provenance(info.code_version, info.config_hash, info.run_id),
        extra=info.extra,
    )


def test_a_row_in_every_arriving_table_after_the_day_changes_no_hash_of_it(shop):
    before = {k: v for k, v in shop.hashes().items() if f"as_of_date={AS_OF}" in k and "evaluation" not in k}
    assert {k.split("/")[1] for k in before} == set(AS_OF_STAGES.split(","))
    lake = Lake(shop.home / "lake")
    tables = [f"raw/{path.name}" for path in sorted((lake.root / "raw").glob("[a-p]*"))] + ["raw/users"]
    planted = [table for table in tables if table not in ("raw/quarantine", "raw/exposures")]  # the shop has none
    assert len(planted) == 6
    for table in planted:
        plant(lake, table)
    shop.json("backfill", "--from", str(LATER), "--to", str(LATER), "--select", "facts")
    facts = pl.read_parquet(lake.folder("facts/fct_user_item_daily", LATER) / "data.parquet")
    assert facts["return_count"].sum() == 1  # the plants have arrived
    assert date(2017, 3, 4) in facts["event_date"].to_list()
    for stage in AS_OF_STAGES.split(","):
        for partition in (lake.root / stage).glob(f"*/as_of_date={AS_OF}"):
            shutil.rmtree(partition)
    shop.json("backfill", "--from", AS_OF, "--to", AS_OF, "--select", AS_OF_STAGES)
    after = shop.hashes()
    assert {k: after.get(k) for k in before} == before


def test_the_day_after_the_plants_does_see_them(shop):
    later = Lake(shop.home / "lake")
    shop.json("backfill", "--from", str(LATER), "--to", str(LATER), "--select", "features")
    items = later.read("features/dim_item", LATER)
    assert "brand-new" in items["item_id"].to_list()
