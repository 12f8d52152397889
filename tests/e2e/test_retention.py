"""Retention on a shop through the command line: old raw days go, later days run as if they had not."""

import json
from datetime import date, timedelta

import pytest
from corner import days_from, write_config, write_orders, write_plans

OLD, NEW = date(2015, 3, 1), date(2017, 4, 4)
OLD_DAYS, NEW_DAYS = days_from(OLD, 4), days_from(NEW, 3)
LAST = NEW_DAYS[-1]  # what is 765 days older is deleted: the first three days

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shop(new_shop, tmp_path_factory):
    """A shop with some days of 2015 and some of 2017, the last of them not computed yet."""
    shop, folder = new_shop(), tmp_path_factory.mktemp("corner")
    shop.env["AISLE_CONFIG"] = str(write_config(folder / "config", "[retention]", "raw_days = 765", first_day=OLD))
    write_plans(folder / "old", OLD)
    for name, days in (("old", OLD_DAYS), ("new", NEW_DAYS)):
        write_orders(folder / name, days, dirty=True)
        shop.run("ingest", str(folder / name), "--source", "corner")
        shop.json("backfill", "--from", str(days[0]), "--to", str(days[-2]), "--select", "facts")
    shop.json("backfill", "--from", str(OLD_DAYS[3]), "--to", str(OLD_DAYS[3]), "--select", "facts")
    shop.json("run", "daily", "--partition", str(NEW_DAYS[0]))
    return shop


def facts(shop) -> dict[str, str]:
    return {place: value for place, value in shop.hashes().items() if not place.startswith("lake/raw/")}


def rows(shop, table: str, day: date) -> int:
    folder = shop.home / "lake" / table / f"arrival_date={day}"
    return json.loads((folder / "_partition.json").read_bytes())["rows"]


def test_a_dry_run_names_what_would_go_and_deletes_nothing(shop):
    before = shop.hashes()
    told = shop.json("retention", "--dry-run")
    assert [day["day"] for day in told["days"]] == [str(day) for day in OLD_DAYS[:3]]
    assert told["days"][0]["tables"].keys() == {"raw/events", "raw/quarantine/events"}
    assert (told["until"], told["days"][0]["files"], told["waiting"]) == (str(OLD_DAYS[2]), 3, [])
    assert shop.hashes() == before
    assert rows(shop, "raw/events", OLD) > 0


def test_after_retention_the_next_day_runs_and_the_past_keeps_its_hashes(shop):
    before = facts(shop)
    assert len(shop.json("retention")["days"]) == 3
    assert [rows(shop, "raw/events", day) > 0 for day in OLD_DAYS] == [False, False, False, True]
    assert rows(shop, "raw/users", OLD) == 40  # who is known stays known
    assert facts(shop) == before
    report = shop.json("run", "daily", "--partition", str(LAST))["runs"][0]
    assert {table["table"]: table["rows"] for table in report["tables"]}["features/dim_user"] == 40
    after = facts(shop)
    assert {place: after.get(place) for place in before} == before
    assert f"lake/surfaces/home/as_of_date={LAST}" in after
    assert shop.run("retention").startswith("Nothing to delete")


def test_a_backfill_keeps_what_is_made_of_deleted_days(shop):
    before = facts(shop)
    report = shop.json("backfill", "--from", str(OLD), "--to", str(OLD_DAYS[-1]), "--select", "raw,facts")["runs"][0]
    assert sum(table["written"] for table in report["tables"]) == 0
    assert facts(shop) == before


def test_a_backfill_that_needs_deleted_rows_names_the_days(shop):
    day = OLD_DAYS[1]
    folder = shop.home / "lake/facts/fct_item_daily" / f"arrival_date={day}"
    folder.rename(shop.home / "moved")
    told = shop.json("backfill", "--from", str(OLD), "--to", str(OLD_DAYS[-1]), "--select", "facts", expect=1)
    (shop.home / "moved").rename(folder)
    assert (
        f"facts/fct_item_daily of {day} can no longer be made: retention has deleted the rows of raw/events of "
        f"{OLD_DAYS[0]} to {OLD_DAYS[2]}. Fix: begin with {OLD_DAYS[3]}"
    ) in told["error"]["problem"]


def test_a_feature_whose_window_reaches_deleted_days_is_refused_and_bootstrap_is(shop):
    day = OLD_DAYS[3] + timedelta(days=7)
    told = shop.json("bootstrap", "--as-of", str(day), "--weeks", "1", expect=1)
    assert "can no longer be made: retention has deleted the rows of raw/events" in told["error"]["problem"]
    assert not list((shop.home / "lake" / "features").glob(f"*/as_of_date={day}"))


def test_doctor_finds_nothing_wrong_with_deleted_days(shop):
    assert shop.json("doctor")["findings"] == []
