"""dbt on a tiny lake: what is staged, and that a snapshot depends on nothing but what had arrived by its day."""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.lake import Lake
from tests.dbt.conftest import raw_sources

pytestmark = pytest.mark.long  # each dbt run takes some ten seconds

D8, D9, D10, D11 = (date(2026, 3, day) for day in (8, 9, 10, 11))


def event(number, user, item, at, arrives, action="purchase", quantity=1, price=1.5, basket=None, region="north"):
    return {
        "event_id": f"e{number}",
        "event_at": f"2026-03-{at}",
        "arrival_date": f"2026-03-{arrives}",
        "user_id": user,
        "item_id": item,
        "action": action,
        "quantity": quantity,
        "unit_price": price,
        "session_id": basket,
        "region": region,
    }


EVENTS = [
    event(1, "ann", "mug", "08 09:00", "08", quantity=2, basket="s1"),
    event(2, "ann", "tea", "08 09:00", "08", price=4, basket="s1"),
    event(3, "bob", "mug", "08 23:59", "08", basket="s2", region="south"),
    event(4, "bob", "tea", "08 23:59", "08", price=4, basket="s2", region="south"),
    event(5, "ann", "tea", "09 00:00", "09", price=4, basket="s3"),
    event(6, "bob", "ghost", "09 10:00", "09", basket="s4", region="south"),
    event(7, "ann", "mug", "07 10:00", "10", basket="s5"),  # late by three days
    event(8, "bob", "mug", "10 10:00", "10", action="return", basket="s6", region="south"),
    event(9, None, "tea", "10 10:00", "10", action="view", region=None),
]
WEEK = {"starts_date": "2026-03-09", "ends_date": "2026-03-15", "known_at": "2026-03-08", "arrival_date": "2026-03-08"}


def item(item_id, title, category, blocked=False, arrives="08"):
    levels = {"category_l2": category, "category_l3": f"{category} of all kinds"}
    row = {"item_id": item_id, "title": title, "is_blocked": blocked, **levels}
    return row | {"is_available": True, "is_adult": False, "currency": "EUR", "arrival_date": f"2026-03-{arrives}"}


@pytest.fixture(scope="module")
def shop(new_lake):
    """Three days, built whole."""
    lake = new_lake()
    lake.land("events", *EVENTS)
    lake.land("items", item("mug", "Mug", "kitchen"), item("tea", "Tea", "drinks"), item("gas", "Fuel", "fuel", True))
    lake.land("users", *({"user_id": name, "arrival_date": "2026-03-08"} for name in ("ann", "bob")))
    lake.land("promotions", {"item_id": "mug", "kind": "display", "store_share": 0.5, **WEEK})
    lake.land("campaign_audiences", {"campaign_id": "c", "user_id": "ann", "kind": "A", **WEEK})
    done = lake.build("full")  # campaign_items has no partition at all
    assert done.returncode == 0, done.stdout
    return lake


def row(frame, **key):
    return frame.filter(*(pl.col(name) == value for name, value in key.items())).row(0, named=True)


def test_facts_keep_what_arrives_late_at_its_own_arrival_day(shop):
    facts = shop.staged("full", "facts/fct_user_item_daily").filter(user_id="ann", item_id="mug")
    got = facts.select("arrival_date", "event_date", "purchase_count", "quantity", pl.col("spend").cast(pl.Float64))
    assert got.rows() == [(D8, D8, 1, 2, 3.0), (D10, date(2026, 3, 7), 1, 1, 1.5)]


def test_what_a_shopper_bought_is_known_once_it_has_arrived(shop):
    known = shop.staged("full", "features/feat_user_item").filter(user_id="ann", item_id="mug")
    spend = pl.col("spend_7d").cast(pl.Float64)
    got = known.select("as_of_date", "purchase_days_7d", spend, "since_purchase_days", "due_ratio")
    assert got.rows() == [(D8, 1, 3, 0, None), (D9, 1, 3, 1, None), (D10, 2, 4.5, 2, 2)]


def test_a_return_takes_back_what_was_spent(shop):
    pairs = shop.staged("full", "features/feat_user_item")
    assert [row(pairs, as_of_date=d, user_id="bob", item_id="mug")["quantity_7d"] for d in (D9, D10)] == [1, 0]


def test_codes_are_dense_and_follow_the_ids_known_on_the_day(shop):
    items = shop.staged("full", "features/dim_item")
    assert items.filter(as_of_date=D8)["item_id"].to_list() == ["gas", "mug", "tea"]
    on_10 = items.filter(as_of_date=D10).select("item_code", "item_id", "category_code", "is_recommendable")
    assert on_10.rows() == [(0, "gas", 1, False), (1, "ghost", -1, False), (2, "mug", 2, True), (3, "tea", 0, True)]


def test_pairs_are_bought_in_one_basket_and_count_less_as_they_age(shop):
    pairs = shop.staged("full", "features/feat_item_pair").drop("as_of_date")
    got = pairs.with_columns(pl.col("basket_decayed").cast(pl.Float64)).rows()
    assert got == [("mug", "tea", 2, 2, pytest.approx(2 * 0.5 ** (age / 91), abs=2e-6)) for age in (0, 1, 2)]


def test_a_category_is_bought_once_a_day_by_what_had_arrived(shop):
    drinks = shop.staged("full", "features/feat_user_category").filter(user_id="ann", category_l3="drinks of all kinds")
    got = drinks.select("as_of_date", "purchase_days_28d", "item_count_28d", "since_purchase_days", "due_ratio")
    assert got.rows() == [(D8, 1, 1, 0, None), (D9, 2, 1, 0, 0), (D10, 2, 1, 1, 1)]
    categories = shop.staged("full", "features/feat_category").filter(category_l3="drinks of all kinds")
    assert categories["purchase_count_28d"].to_list() == [2, 3, 3]


def test_a_promotion_counts_by_the_days_it_covers(shop):
    promotions = shop.staged("full", "features/feat_item_promotion")
    got = promotions.select("display_share_7d", "display_share_next_7d").rows()
    assert got == [pytest.approx(shares) for shares in ((0, 0.5), (0.5 / 7, 0.5 * 6 / 7), (1 / 7, 0.5 * 5 / 7))]


def test_staged_types_are_the_declared_ones(shop):
    for table, model in shop.models.items():
        made = duckdb.execute(f"describe from '{shop.root}/full/{model['name']}.*.parquet'").fetchall()
        assert [(c[0], c[1]) for c in made] == [(c["name"], c["data_type"]) for c in model["columns"]], table


def test_one_model_built_alone_for_one_day_is_what_the_full_build_made(shop, tmp_path):
    lake = shop.copy(tmp_path)
    (tmp_path / "full").symlink_to(shop.root / "full")
    lake.commit_all("full")
    done = lake.build("alone", "feat_item", first=D9, last=D9)
    assert done.returncode == 0, done.stdout
    assert [path.name for path in (tmp_path / "alone").glob("*.parquet")] == ["feat_item.all.parquet"]
    whole = lake.commit("full", "features/feat_item", D9)
    alone = lake.commit("alone", "features/feat_item", D9)
    assert (alone.rows, alone.content_hash) == (2 + 1, whole.content_hash)


def test_a_snapshot_does_not_change_with_what_arrives_later_nor_with_threads(shop, tmp_path):
    later = shop.copy(tmp_path)
    day = {"arrival_date": "2026-03-11"}
    next_week = {"starts_date": "2026-03-11", "ends_date": "2026-03-17", "known_at": "2026-03-09", **day}
    later.land("events", event(10, "ann", "mug", "10 09:00", "11", basket="s9", region="east"))
    later.land("items", item("mug", "Other mug", "other", arrives="11"), item("new", "New", "kitchen", arrives="11"))
    later.land("users", {"user_id": "aaa", "segment": "gold", **day})
    later.land("promotions", {"item_id": "mug", "kind": "mailer", "store_share": 1, **next_week})
    later.land("campaign_audiences", {"campaign_id": "d", "user_id": "ann", "kind": "A", **next_week})
    later.land("campaign_items", {"campaign_id": "d", "item_id": "mug", "coupon_id": "k", **next_week})
    done = later.build("later", last=D11, threads=1)
    assert done.returncode == 0, done.stdout
    for table in shop.models:
        after = later.staged("later", table)
        assert_frame_equal(after.filter(pl.col(after.columns[0]) <= D10), shop.staged("full", table))
    assert row(later.staged("later", "features/dim_item"), as_of_date=D11, item_id="mug")["title"] == "Other mug"
    promotions = later.staged("later", "features/feat_item_promotion")
    assert row(promotions, as_of_date=D11, item_id="mug")["mailer_share_next_7d"] > 0


def test_a_month_more_of_arrivals_changes_no_byte_of_a_day(shop, tmp_path):
    """Every arriving table goes on for a month, also with events of before the day and with rows taken back."""
    later = shop.copy(tmp_path)
    for number in range(31):
        day = D11 + timedelta(days=number)
        arrives = {"arrival_date": str(day)}
        sale = event(100 + number, "ann", "mug", "10 12:00", "11", basket=f"n{number}", region="east") | arrives
        seen = event(200 + number, "bob", "tea", "09 12:00", "11", action="view", basket=f"v{number}") | arrives
        now = event(300 + number, "cat", "ghost", "09 12:00", "11", basket="w") | {"event_at": f"{day} 10:00"} | arrives
        later.land("events", sale, seen, now)
        line = number % len(EVENTS)
        later.land("events_retracted", EVENTS[line] | {"source_line": line + 1} | arrives)
        later.land("items", item("mug", f"Mug {number}", "other") | {"price": number, "is_blocked": True} | arrives)
        later.land("users", {"user_id": "ann", "segment": "gold", "is_suspected_bot": True, **arrives})
        known = WEEK | {"starts_date": "2026-03-01", "ends_date": "2026-03-31"} | arrives
        later.land("promotions", {"item_id": "tea", "kind": "mailer", "store_share": 1, **known})
        later.land("campaign_audiences", {"campaign_id": f"c{number}", "user_id": "ann", "kind": "A", **known})
        later.land("campaign_items", {"campaign_id": f"c{number}", "item_id": "mug", "coupon_id": "k", **known})
        shown = {"user_id": "ann", "item_id": "mug", "request_id": f"r{number}", **arrives}
        later.land("exposures", shown)
        later.land("exposures_retracted", shown)
    assert len(list(later.root.glob(f"lake/raw/**/arrival_date={day}"))) == len(raw_sources())
    (tmp_path / "full").symlink_to(shop.root / "full")
    later.commit_all("full")
    done = later.build("month", "path:models/staging", "path:models/facts", first=D11, last=day)
    assert done.returncode == 0, done.stdout
    for table in (table for table in shop.models if table.startswith("facts/")):
        assert sum(later.commit("month", table, D11 + timedelta(days=n)).rows for n in range(31)) > 0
    done = later.build("again", first=D10)
    assert done.returncode == 0, done.stdout
    before = {table: Lake(later.root / "lake").info(table, D10).content_hash for table in shop.models}
    assert {table: later.commit("again", table, D10).content_hash for table in shop.models} == before


def test_rows_that_break_a_rule_fail_the_build(shop, tmp_path):
    broken = shop.copy(tmp_path)
    twice_all_stores = {"item_id": "mug", "kind": "display", "store_share": 2, **WEEK}
    broken.land("promotions", twice_all_stores | {"arrival_date": "2026-03-09"})
    done = broken.build("broken", "stg_promotions")
    assert done.returncode == 1
    assert "stg_promotions_within_ranges" in done.stdout


def test_a_parent_that_was_not_built_for_the_day_is_named(shop, tmp_path):
    done = shop.copy(tmp_path).build("orphan", "feat_item_pair")
    assert done.returncode != 0
    assert "feat_item_pair reads dim_suspect, which has no partition as_of_date=2026-03-08" in done.stdout


def test_a_lake_without_a_single_partition_makes_empty_tables(new_lake):
    empty = new_lake()
    done = empty.build("empty", first=D10)
    assert done.returncode == 0, done.stdout
    assert {table: empty.staged("empty", table).height for table in empty.models} == dict.fromkeys(empty.models, 0)
