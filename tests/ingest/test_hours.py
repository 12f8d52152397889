"""Hourly drops: a day is the same whether its hours came one by one or at once, and only what changed is made again."""

import itertools
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.lake import Lake
from tests.ingest.hours import D1, D2, SOURCE, sales
from tests.ingest.shop import Shop


def landed(shop: Shop, hour: int, *ids: str, day: date = D1) -> None:
    shop.land(f"{day}/{hour:02d}/sales.csv", sales(*ids), day=day)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, SOURCE)


def state(lake: Lake, day: date = D1) -> object:
    infos = [lake.info(f"raw/{table}", day) for table in ("events", "quarantine/events")]
    return [info and (info.content_hash, info.extra, info.parts, info.inputs) for info in infos]


def places(shop: Shop, day: date = D1) -> dict[str, tuple[int, int]]:
    """Inode and time of change of every part of the day."""
    files = shop.lake.folder("raw/events", day).glob("data*")
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


@pytest.mark.parametrize(
    ("path", "day", "hour"),
    [
        ("2026-03-01/05/sales.csv", D1, 5),
        ("2026-03-01/sales.csv", D1, 23),
        ("sales-2026-03-01T05.csv", D1, 5),
        ("2026-03-01/sales-2026-03-01T05.csv", D1, 5),
        ("2026-03-01/05/sales-2026-03-01.csv", D1, 5),
        ("2026-03-01/00/sales-2026-03-02T07.csv", D2, 7),
        ("2026-03-01/24/sales.csv", D1, 23),
        ("2026-02-31/2026-03-01/00/sales.csv", D1, 0),
        ("2026-03-01T05/sales.csv", D1, 5),
        ("2026-03-01/5/sales.csv", D1, 23),
    ],
)
def test_a_path_says_the_day_and_the_hour(shop, path, day, hour):
    [entry] = shop.land(path, sales("a"), day=date(2026, 4, 1), hour=3)
    assert (entry.day, entry.arrival_hour) == (day, hour)
    shop.build(day)
    assert shop.rows(day, "event_id", "arrival_date", "arrival_hour") == [("a", day, hour)]


def test_a_path_without_a_day_is_refused(shop):
    [entry] = shop.land("2026-13-01/sales.csv", sales("a"), day=D1)
    assert (entry.status, entry.reason) == (
        "refused",
        "its path has no date YYYY-MM-DD, and the source says arrival: path",
    )


def test_a_day_built_hour_by_hour_is_the_day_built_at_once_and_rewrites_nothing(shop, tmp_path):
    written: dict[str, tuple[int, int]] = {}
    for number, hour in enumerate(range(2, 24, 3)):
        # every hour repeats an event of the first, brings a broken row, and two of its own
        landed(shop, hour, "first", f"{hour}-a", f"{hour}-b", "")
        [counts] = shop.build(D1)
        now = places(shop)
        assert written.items() <= now.items()
        assert len(now) == number + 1
        written = now
    assert (counts.read, counts.valid, counts.quarantined, counts.duplicate) == (32, 17, 8, 7)
    assert [(h.files[0].valid, h.files[0].duplicate) for h in counts.hours.values()] == [(3, 0)] + [(2, 1)] * 7
    whole = Lake(tmp_path / "whole")
    assert shop.build(D1, lake=whole) == [counts]
    assert state(whole) == state(shop.lake)


def test_a_late_hour_makes_itself_and_later_hours_again_and_earlier_ones_stay(shop, tmp_path):
    for hour in (1, 5, 9):
        landed(shop, hour, f"{hour}", "again")
        shop.build(D1)
    before = places(shop)
    landed(shop, 3, "3", "9")
    [counts] = shop.build(D1)
    now = places(shop)
    assert before["data-01-000.parquet"] == now["data-01-000.parquet"]
    assert not {before[f"data-0{hour}-000.parquet"] for hour in (5, 9)} & set(now.values())
    rows = shop.rows(D1, "event_id", "arrival_hour")
    assert rows == [("1", 1), ("again", 1), ("3", 3), ("9", 3), ("5", 5)]
    assert counts.duplicate == 3
    shop.build(D1, lake=(whole := Lake(tmp_path / "whole")))
    assert state(whole) == state(shop.lake)


def test_a_second_file_of_an_hour_makes_that_hour_again(shop):
    landed(shop, 1, "a")
    landed(shop, 2, "b")
    shop.build(D1)
    before = places(shop)
    shop.land("2026-03-01/02/sales-more.csv", sales("c", "b"), day=D1)
    shop.build(D1)
    assert places(shop)["data-01-000.parquet"] == before["data-01-000.parquet"]
    assert shop.rows(D1, "event_id", "arrival_hour") == [("a", 1), ("c", 2), ("b", 2)]  # sales-more before sales.csv


def test_an_hour_that_changes_nothing_is_built_again_into_the_same_bytes(shop):
    for hour in (1, 2):
        landed(shop, hour, f"{hour}")
    shop.build(D1)
    before = state(shop.lake)
    shop.build(D1)
    assert state(shop.lake) == before


def test_hours_of_two_days_may_come_in_between(shop, tmp_path):
    landed(shop, 22, "a", day=D1)
    shop.build(D1)
    landed(shop, 0, "b", "a", day=D2)
    shop.build(D2)
    landed(shop, 23, "b", day=D1)
    shop.build(D1, D2)
    assert [shop.rows(day, "event_id") for day in (D1, D2)] == [[("a",), ("b",)], []]
    shop.build(D1, D2, lake=(whole := Lake(tmp_path / "whole")))
    assert [state(whole, day) for day in (D1, D2)] == [state(shop.lake, day) for day in (D1, D2)]


HOURS = st.dictionaries(
    st.integers(0, 23), st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=4), min_size=1, max_size=5
)


@settings(max_examples=8, deadline=None)
@given(hours=HOURS, order=st.randoms(use_true_random=False), builds=st.integers(1, 31))
def test_hours_that_come_in_any_order_give_the_same_rows(tmp_path_factory, hours, order, builds):
    """builds: a bit an arrival says whether the day is built behind it."""
    shop = Shop(tmp_path_factory.mktemp("shop"), SOURCE)
    came = list(hours)
    order.shuffle(came)
    for number, hour in enumerate(came):
        landed(shop, hour, f"of-{hour}", *hours[hour])  # no two files are alike: those would count once
        if builds >> number & 1:
            shop.build(D1)
    shop.build(D1)
    first: dict[str, int] = {}
    for hour in sorted(hours):
        for event in (f"of-{hour}", *hours[hour]):
            first.setdefault(event, hour)
    assert dict(shop.rows(D1, "event_id", "arrival_hour")) == first
    assert shop.lake.info("raw/events", D1).rows == len(first)
    shop.build(D1, lake=(whole := Lake(shop.root / "whole")))
    assert state(whole) == state(shop.lake)


def test_a_catalogue_flags_what_came_before_it_and_not_what_came_with_it_or_after(shop, tmp_path):
    for hour in (3, 4, 5):
        landed(shop, hour, f"{hour}")
        if hour == 4:
            shop.land("2026-03-01/04/items.csv", "id,name\ni1,Mug\n", day=D1)
        shop.build(D1, table="items")
        shop.build(D1)
    unknown = [("3", True), ("4", False), ("5", False)]
    assert shop.rows(D1, "event_id", "is_unknown_item") == unknown
    shop.build(D1, lake=(whole := Lake(tmp_path / "whole")), table="items")
    shop.build(D1, lake=whole)
    assert state(whole)[0][:3] == state(shop.lake)[0][:3]


def test_a_catalogue_that_comes_late_for_an_hour_changes_that_hours_flags(shop):
    landed(shop, 3, "3")
    landed(shop, 5, "5")
    shop.build(D1)
    before = places(shop)
    shop.land("2026-03-01/04/items.csv", "id,name\ni1,Mug\n", day=D1)
    shop.build(D1, table="items")
    shop.build(D1)
    assert shop.rows(D1, "event_id", "is_unknown_item") == [("3", True), ("5", False)]
    assert places(shop)["data-03-000.parquet"] == before["data-03-000.parquet"]


def test_hours_and_their_files_are_in_order_whatever_the_order_of_offering(tmp_path):
    found = set()
    for number, order in enumerate(itertools.permutations([1, 2, 3])):
        (tmp_path / f"{number}").mkdir()
        shop = Shop(tmp_path / f"{number}", SOURCE)
        for hour in order:
            landed(shop, hour, f"{hour}", "x")
        shop.build(D1)
        found.add(shop.lake.info("raw/events", D1).content_hash)
    assert len(found) == 1
