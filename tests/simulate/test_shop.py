"""What the drops of a small shop say, read with plain Python, agrees with the truth beside them."""

from collections import Counter, defaultdict
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from recs.simulate.items import N_STYLES
from tests.simulate.conftest import broken_rules, moment


@pytest.fixture(scope="module")
def truth_items(shop):
    return {row["item_id"]: row for row in shop.truth("items").to_dicts()}


@pytest.fixture(scope="module")
def truth_users(shop):
    return {row["user_id"]: row for row in shop.truth("users").to_dicts()}


def test_what_was_asked_for_happens_and_all_but_the_last_arrives(shop):
    asked = shop.spec.days * shop.spec.events_per_day
    assert shop.told["events"] == pytest.approx(asked, rel=0.02)
    assert shop.told["events"] == sum(shop.told["actions"].values())
    assert len(shop.events) == shop.told["events"] - shop.told["undelivered"]
    assert shop.told["undelivered"] < 0.01 * asked
    assert not {e["event_id"] for e in shop.events} & set(shop.truth("undelivered")["event_id"])


def test_a_day_has_24_drops_and_an_event_never_arrives_before_it_happens(shop):
    files = {line.file for line in shop.drops[0]}
    assert len(files) == shop.spec.hours
    late = Counter()
    for event in shop.events:
        happened = event["event_at"][:13]
        arrived = event["file"][:10] + "T" + event["file"][11:13]
        assert happened <= arrived
        late[event["file"]] += happened < arrived
    stated = shop.truth_json("dirt")["files"]
    assert {file: stated[file]["late"] for file in files} == {file: late[file] for file in files}
    assert sum(late.values()) > 100


def test_nothing_happens_to_an_item_before_its_launch_or_after_it_was_taken_off(shop, truth_items):
    for event in shop.events:
        if event["action"] == "search":
            assert "item_id" not in event
            continue
        item, at = truth_items[event["item_id"]], moment(event["event_at"])
        assert item["launch_at"] <= at
        assert item["retire_at"] is None or at < item["retire_at"]
    assert shop.truth("items")["retire_at"].is_not_null().any()
    assert (shop.truth("items")["launch_at"] > shop.truth("items")["launch_at"].min()).any()


def test_nobody_acts_before_they_sign_up_and_every_account_is_announced(shop, truth_users):
    announced = {row["user_id"]: row for row in shop.rows("users")}
    acting = {e["user_id"] for e in shop.events if "user_id" in e}
    assert acting <= set(announced)
    for event in shop.events:
        if "user_id" in event:
            assert truth_users[event["user_id"]]["signed_up_at"] <= moment(event["event_at"])
            assert announced[event["user_id"]]["region"] == event["region"]
    assert all(row["signed_up_at"][:13] <= row["file"][:10] + "T" + row["file"][11:13] for row in announced.values())


def test_stock_is_conserved_and_never_below_zero(shop, truth_items):
    """What the drops say was bought and sent back, with what never arrived, is what left and entered the shelves."""
    code = {item_id: row["item_code"] for item_id, row in truth_items.items()}
    units = {"purchase": Counter(), "return": Counter()}
    for event in shop.events:
        if event["action"] in units:
            units[event["action"]][code[event["item_id"]]] += event["quantity"]
    for row in shop.truth("undelivered").to_dicts():
        if row["action"] in units:
            units[row["action"]][row["item_code"]] += row["quantity"]
    stock = shop.truth("stock")
    moved = stock.group_by("item_code").agg(pl.col("sold", "returned").sum()).sort("item_code").to_dicts()
    assert {r["item_code"]: r["sold"] for r in moved if r["sold"]} == dict(units["purchase"])
    assert {r["item_code"]: r["returned"] for r in moved if r["returned"]} == dict(units["return"])
    assert (stock["opening"] + stock["delivered"] >= stock["sold"]).all()
    level = {row["item_code"]: row["first_stock"] for row in truth_items.values()}
    for row in stock.sort("date", "item_code").to_dicts():
        assert row["opening"] == level[row["item_code"]]
        level[row["item_code"]] += row["delivered"] - row["sold"] + row["returned"]
    assert 0 in level.values() or (stock["opening"] == 0).any()  # else nothing was ever sold out


def test_a_price_paid_is_the_catalogue_price_of_the_day(shop):
    prices = defaultdict(list)
    for row in shop.rows("items"):
        prices[row["item_id"]].append((row["updated_at"][:10], row["price"]))
    sessions_day = {e["session_id"]: e["event_at"][:10] for e in reversed(shop.events) if e["action"] != "return"}
    discounted = 0
    for event in shop.events:
        if event["action"] in ("purchase", "cart"):
            day = sessions_day[event["session_id"]]
            assert event["unit_price"] == [price for since, price in prices[event["item_id"]] if since <= day][-1]
            discounted += event["unit_price"] < max(price for _, price in prices[event["item_id"]])
    assert discounted > 20


def test_a_purchase_comes_out_of_the_cart_and_a_cart_out_of_a_view(shop, truth_users):
    seen = defaultdict(set)
    for event in shop.settled:
        whose = seen[event["session_id"], event.get("item_id")]
        if event["action"] == "purchase":
            assert "cart" in whose
        if event["action"] in ("click", "cart", "favourite", "dismiss"):
            kind = truth_users[event["user_id"]]["kind"] if "user_id" in event else "shopper"
            assert "view" in whose or kind not in ("shopper", "seller_burst")
        whose.add(event["action"])


def test_a_return_names_a_purchase_days_before(shop):
    bought = defaultdict(list)
    for event in shop.events:
        if event["action"] == "purchase":
            bought[event["session_id"], event["item_id"]].append(event)
    returns = [e for e in shop.settled if e["action"] == "return"]
    assert len(returns) > 10
    for event in returns:
        purchases = bought[event["session_id"], event["item_id"]]
        units = sum(purchase["quantity"] for purchase in purchases)
        assert 1 <= event["quantity"] <= units
        assert {p.get("user_id") for p in purchases} == {event.get("user_id")}
        assert {p["unit_price"] for p in purchases} == {event["unit_price"]}
        assert moment(event["event_at"]) - moment(purchases[0]["event_at"]) > timedelta(days=1)


@pytest.mark.parametrize("table", ["items", "users", "promotions"])
def test_the_other_tables_meet_their_contracts(shop, table):
    rows = shop.rows(table)
    assert len(rows) == shop.told["table_rows"][table] > 0
    assert not any(broken_rules(table, rows, [row["file"][:10] for row in rows]))


def test_the_catalogue_says_what_is_sold_out_and_comes_back(shop):
    rows = sorted(shop.rows("items"), key=lambda row: row["updated_at"])
    first, flips = {}, Counter()
    for row in rows:
        if row["item_id"] in first and row["is_available"] != first[row["item_id"]]:
            flips[row["is_available"]] += 1
        first[row["item_id"]] = row["is_available"]
        assert row["is_available"] == (row["stock"] > 0) or not row["is_available"]
    assert len(first) == len(shop.truth("items").filter(pl.col("launch_at") < pl.lit(_end(shop))))
    assert flips[False] > 0
    assert flips[True] > 0


def test_nothing_in_the_drops_tells_who_is_no_shopper(shop):
    assert not any(row["is_suspected_bot"] or row["is_internal"] for row in shop.rows("users"))
    assert {len(row["user_id"]) for row in shop.rows("users")} == {7}
    numbers = shop.truth("users").select(n=pl.col("user_id").str.slice(1).cast(pl.Int64), kind="kind")
    assert numbers.filter(pl.col("kind") != "shopper")["n"].min() < len(numbers) / 2
    assert sorted(p.name for p in shop.out.iterdir()) == ["drops", "truth"]


def test_queries_name_a_category_and_a_style(shop):
    queries = {e["query"] for e in shop.events if e["action"] == "search"}
    assert 5 < len(queries) <= N_STYLES * shop.truth("items")["category"].n_unique() + N_STYLES


def _end(shop):
    last = shop.spec.first_day + timedelta(days=shop.spec.days)
    return np.datetime64(date(last.year, last.month, last.day))
