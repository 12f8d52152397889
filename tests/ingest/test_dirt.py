"""Dirty drops: each is accounted for with its reason, and the good rows beside it arrive."""

import gzip
import os
from datetime import date
from pathlib import Path

import pytest

from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.counts import DayCounts
from recs.ingest.errors import IngestError
from recs.ingest.inputs import stale_days
from recs.ingest.landing import land
from recs.ingest.source import load_source
from recs.ingest.summary import ingest_summary
from recs.lake import Lake, Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
D1, D2, D3 = date(2017, 1, 1), date(2017, 1, 2), date(2017, 1, 3)
HEADER = "id,seen_at,user,item,n,paid"
SOURCE = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*"
    feeds: events
    columns:
      event_id: id
      event_at: seen_at
      user_id: user
      item_id: item
      action: "'purchase'"
      quantity: n
      unit_price: paid::decimal(18,4) / nullif(n::integer, 0)
  catalogue:
    file: "items*"
    feeds: items
    columns:
      item_id: id
      title: name
      is_available: "true"
      is_blocked: "false"
      is_adult: "false"
      updated_at: arrival_date
"""


class Shop:
    """A shop's landing and lake in a temporary folder."""

    def __init__(self, root: Path, source: str = SOURCE) -> None:
        path = root / "shop.yaml"
        path.write_text(source)
        self.root, self.source, self.lake = root, load_source(path, CONTRACTS), Lake(root / "lake")
        self.landing = root / "landing"

    def land(self, day: date, name: str, data: str | bytes) -> list[str]:
        """Offer one file; returns statuses."""
        path = self.root / "out" / day.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return [entry.status for entry in land(self.source, [path], self.landing, arrival_date=day)]

    def build(
        self, days: list[date], table: str = "events", lake: Lake | None = None, threads: int = 2
    ) -> list[DayCounts]:
        return build_raw(
            CONTRACTS[table],
            days,
            lake=lake or self.lake,
            landing_root=self.landing,
            sources=[self.source],
            provenance=Provenance("code", "config", "run"),
            threads=threads,
        )

    def quarantined(self, day: date) -> list[tuple[int, str, str]]:
        """(line, text, rules) of the day's quarantined event rows."""
        return self.lake.read("raw/quarantine/events", day, ["source_line", "source_text", "rules"]).rows()

    def events(self, day: date) -> list[str]:
        return self.lake.read("raw/events", day, ["event_id"])["event_id"].to_list()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def sales(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


GOOD = "e1,2017-01-01 10:00:00,ann,i1,2,3.00"


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
    shop.land(D1, "sales.csv", sales(GOOD, row, "e3,2017-01-01 11:00:00,bob,i1,1,1"))
    counts = shop.build([D1])[0]
    assert shop.events(D1) == ["e1", "e3"]
    assert shop.quarantined(D1) == [(2, row, rules)]
    assert (counts.read, counts.valid, counts.quarantined, counts.duplicate) == (3, 2, 1, 0)
    assert counts.reasons == dict.fromkeys(rules.split("; "), 1)


def test_a_quoted_line_break_is_part_of_a_value_and_lines_keep_their_numbers(shop):
    rows = sales('"e\n1",2017-01-01 10:00:00,ann,i1,1,1', "short", "", '"e2",2017-01-01 10:00:00,"a,b",i1,0,1')
    shop.land(D1, "sales.csv", rows)
    shop.build([D1])
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
    shop.land(D1, "sales.csv", sales(GOOD))
    assert shop.land(D1, name, data) == ["taken"]
    counts = shop.build([D1])[0]
    assert shop.events(D1) == ["e1"]
    assert (counts.read, counts.valid, counts.quarantined, counts.unreadable_files) == (1, 1, 0, 1)
    assert [(line, rules) for line, _, rules in shop.quarantined(D1)] == [(0, rule)]
    assert [f.status for f in counts.files] == ["quarantined", "read"]
    assert counts.is_over_bad_share


def test_a_quote_that_never_closes_takes_the_rest_of_its_file_into_quarantine(shop):
    shop.land(
        D1, "sales.csv", sales(GOOD, 'e2,2017-01-01 10:00:00,"ann,i1,2,3.00', "e3,2017-01-01 10:00:00,bob,i1,1,1")
    )
    counts = shop.build([D1])[0]
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
    summary = ingest_summary("shop", entries, {"events": shop.build([D1])})
    assert [f["status"] for f in summary["files"]] == ["taken", "duplicate", "quarantined"]
    assert summary["files"][2]["reason"] == "file:missing_column (no column item, n, paid, seen_at, user)"
    assert summary["tables"]["events"] == {
        **{"read": 2, "valid": 1, "quarantined": 0, "duplicate": 1},
        "reasons": {"file:missing_column": 1},
    }


def test_random_bytes_of_any_kind_are_accounted_for(shop):
    for n in range(20):
        shop.land(D1, f"sales-{n}.csv" + (".gz" if n % 2 else ""), os.urandom(400))
    counts = shop.build([D1])[0]
    assert counts.valid == 0
    assert counts.unreadable_files == 20


def test_the_same_bytes_count_once_under_any_name_and_day(shop):
    assert shop.land(D1, "sales.csv", sales(GOOD)) == ["taken"]
    assert shop.land(D1, "sales-again.csv", sales(GOOD)) == ["duplicate"]
    assert shop.land(D2, "sales.csv", sales(GOOD)) == ["duplicate"]
    assert [c.read for c in shop.build([D1, D2])] == [1, 0]


def test_an_event_counts_at_its_first_arrival_only(shop):
    late = "e2,2017-01-01 12:00:00,bob,i1,1,1"
    shop.land(D1, "sales.csv", sales(GOOD, GOOD))
    shop.land(D2, "sales.csv", sales(GOOD, late))
    shop.land(D3, "sales.csv", sales(late, "e0,2017-01-03 12:00:00,bob,i1,1,1"))
    counts = shop.build([D1, D2]) + shop.build([D3])
    assert [shop.events(day) for day in (D1, D2, D3)] == [["e1"], ["e2"], ["e0"]]
    assert [c.duplicate for c in counts] == [1, 1, 1]


def test_days_between_those_being_built_count_too(shop):
    rows = {D1: ["a"], D2: ["a", "b"], D3: ["b", "c"]}
    for day, names in rows.items():
        shop.land(day, "sales.csv", sales(*(f"{name},2017-01-01 12:00:00,ann,i1,1,1" for name in names)))
    with pytest.raises(IngestError, match="lacks 2017-01-02"):
        shop.build([D1, D3])
    shop.build([D1, D2, D3])
    shop.build([D1, D3])
    assert [shop.events(day) for day in rows] == [["a"], ["b"], ["c"]]


def test_a_quarantined_row_does_not_take_the_place_of_its_repair(shop):
    shop.land(D1, "sales.csv", sales(GOOD.replace(",2,", ",0,")))
    shop.land(D2, "sales.csv", sales(GOOD))
    shop.build([D1, D2])
    assert (shop.events(D1), shop.events(D2)) == ([], ["e1"])


def test_an_unknown_item_is_kept_and_flagged_until_the_catalogue_has_arrived(shop):
    shop.land(D1, "sales.csv", sales(GOOD))
    shop.land(D2, "items.csv", "id,name\ni1,Milk\n")
    shop.land(D2, "sales.csv", sales("e2,2017-01-02 09:00:00,ann,i1,1,1", "e3,2017-01-02 09:00:00,ann,i9,1,1"))
    shop.build([D1, D2], "items")
    counts = shop.build([D1, D2])
    flags = [shop.lake.read("raw/events", day)["is_unknown_item"].to_list() for day in (D1, D2)]
    assert flags == [[True], [False, True]]
    assert [c.flagged for c in counts] == [{"is_unknown_item": 1}, {"is_unknown_item": 1}]


def test_identical_rows_of_other_tables_count_once_a_day_and_again_the_next(shop):
    shop.land(D1, "items.csv", "id,name\ni1,Milk\ni1,Milk\ni1,Fresh milk\n")
    shop.land(D2, "items.csv", "id,name,colour\ni1,Milk,white\n")
    counts = shop.build([D1, D2], "items")
    assert [(c.valid, c.duplicate) for c in counts] == [(2, 1), (1, 0)]


def test_repeated_lines_without_ids_are_one_event_or_several_as_the_source_says(tmp_path):
    line = "2017-01-01 10:00:00,ann,i1,1,1"
    for choice, expected in (("drop", 1), ("keep", 2)):
        (tmp_path / choice).mkdir()
        shop = Shop(tmp_path / choice, SOURCE.replace("      event_id: id\n", "") + f"repeated_lines: {choice}\n")
        shop.land(D1, "sales.csv", "\n".join([HEADER[3:], line, line]) + "\n")
        shop.land(D2, "sales.csv", "\n".join([HEADER[3:], line]) + "\n\n")
        assert [c.valid for c in shop.build([D1, D2])] == [expected, 0]


def test_history_is_cut_by_event_day(tmp_path):
    shop = Shop(tmp_path, SOURCE.replace("arrival: path", "arrival: event_day"))
    rows = ["e1,2017-01-02 10:00:00,ann,i1,1,1", "e2,2017-01-01 10:00:00,ann,i1,1,1", "e3,never,ann,i1,1,1"]
    assert shop.land(D3, "sales.csv", sales(*rows)) == ["taken", "taken"]
    assert shop.land(D3, "sales.csv", sales(*rows)) == ["duplicate"]
    shop.build([D1, D2, D3])
    assert (shop.events(D1), shop.events(D2), shop.events(D3)) == (["e2"], ["e1"], [])
    assert [rules for _, _, rules in shop.quarantined(D1)] == ["event_at:type"]


def test_a_day_built_alone_or_in_a_range_or_on_one_thread_has_the_same_bytes(shop, tmp_path):
    days = [D1, D2, D3]
    for day in days:
        rows = [f"e{n * day.day},{day} 10:00:00,u{n % 7},i{n % 5},{n % 3},{n}" for n in range(1, 300)]
        shop.land(day, "sales.csv", sales(*rows))
    whole, single = Lake(tmp_path / "whole"), Lake(tmp_path / "single")
    shop.build(days, lake=whole)
    for day in days:
        shop.build([day], lake=single, threads=1)
    for table in ("raw/events", "raw/quarantine/events"):
        for day in days:
            one, other = whole.info(table, day), single.info(table, day)
            assert one
            assert other
            assert (one.content_hash, one.inputs, one.extra) == (other.content_hash, other.inputs, other.extra)


def test_only_days_whose_inputs_changed_are_stale(shop):
    for day in (D1, D2):
        shop.land(day, "sales.csv", sales(f"e{day.day},{day} 10:00:00,ann,i1,1,1"))

    def stale() -> list[date]:
        where = {"lake": shop.lake, "landing_root": shop.landing, "sources": [shop.source]}
        return stale_days(CONTRACTS["events"], [D1, D2, D3], **where)

    assert stale() == [D1, D2, D3]
    shop.build([D1, D2])
    assert stale() == [D3]
    shop.build([D3])
    assert stale() == []
    shop.land(D2, "sales-late.csv", sales(f"e9,{D2} 10:00:00,ann,i1,1,1"))
    assert stale() == [D2]
    shop.build([D2])
    assert stale() == [D3]


def test_a_day_is_refused_while_earlier_arrivals_are_not_built(shop):
    shop.land(D1, "sales.csv", sales(GOOD))
    with pytest.raises(IngestError, match=r"raw/events lacks 2017-01-01"):
        shop.build([D2])


def test_a_landed_file_that_was_edited_is_refused(shop):
    shop.land(D1, "sales.csv", sales(GOOD))
    (shop.landing / "shop" / "2017-01-01" / "sales.csv").write_text(sales())
    with pytest.raises(IngestError, match="is not the file that was taken"):
        shop.build([D1])


def test_a_repaired_day_loses_its_quarantine(shop, tmp_path):
    shop.land(D1, "sales.csv", sales(GOOD.replace(",3.00", ",free")))
    shop.build([D1])
    assert len(shop.quarantined(D1)) == 1
    repaired = Shop(
        tmp_path, SOURCE.replace("paid::decimal(18,4) / nullif(n::integer, 0)", "try_cast(paid as decimal(18,4))")
    )
    repaired.build([D1])
    assert (repaired.events(D1), repaired.quarantined(D1)) == (["e1"], [])
