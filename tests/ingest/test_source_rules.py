"""What a source says of any format: unknown columns, times, values, rules of its own, history."""

import gzip
import json
from datetime import date

import pyarrow as pa
import pytest

from recs.ingest.ledger import Ledger
from recs.ingest.summary import ingest_summary
from tests.ingest.drops import AT, COLUMNS, D, line, parquet, read
from tests.ingest.shop import Shop

FORMATS = {
    "csv": f"id,t,item,q,new,old\na,{AT},i,x,1,2\n".encode(),
    "json_lines": (line(new=1, old=2) + "\nbroken\n" + line(id="b")).encode(),
    "parquet": parquet(new=[1], old=[2]),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_unknown_columns_are_ignored_noted_or_refused(tmp_path, kind):
    seen = {}
    for choice in ("ignore", "note", "refuse"):
        (tmp_path / choice).mkdir()
        drop = {"format": kind, "known_columns": ["old"], "unknown_columns": choice}
        found = read(tmp_path / choice, FORMATS[kind], **drop)
        [counts] = found.shop.build(D)
        seen[choice] = (counts.files[0].unknown_columns, counts.valid)
        if choice == "note":
            entries = Ledger(found.shop.landing, "s").entries()
            told = ingest_summary("s", entries, {"events": [counts]})["files"]
            assert [file["unknown_columns"] for file in told] == [["new"]]
            assert found.shop.lake.info("raw/events", D).extra["hours"]["23"]["files"][0]["unknown_columns"] == ["new"]
    every = 2 if kind == "json_lines" else 1
    refused = ("line:unknown_field", "line:json") if kind == "json_lines" else ("file:unknown_column",)
    assert seen == {"ignore": ([], every), "note": (["new"], every), "refuse": ([], every - 1)}
    assert tuple(rules for _, _, rules in found.bad) == refused


def test_known_columns_are_not_told_of(tmp_path):
    found = read(tmp_path, FORMATS["csv"], known_columns=["new", "old"], unknown_columns="refuse")
    assert (len(found.good), found.bad) == (1, [])


@pytest.mark.parametrize(
    ("rule", "text", "zone", "at"),
    [
        ("iso", "2026-03-01T10:00:00Z", "Europe/Berlin", "2026-03-01 10:00:00"),
        ("iso", "2026-03-01 10:00:00", "Europe/Berlin", "2026-03-01 09:00:00"),
        ("iso", "2026-02-28 23:00:00-05:00", "UTC", "2026-03-01 04:00:00"),
        ("epoch_s", "1772359200", "Europe/Berlin", "2026-03-01 10:00:00"),
        ("epoch_s", "1772359200.25", "UTC", "2026-03-01 10:00:00.250000"),
        ("epoch_ms", "1772359200123", "Asia/Tokyo", "2026-03-01 10:00:00.123000"),
        ("epoch_us", "1772359200123456", "UTC", "2026-03-01 10:00:00.123456"),
        ("day", "2026-03-01", "Europe/Berlin", "2026-03-01 00:00:00"),
        ("%d.%m.%Y", "01.03.2026", "Asia/Tokyo", "2026-03-01 00:00:00"),
        ("%d.%m.%Y %H:%M", "01.03.2026 10:30", "Europe/Berlin", "2026-03-01 09:30:00"),
        ("%m/%d/%Y %I:%M %p", "3/1/2026 1:05 PM", "America/New_York", "2026-03-01 18:05:00"),
    ],
)
def test_times_are_read_by_their_rule_in_the_zone_of_the_source(tmp_path, rule, text, zone, at):
    data = f"id,t,item,q\na,{text},i,x\nb,never,i,x\nc,,i,x\n"
    found = read(tmp_path, data, source={"zone": zone}, times={"event_at": rule})
    assert [str(when) for (when,) in found.shop.rows(D, "event_at")] == [at]
    assert [rules for _, _, rules in found.bad] == ["event_at:type", "event_at:required"]


@pytest.mark.parametrize("unit", ["epoch_s", "epoch_ms", "epoch_us"])
@pytest.mark.parametrize("number", ["1e30", "9" * 30, "-" + "9" * 30, "nan", "ten", "1772359200.5.5"])
def test_a_number_that_is_no_time_quarantines_its_row(tmp_path, unit, number):
    found = read(tmp_path, f"id,t,item,q\na,{number},i,x\n", times={"event_at": unit})
    assert (found.good, [rules for *_, rules in found.bad]) == ([], ["event_at:type"])


def test_values_of_the_source_become_those_of_the_contract_and_others_stay(tmp_path):
    data = f"id,t,item,q\na,{AT},i,0\nb,{AT},i,dismiss\nc,{AT},i,9\nd,{AT},i,\n"
    found = read(tmp_path, data, columns={"action": "q"}, values={"action": {"0": "view", "1": "it's"}})
    assert found.shop.rows(D, "event_id", "action") == [("a", "view"), ("b", "dismiss")]
    assert [rules for _, _, rules in found.bad] == ["action:valid_values", "action:required"]


def test_a_row_that_a_rule_of_the_source_does_not_want_says_which(tmp_path):
    data = f"id,t,item,q\na,{AT},i,x\nb,{AT},test,1\n,{AT},test,0\n"
    rules = {"test_item": "item = 'test'", "is_zero": "q::integer = 0"}
    found = read(tmp_path, data, quarantine=rules)
    assert found.good == [("a", "i", "x")]  # a condition that fails is not met
    broken = [rules.split("; ") for *_, rules in found.bad]
    assert broken == [["source:test_item"], ["source:test_item", "source:is_zero", "event_id:required"]]


def test_history_without_event_times_is_cut_by_the_time_that_it_arrives(tmp_path):
    drop = {
        "file": "*",
        "feeds": "items",
        "arrives": "strptime(day, '%d.%m.%Y')",
        "columns": {"item_id": "id", "is_available": "true", "is_blocked": "false", "is_adult": "false"}
        | {"updated_at": "arrival_date"},
    }
    shop = Shop(tmp_path, json.dumps({"source": "s", "arrival": "event_day", "drops": {"d": drop}}))
    entries = shop.land(
        "items.csv", "id,day\na,02.03.2026\nb,01.03.2026\nc,never\nd,09.03.2026\n", day=date(2026, 3, 3)
    )
    assert [(e.arrival_date, e.status) for e in entries] == [(f"2026-03-0{n}", "taken") for n in (1, 2, 3)]
    days = [date(2026, 3, n) for n in (1, 2, 3)]
    shop.build(*days, table="items")
    assert [shop.rows(day, "item_id", table="raw/items") for day in days] == [[("b",), ("c",)], [("a",)], [("d",)]]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("csv", "utf-8"), ("csv", "latin-1"), ("csv", "utf-16"), ("json_lines", "utf-16"), ("parquet", "utf-8")],
)
def test_history_of_every_format_is_cut_without_a_change_to_its_records(tmp_path, kind, encoding, packed):
    rows = [("a", "2026-03-02 08:00:00", "ü"), ("b", "2026-03-01 08:00:00", "x"), ("c", "2026-03-02 09:00:00", "z")]
    if kind == "parquet":
        ids, times, texts = (list(column) for column in zip(*rows, strict=True))
        data = parquet(3, id=ids, t=times, q=pa.array(texts, pa.string_view()))
    elif kind == "csv":
        data = (
            "".join(f"{n},{t},i,{q}\n" for n, t, q in [("id", "t", "q"), *rows])
            .replace(",i,q", ",item,q")
            .encode(encoding)
        )
    else:
        data = "".join(line(id=n, t=t, q=q) + "\n" for n, t, q in rows).encode(encoding)
    drop = {"file": "*", "feeds": "events", "format": kind, "encoding": encoding, "columns": COLUMNS}
    shop = Shop(tmp_path, json.dumps({"source": "s", "arrival": "event_day", "drops": {"d": drop}}))
    shop.land("x.gz" if packed else "x", gzip.compress(data) if packed else data, day=date(2026, 3, 9))
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    shop.build(*days)
    got = [shop.rows(day, "event_id", "query") for day in days]
    assert got == [[("b", "x")], [("a", "ü"), ("c", "z")]]
