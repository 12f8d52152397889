"""Two real shops' files, to the row. They are no part of the project: AISLE_TEST_DATA names their folder."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from recs.ingest.build import build_raw
from recs.ingest.counts import DayCounts
from recs.ingest.landing import land
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance
from tests.ingest.shop import CONTRACTS, ROOT

DATA = Path(os.environ.get("AISLE_TEST_DATA", ROOT.parent / "shared" / "data"))
RETAIL = sorted((DATA / "online_retail/by-day").glob("*.csv.gz"))
TMALL = DATA / "tmall_2014/t_alibaba_data.csv.gz"
NO_PRODUCTS = {"POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS", "B"}

needs_retail = pytest.mark.skipif(not RETAIL, reason=f"Online Retail is not in {DATA} (AISLE_TEST_DATA)")
needs_tmall = pytest.mark.skipif(not TMALL.exists(), reason=f"Tmall 2014 is not in {DATA} (AISLE_TEST_DATA)")


def ingested(root: Path, name: str, files: list[Path], *tables: str) -> tuple[Lake, dict[str, list[DayCounts]]]:
    """Everything that some files hold, as the shipped source reads it."""
    source, lake = load_source(ROOT / f"config/sources/{name}.yaml", CONTRACTS), Lake(root / "lake")
    entries = land(source, files, root / "landing", arrival_date=date(2020, 1, 1))
    days = sorted({entry.day for entry in entries})
    where = {
        "lake": lake,
        "landing_root": root / "landing",
        "sources": [source],
        "provenance": Provenance("c", "g", "r"),
    }
    return lake, {table: build_raw(CONTRACTS[table], days, **where) for table in tables}


def total(counts: list[DayCounts]) -> tuple[int, int, int, int]:
    return tuple(sum(getattr(day, name) for day in counts) for name in ("read", "valid", "quarantined", "duplicate"))  # type: ignore[return-value]


def reasons(counts: list[DayCounts]) -> Counter[str]:
    return sum((Counter(day.reasons) for day in counts), Counter())


def invoice_lines(files: list[Path]) -> Iterator[tuple[str, dict[str, str]]]:
    """(file, row) of every line, read by nothing of ours."""
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                yield path.name, row


def broken_rules(row: dict[str, str]) -> set[str]:
    """What the shipped source and the contract of events have against a line, told once more in Python."""
    code, quantity, price = row["StockCode"].strip().upper(), int(row["Quantity"]), Decimal(row["UnitPrice"])
    is_return = row["InvoiceNo"].startswith("C")
    units = -quantity if is_return else quantity
    checks = {
        "source:not_a_product": code in NO_PRODUCTS or code.startswith(("GIFT_", "DCGS")),
        "source:bad_debt": row["InvoiceNo"].startswith("A"),
        "source:stock_write_off": not is_return and quantity < 0,
        "source:no_price": price == 0,
        "quantity:minimum": units < 1,
        "unit_price:minimum": price < 0,
    }
    return {rule for rule, is_broken in checks.items() if is_broken}


def recount(files: list[Path]) -> tuple[tuple[int, int, int, int], Counter[str], Counter[tuple[str, bool]], set[str]]:
    """Counts, rules, valid rows by (action, has a shopper), and the items of valid rows."""
    broken, valid, items, seen = Counter[str](), Counter[tuple[str, bool]](), set[str](), set[tuple[str, ...]]()
    read = quarantined = duplicate = 0
    for _, row in invoice_lines(files):
        read += 1
        if rules := broken_rules(row):
            quarantined += 1
            broken.update(rules)
        elif (line := tuple(row.values())) in seen:
            duplicate += 1
        else:
            seen.add(line)
            action = "return" if row["InvoiceNo"].startswith("C") else "purchase"
            valid[action, bool(row["CustomerID"])] += 1
            items.add(row["StockCode"].strip().upper())
    return (read, valid.total(), quarantined, duplicate), broken, valid, items


def check_retail(root: Path, files: list[Path]) -> tuple[Lake, dict[str, list[DayCounts]]]:
    lake, counts = ingested(root, "online_retail", files, "items", "events")
    expected, broken, by_action, items = recount(files)
    assert (total(counts["events"]), reasons(counts["events"])) == (expected, broken)
    events = lake.read_window("raw/events", until=date(2020, 1, 1))
    found = events.group_by("action", pl.col("user_id").is_not_null()).len().rows()
    assert {(action, known): n for action, known, n in found} == by_action
    assert set(events["item_id"]) == items
    assert events["event_id"].is_unique().all()
    assert total(counts["items"])[0] == expected[0]
    return lake, counts


@needs_retail
def test_ten_days_of_a_real_shop_are_what_an_independent_count_says(tmp_path):
    check_retail(tmp_path, RETAIL[:5] + RETAIL[-5:])


@needs_retail
@pytest.mark.long
def test_a_year_of_a_real_shop_is_what_an_independent_count_says(tmp_path):
    lake, counts = check_retail(tmp_path, RETAIL)
    assert total(counts["events"])[0] == total(counts["items"])[0] == 541_909
    events = lake.read_window("raw/events", until=date(2020, 1, 1))
    bought = events.filter(action="purchase").drop_nulls("user_id")
    assert (len(bought), bought["user_id"].n_unique(), bought["session_id"].n_unique()) == (391_150, 4_334, 18_402)
    repeats = Counter(tuple(row.values()) for _, row in invoice_lines(RETAIL))
    assert sum(n - 1 for n in repeats.values()) == 5_268
    good = sum(n - 1 for row, n in repeats.items() if n > 1 and not broken_rules(_named(row)))
    assert total(counts["events"])[3] == good


def _named(row: tuple[str, ...]) -> dict[str, str]:
    names = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    return dict(zip(names, row, strict=True))


@needs_retail
def test_codes_that_differ_in_letter_case_are_one_item_and_times_are_those_of_london(tmp_path):
    files = [path for path in RETAIL if path.name.startswith("2011-07-0")]
    lake, _ = ingested(tmp_path, "online_retail", files, "items", "events")
    codes = {row["StockCode"] for _, row in invoice_lines(files)}
    twice = {code.upper() for code in codes if code != code.upper() and code.upper() in codes}
    assert twice  # else these days prove nothing
    events = lake.read_window("raw/events", until=date(2020, 1, 1))
    assert not set(events["item_id"]) & {code for code in codes if code != code.upper()}
    assert twice & set(events["item_id"])
    first = min(datetime.fromisoformat(row["InvoiceDate"]) for _, row in invoice_lines(files) if not broken_rules(row))
    assert events["event_at"].min() == first - timedelta(hours=1)  # in July, an hour ahead of UTC


@needs_tmall
def test_four_months_of_clicks_keep_every_repeat_and_come_in_order_of_their_days(tmp_path):
    lake, counts = ingested(tmp_path, "tmall_2014", [TMALL], "items", "events")
    assert total(counts["events"]) == (182_880, 182_880, 0, 0)
    events = lake.read_window("raw/events", until=date(2020, 1, 1))
    actions = dict(events.group_by("action").len().rows())
    assert actions == {"click": 174_539, "purchase": 6_984, "favourite": 1_204, "cart": 153}
    assert events["event_id"].is_unique().all()
    assert (events["event_at"].dt.date() == events["arrival_date"]).all()
    assert events["arrival_date"].is_sorted()
    with gzip.open(TMALL, "rt", newline="") as handle:
        raw = Counter(
            (r["user_id"], r["brand_id"], "0123".index(r["type"]), _day(r["visit_datetime"]))
            for r in csv.DictReader(handle)
        )
    kinds = ["click", "purchase", "favourite", "cart"]
    found = events.group_by("user_id", "item_id", "action", "arrival_date").len().rows()
    assert {(user, item, kinds.index(action), day): n for user, item, action, day, n in found} == raw


def _day(text: str) -> date:
    month, day = text.split("-")
    return date(2014, int(month), int(day))
