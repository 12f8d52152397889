"""Dirty drops: each is accounted for with its reason, and the good rows beside it arrive."""

import gzip
import os
from pathlib import Path

import pytest

from recs.ingest.landing import land
from recs.ingest.summary import ingest_summary
from tests.ingest.till import D1, D2, GOOD, HEADER, SOURCE, Till, sales


@pytest.fixture
def shop(tmp_path: Path) -> Till:
    return Till(tmp_path, SOURCE)


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("e2,2017-02-30 10:00:00,ann,i1,1,1", "event_at:type"),
        ("e2,2017-01-01 10:00:00,ann,i1,0,1", "quantity:minimum"),
        ("e2,2017-01-01 10:00:00,ann,i1,1,free", "unit_price:type"),
        ("e2,2017-01-01 10:00:00,ann,i1,1", "line:field_count"),
        ("e2,2017-01-01 10:00:00,ann,i1,1,1,extra", "line:field_count"),
        ("e2,2017-01-05 10:00:00,,,x,1", "event_at:future; item_id:required; quantity:type; unit_price:type"),
    ],
)
def test_a_bad_row_is_quarantined_whole_with_its_line_and_reasons(shop, row, rules):
    shop.offer(D1, "sales.csv", sales(GOOD, row, "e3,2017-01-01 11:00:00,bob,i1,1,1"))
    counts = shop.build(D1)[0]
    assert shop.events(D1) == ["e1", "e3"]
    assert shop.quarantined(D1) == [(2, row, rules)]
    assert (counts.read, counts.valid, counts.quarantined, counts.duplicate) == (3, 2, 1, 0)
    assert counts.reasons == dict.fromkeys(rules.split("; "), 1)


def test_a_quoted_line_break_is_part_of_a_value_and_lines_keep_their_numbers(shop):
    rows = sales('"e\n1",2017-01-01 10:00:00,ann,i1,1,1', "short", "", '"e2",2017-01-01 10:00:00,"a,b",i1,0,1')
    shop.offer(D1, "sales.csv", rows)
    shop.build(D1)
    assert shop.events(D1) == ["e\n1"]
    assert shop.quarantined(D1) == [
        (2, "short", "line:field_count"),
        (3, '"e2",2017-01-01 10:00:00,"a,b",i1,0,1', "quantity:minimum"),
    ]


PACKED = gzip.compress(sales(*(f"g{n},2017-01-01 10:00:00,ann,i1,1,{n}" for n in range(500))).encode(), mtime=0)
UNREADABLE = [
    ("sales-2.csv.gz", PACKED[: len(PACKED) // 2], "file:truncated_gzip"),
    ("sales-2.csv.gz", b"\x07" * 300, "file:not_gzip"),
    ("sales-2.csv", bytes(range(255, 0, -1)) * 9, "file:encoding"),
    ("sales-2.csv", b"id,at\0\n", "file:binary"),
    ("sales-2.csv", "id,seen_at,user,item,paid\ne9,2017-01-01,ann,i1,1\n", "file:missing_column"),
    ("sales-2.csv", f"{HEADER},id\n{GOOD},e7\n", "file:repeated_column"),
    ("sales-2.csv", "", "file:empty"),
]


@pytest.mark.parametrize(("name", "data", "rule"), UNREADABLE, ids=[rule for _, _, rule in UNREADABLE])
def test_a_file_that_cannot_be_read_is_quarantined_whole_and_the_others_go_on(shop, name, data, rule):
    shop.offer(D1, "sales.csv", sales(GOOD))
    assert shop.offer(D1, name, data) == ["taken"]
    counts = shop.build(D1)[0]
    assert shop.events(D1) == ["e1"]
    assert (counts.read, counts.valid, counts.quarantined, counts.unreadable_files) == (1, 1, 0, 1)
    assert [(line, rules) for line, _, rules in shop.quarantined(D1)] == [(0, rule)]
    assert [f.status for f in counts.files] == ["quarantined", "read"]
    assert counts.is_over_bad_share


def test_a_quote_that_never_closes_takes_the_rest_of_its_file_into_quarantine(shop):
    shop.offer(
        D1, "sales.csv", sales(GOOD, 'e2,2017-01-01 10:00:00,"ann,i1,2,3.00', "e3,2017-01-01 10:00:00,bob,i1,1,1")
    )
    counts = shop.build(D1)[0]
    assert (counts.read, counts.valid, counts.quarantined) == (2, 1, 1)
    rest = 'e2,2017-01-01 10:00:00,"ann,i1,2,3.00\ne3,2017-01-01 10:00:00,bob,i1,1,1'
    assert shop.quarantined(D1) == [(2, rest, "line:field_count")]


def test_a_summary_tells_what_became_of_every_file_and_row(shop):
    names = [("sales.csv", sales(GOOD, GOOD)), ("sales-2.csv", sales(GOOD, GOOD)), ("sales-3.csv", "id\n")]
    entries = []
    for name, text in names:
        (shop.root / D1.isoformat()).mkdir(exist_ok=True)
        path = shop.root / D1.isoformat() / name
        path.write_text(text)
        entries += land(shop.source, [path], shop.landing, arrival_date=D1)
    summary = ingest_summary("shop", entries, {"events": shop.build(D1)})
    assert [f["status"] for f in summary["files"]] == ["taken", "duplicate", "quarantined"]
    assert summary["files"][2]["reason"] == "file:missing_column (no column item, n, paid, seen_at, user)"
    assert summary["tables"]["events"] == {
        **{"read": 2, "valid": 1, "quarantined": 0, "duplicate": 1},
        "reasons": {"file:missing_column": 1},
    }


def test_random_bytes_of_any_kind_are_accounted_for(shop):
    for n in range(20):
        shop.offer(D1, f"sales-{n}.csv" + (".gz" if n % 2 else ""), os.urandom(400))
    counts = shop.build(D1)[0]
    assert counts.valid == 0
    assert counts.unreadable_files == 20


def test_a_quarantined_row_does_not_take_the_place_of_its_repair(shop):
    shop.offer(D1, "sales.csv", sales(GOOD.replace(",2,", ",0,")))
    shop.offer(D2, "sales.csv", sales(GOOD))
    shop.build(D1, D2)
    assert (shop.events(D1), shop.events(D2)) == ([], ["e1"])


def test_a_repaired_day_loses_its_quarantine(shop, tmp_path):
    shop.offer(D1, "sales.csv", sales(GOOD.replace(",3.00", ",free")))
    shop.build(D1)
    assert len(shop.quarantined(D1)) == 1
    repaired = Till(
        tmp_path, SOURCE.replace("paid::decimal(18,4) / nullif(n::integer, 0)", "try_cast(paid as decimal(18,4))")
    )
    repaired.build(D1)
    assert (repaired.events(D1), repaired.quarantined(D1)) == (["e1"], [])
