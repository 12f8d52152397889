"""Quarantined records that are tried again: they arrive now, once, and the past stays as it was."""

import gzip
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from recs.identity import PLAIN, Identity
from recs.ingest.build import build_raw
from recs.ingest.errors import IngestError
from recs.ingest.ledger import TAKEN
from recs.ingest.replay import Replayed, arrival_of_replay, replay_counts, replay_quarantine
from recs.ingest.source import load_source
from recs.lake import Provenance
from tests.ingest.shop import CONTRACTS, Shop

D1, D2, D3 = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
SOURCE = """
source: shop
arrival: now
drops:
  sales:
    file: "sales*"
    feeds: events
    columns: {event_id: id, event_at: seen_at, user_id: user, item_id: item, action: "'purchase'", quantity: n}
"""
FIXED = SOURCE.replace("quantity: n}", "quantity: \"coalesce(nullif(n, 'none'), '1')\"}")
HEADER = "id,seen_at,user,item,n"
GOOD, NONE, ZERO = (
    f"{k},2026-03-01 08:00,{u},mug,{n}" for k, u, n in (("a", "ann", 1), ("b", "bob", "none"), ("c", "cid", 0))
)


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(tmp_path, SOURCE)


def fix(shop: Shop, source: str) -> None:
    (shop.root / "shop.yaml").write_text(source)
    shop.source = load_source(shop.root / "shop.yaml", CONTRACTS)


def replay(shop: Shop, day: date, on: date, *, rule: str = "", identity: Identity = PLAIN) -> Replayed:
    return replay_quarantine(
        "events",
        day,
        lake=shop.lake,
        landing_root=shop.landing,
        sources=[shop.source],
        arrivals={"shop": (on, 9)},
        identity=identity,
        rule=rule,
    )


def bad(shop: Shop, day: date) -> list[tuple[object, ...]]:
    return shop.rows(day, "source_text", "rules", table="raw/quarantine/events")


def test_rows_that_pass_after_a_fix_arrive_now_and_the_past_stays(shop):
    shop.land("sales.csv", "\n".join([HEADER, GOOD, NONE, ZERO]), day=D1, hour=5)
    shop.build(D1)
    before = shop.lake.info("raw/events", D1).content_hash
    fix(shop, FIXED)
    done = replay(shop, D1, D2)
    assert [(e.status, e.arrival_date, e.arrival_hour, e.replays) for e in done.entries] == [
        (TAKEN, "2026-03-02", 9, "shop/2026-03-01/05/sales.csv")
    ]
    shop.build(D2)
    assert replay_counts(shop.lake, "events", done.taken) == {
        "read": 2,
        "valid": 1,
        "quarantined": 1,
        "duplicate": 0,
        "unreadable_files": 0,
        "reasons": {"quantity:minimum": 1},
    }
    assert shop.rows(D2, "event_id", "quantity", "arrival_hour") == [("b", 1, 9)]
    assert bad(shop, D2) == [(ZERO, "quantity:minimum")]
    assert shop.lake.info("raw/events", D1).content_hash == before


def test_the_same_rows_land_once(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE]), day=D1)
    shop.build(D1)
    assert [e.replayed_lines for e in replay(shop, D1, D2).taken] == ["1"]
    again = replay(shop, D1, D3)
    assert (again.entries, again.known.total(), [e.day for e in again.before]) == ([], 1, [D2])


def test_lines_that_were_not_tried_yet_land_without_those_that_were(shop):
    lines = [f"r{n},2026-03-01 08:00,ann,mug,{n % 2 and 'none'}" for n in range(7)]
    shop.land("sales.csv", "\n".join([HEADER, *lines]), day=D1)
    shop.build(D1)
    assert [e.replayed_lines for e in replay(shop, D1, D2, rule="quantity:type").taken] == ["2,4,6"]
    fix(shop, FIXED)
    assert [e.replayed_lines for e in replay(shop, D1, D2).taken] == ["1,3,5,7"]
    assert replay(shop, D1, D2).entries == []


def test_on_the_day_on_which_they_would_arrive_rows_are_tried_where_they_lie(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE, ZERO]), day=D1)
    shop.build(D1)
    fix(shop, FIXED)
    for _ in range(2):
        done = replay(shop, D1, D1)
        assert (done.taken, [e.file for e in done.entries]) == ([], ["shop/2026-03-01/sales.csv"])
        shop.build(D1)
    assert shop.rows(D1, "event_id") == [("b",)]


def test_what_broke_again_can_be_tried_again_from_where_it_lies_now(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE]), day=D1)
    shop.build(D1)
    replay(shop, D1, D2)
    shop.build(D2)
    fix(shop, FIXED)
    done = replay(shop, D2, D3)  # the bytes are those of the file that broke again
    assert [e.status for e in done.entries] == [TAKEN]
    shop.build(D3)
    assert shop.rows(D3, "event_id") == [("b",)]


def test_a_row_whose_event_has_arrived_since_is_a_duplicate(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE]), day=D1)
    shop.build(D1)
    shop.land("sales-again.csv", "\n".join([HEADER, NONE.replace("none", "4")]), day=D2, hour=9)
    fix(shop, FIXED)
    done = replay(shop, D1, D2)  # in the same hour, and yet after what came by itself
    shop.build(D2)
    assert shop.rows(D2, "event_id", "quantity") == [("b", 4)]
    assert replay_counts(shop.lake, "events", done.taken)["duplicate"] == 1


def test_a_rule_chooses_rows_and_an_unknown_one_names_those_there_are(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE, ZERO]), day=D1)
    shop.build(D1)
    done = replay(shop, D1, D2, rule="quantity:minimum")
    assert (shop.landing / done.entries[0].file).read_text() == f"{HEADER}\n{ZERO}\n"
    with pytest.raises(IngestError, match="choose one of quantity:minimum, quantity:type"):
        replay(shop, D1, D2, rule="quantity:maximum")
    with pytest.raises(IngestError, match=r"no quarantined rows of 2026-03-03\. Fix: choose one of 2026-03-01"):
        replay(shop, D3, D3)


def test_a_file_that_could_not_be_read_comes_again_whole(shop):
    shop.land("sales.csv.gz", gzip.compress("\n".join([HEADER.replace(",n", ",other"), GOOD]).encode()), day=D1)
    shop.land("sales-2.csv", HEADER.replace(",n", ",pieces") + "\n" + GOOD + "\n", day=D1)
    shop.build(D1)
    fix(shop, SOURCE.replace("quantity: n}", "quantity: pieces}"))
    done = replay(shop, D1, D2)
    shop.build(D2)
    assert shop.rows(D2, "event_id", "quantity") == [("a", 1)]
    assert replay_counts(shop.lake, "events", done.taken)["unreadable_files"] == 1


def test_bytes_of_another_encoding_come_again_as_they_were(shop):
    lines = [HEADER, *(f"g{n},2026-03-01,ann,mug,1" for n in range(9)), "é,2026-03-01,ann,café,1"]
    shop.land("sales.csv", "\n".join(lines).encode("latin-1"), day=D1)
    shop.build(D1)
    assert bad(shop, D1)[0][1] == "line:encoding"
    fix(shop, SOURCE.replace("    feeds", "    encoding: latin-1\n    feeds"))
    replay(shop, D1, D2)
    shop.build(D2)
    assert shop.rows(D2, "event_id", "item_id") == [("é", "café")]


@pytest.mark.parametrize("kind", ["json_lines", "parquet"])
def test_records_of_every_format_come_again(tmp_path, kind):
    shop = Shop(tmp_path, SOURCE.replace("    feeds", f"    format: {kind}\n    feeds"))
    rows = pl.DataFrame([line.split(",") for line in (GOOD, NONE, ZERO)], schema=HEADER.split(","), orient="row")
    file = io.BytesIO()
    rows.write_parquet(file) if kind == "parquet" else rows.write_ndjson(file)
    shop.land(f"sales.{kind}", file.getvalue(), day=D1)
    shop.build(D1)
    fix(shop, FIXED.replace("    feeds", f"    format: {kind}\n    feeds"))
    replay(shop, D1, D2)
    [counts] = shop.build(D2)
    assert shop.rows(D2, "event_id") == [("b",)]
    assert (counts.read, counts.quarantined) == (2, 1)


def test_a_line_without_an_event_id_keeps_the_one_that_its_text_gives(tmp_path):
    without = SOURCE.replace("event_id: id, ", "")
    shop, other = (Shop(tmp_path / name, without) for name in ("a", "b") if not (tmp_path / name).mkdir())
    text = "\n".join([HEADER, NONE])
    shop.land("sales.csv", text, day=D1)
    shop.build(D1)
    for one in (shop, other):
        fix(one, FIXED.replace("event_id: id, ", ""))
    replay(shop, D1, D2)
    shop.build(D2)
    other.land("sales.csv", text, day=D2)
    other.build(D2)
    assert shop.rows(D2, "event_id") == other.rows(D2, "event_id")


def test_a_file_that_was_corrected_since_is_left_out(shop):
    shop.land("sales.csv", "\n".join([HEADER, NONE]), day=D1)
    shop.build(D1)
    shop.land("sales.csv", "\n".join([HEADER, GOOD]), day=D2)
    done = replay(shop, D1, D3)
    assert (done.entries, done.skipped) == ([], {"shop/2026-03-01/sales.csv": "it has been corrected since"})


def test_sealed_texts_are_opened_with_the_key(shop):
    identity = Identity(bytes(range(64)))
    shop.land("sales.csv", "\n".join([HEADER, NONE]), day=D1)
    options = {"lake": shop.lake, "landing_root": shop.landing, "sources": [shop.source], "identity": identity}
    build_raw(CONTRACTS["events"], [D1], provenance=Provenance("c", "g", "r"), **options)
    assert "bob" not in str(bad(shop, D1))
    done = replay(shop, D1, D2, identity=identity)
    assert (shop.landing / done.entries[0].file).read_text() == f"{HEADER}\n{NONE}\n"


def test_a_file_that_now_counts_its_lines_otherwise_is_refused(shop):
    shop.land("sales.csv", "\n".join([HEADER, GOOD, NONE]), day=D1)
    shop.build(D1)
    fix(shop, SOURCE.replace("    feeds", f"    header: [{HEADER}]\n    feeds"))
    with pytest.raises(IngestError, match="no longer reads as when its rows were quarantined"):
        replay(shop, D1, D2)


def test_a_replay_arrives_now_or_on_the_newest_day_of_a_shop_whose_days_are_told_by_paths_or_are_over(shop):
    now = datetime(2026, 5, 1, 10, tzinfo=UTC)
    shop.land("sales.csv", "\n".join([HEADER, GOOD]), day=D2, hour=7)

    def arrival(is_over: bool) -> tuple[date, int]:
        return arrival_of_replay(shop.source, [shop.source], shop.landing, now, is_over=is_over)

    assert arrival(False) == (date(2026, 5, 1), 10)
    assert arrival(True) == (D2, 7)
    fix(shop, SOURCE.replace("arrival: now", "arrival: path"))
    assert arrival(False) == (D2, 7)
