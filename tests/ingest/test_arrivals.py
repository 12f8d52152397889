"""What arrives counts once, at its first arrival; days depend on those before, and only what changed is stale."""

from datetime import date
from pathlib import Path

import pytest

from recs.ingest.errors import IngestError
from recs.ingest.inputs import stale_days
from recs.lake import Lake
from tests.ingest.shop import CONTRACTS
from tests.ingest.till import D1, D2, D3, GOOD, HEADER, SOURCE, Till, sales


@pytest.fixture
def shop(tmp_path: Path) -> Till:
    return Till(tmp_path, SOURCE)


def test_the_same_bytes_count_once_under_any_name_and_day(shop):
    assert shop.offer(D1, "sales.csv", sales(GOOD)) == ["taken"]
    assert shop.offer(D1, "sales-again.csv", sales(GOOD)) == ["duplicate"]
    assert shop.offer(D2, "sales.csv", sales(GOOD)) == ["duplicate"]
    assert [c.read for c in shop.build(D1, D2)] == [1, 0]


def test_an_event_counts_at_its_first_arrival_only(shop):
    late = "e2,2017-01-01 12:00:00,bob,i1,1,1"
    shop.offer(D1, "sales.csv", sales(GOOD, GOOD))
    shop.offer(D2, "sales.csv", sales(GOOD, late))
    shop.offer(D3, "sales.csv", sales(late, "e0,2017-01-03 12:00:00,bob,i1,1,1"))
    counts = shop.build(D1, D2) + shop.build(D3)
    assert [shop.events(day) for day in (D1, D2, D3)] == [["e1"], ["e2"], ["e0"]]
    assert [c.duplicate for c in counts] == [1, 1, 1]


def test_days_between_those_being_built_count_too(shop):
    rows = {D1: ["a"], D2: ["a", "b"], D3: ["b", "c"]}
    for day, names in rows.items():
        shop.offer(day, "sales.csv", sales(*(f"{name},2017-01-01 12:00:00,ann,i1,1,1" for name in names)))
    with pytest.raises(IngestError, match="lacks 2017-01-02"):
        shop.build(D1, D3)
    shop.build(D1, D2, D3)
    shop.build(D1, D3)
    assert [shop.events(day) for day in rows] == [["a"], ["b"], ["c"]]


def test_an_unknown_item_is_kept_and_flagged_until_the_catalogue_has_arrived(shop):
    shop.offer(D1, "sales.csv", sales(GOOD))
    shop.offer(D2, "items.csv", "id,name\ni1,Milk\n")
    shop.offer(D2, "sales.csv", sales("e2,2017-01-02 09:00:00,ann,i1,1,1", "e3,2017-01-02 09:00:00,ann,i9,1,1"))
    shop.build(D1, D2, table="items")
    counts = shop.build(D1, D2)
    flags = [shop.lake.read("raw/events", day)["is_unknown_item"].to_list() for day in (D1, D2)]
    assert flags == [[True], [False, True]]
    assert [c.flagged for c in counts] == [{"is_unknown_item": 1}, {"is_unknown_item": 1}]


def test_identical_rows_of_other_tables_count_once_a_day_and_again_the_next(shop):
    shop.offer(D1, "items.csv", "id,name\ni1,Milk\ni1,Milk\ni1,Fresh milk\n")
    shop.offer(D2, "items.csv", "id,name,colour\ni1,Milk,white\n")
    counts = shop.build(D1, D2, table="items")
    assert [(c.valid, c.duplicate) for c in counts] == [(2, 1), (1, 0)]


def test_repeated_lines_without_ids_are_one_event_or_several_as_the_source_says(tmp_path):
    line = "2017-01-01 10:00:00,ann,i1,1,1"
    for choice, expected in (("drop", 1), ("keep", 2)):
        (tmp_path / choice).mkdir()
        shop = Till(tmp_path / choice, SOURCE.replace("      event_id: id\n", "") + f"repeated_lines: {choice}\n")
        shop.offer(D1, "sales.csv", "\n".join([HEADER[3:], line, line]) + "\n")
        shop.offer(D2, "sales.csv", "\n".join([HEADER[3:], line]) + "\n\n")
        assert [c.valid for c in shop.build(D1, D2)] == [expected, 0]


def test_history_is_cut_by_event_day(tmp_path):
    shop = Till(tmp_path, SOURCE.replace("arrival: path", "arrival: event_day"))
    rows = ["e1,2017-01-02 10:00:00,ann,i1,1,1", "e2,2017-01-01 10:00:00,ann,i1,1,1", "e3,never,ann,i1,1,1"]
    assert shop.offer(D3, "sales.csv", sales(*rows)) == ["taken", "taken"]
    assert shop.offer(D3, "sales.csv", sales(*rows)) == ["duplicate"]
    shop.build(D1, D2, D3)
    assert (shop.events(D1), shop.events(D2), shop.events(D3)) == (["e2"], ["e1"], [])
    assert [rules for _, _, rules in shop.quarantined(D1)] == ["event_at:type"]


def test_a_day_built_alone_or_in_a_range_or_on_one_thread_has_the_same_bytes(shop, tmp_path):
    days = [D1, D2, D3]
    for day in days:
        rows = [f"e{n * day.day},{day} 10:00:00,u{n % 7},i{n % 5},{n % 3},{n}" for n in range(1, 300)]
        shop.offer(day, "sales.csv", sales(*rows))
    whole, single = Lake(tmp_path / "whole"), Lake(tmp_path / "single")
    shop.build(*days, lake=whole)
    for day in days:
        shop.build(day, lake=single, threads=1)
    for table in ("raw/events", "raw/quarantine/events"):
        for day in days:
            one, other = whole.info(table, day), single.info(table, day)
            assert one
            assert other
            assert (one.content_hash, one.inputs, one.extra) == (other.content_hash, other.inputs, other.extra)


def test_only_days_whose_inputs_changed_are_stale(shop):
    for day in (D1, D2):
        shop.offer(day, "sales.csv", sales(f"e{day.day},{day} 10:00:00,ann,i1,1,1"))

    def stale() -> list[date]:
        where = {"lake": shop.lake, "landing_root": shop.landing, "sources": [shop.source]}
        return stale_days(CONTRACTS["events"], [D1, D2, D3], **where)

    assert stale() == [D1, D2, D3]
    shop.build(D1, D2)
    assert stale() == [D3]
    shop.build(D3)
    assert stale() == []
    shop.offer(D2, "sales-late.csv", sales(f"e9,{D2} 10:00:00,ann,i1,1,1"))
    assert stale() == [D2]
    shop.build(D2)
    assert stale() == [D3]


def test_a_day_is_refused_while_earlier_arrivals_are_not_built(shop):
    shop.offer(D1, "sales.csv", sales(GOOD))
    with pytest.raises(IngestError, match=r"raw/events lacks 2017-01-01"):
        shop.build(D2)


def test_a_landed_file_that_was_edited_is_refused(shop):
    shop.offer(D1, "sales.csv", sales(GOOD))
    (shop.landing / "shop" / "2017-01-01" / "sales.csv").write_text(sales())
    with pytest.raises(IngestError, match="is not the file that was taken"):
        shop.build(D1)
