"""A changed file under an old name: what it no longer holds is taken back, what is new is added."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.lake import Lake
from tests.ingest.shop import Shop

SOURCE = """
source: shop
arrival: now
drops:
  sales:
    file: "sales*"
    feeds: events
    columns: {event_id: id, event_at: seen_at, user_id: user, item_id: item, action: "'purchase'", quantity: n}
"""
D1, D2, D3 = date(2017, 1, 1), date(2017, 1, 2), date(2017, 1, 3)


def sales(**quantities: int | str) -> str:
    lines = [f"{name},2017-01-01 08:00:00,ann,i1,{n}" for name, n in quantities.items()]
    return "\n".join(["id,seen_at,user,item,n", *lines]) + "\n"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, SOURCE)


def changes(shop: Shop, day: date) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """(arrived, taken back) of a day: event and quantity."""
    back = shop.lake.info("raw/retracted/events", day)
    gone = shop.rows(day, "event_id", "quantity", table="raw/retracted/events") if back else []
    return shop.rows(day, "event_id", "quantity"), gone


def test_a_correction_takes_back_what_is_gone_and_adds_what_is_new(shop):
    shop.land("sales.csv", sales(a=1, b=2, c=3), day=D1, hour=9)
    [entry] = shop.land("sales.csv", sales(a=1, b=5, d=4), day=D2, hour=10)
    assert (entry.status, entry.corrects) == ("taken", "shop/2017-01-01/09/sales.csv")
    first, second = shop.build(D1, D2)
    assert changes(shop, D1) == ([("a", 1), ("b", 2), ("c", 3)], [])
    assert changes(shop, D2) == ([("b", 5), ("d", 4)], [("b", 2), ("c", 3)])
    assert (second.read, second.valid, second.duplicate, second.retracted) == (3, 2, 1, 2)
    assert first.retracted == 0


def test_what_was_taken_back_says_where_it_had_come_from_and_when_it_went(shop):
    shop.land("sales.csv", sales(a=1), day=D1, hour=9)
    shop.land("sales.csv", sales(b=1), day=D2, hour=10)
    shop.build(D1, D2)
    told = ("event_id", "source_file", "source_line", "arrival_date", "arrival_hour")
    assert shop.rows(D2, *told, table="raw/retracted/events") == [("a", "shop/2017-01-01/09/sales.csv", 1, D2, 10)]


def test_a_second_correction_is_compared_with_what_the_first_has_left(shop):
    shop.land("sales.csv", sales(a=1, b=1), day=D1)
    shop.land("sales.csv", sales(a=2), day=D2)
    shop.land("sales.csv", sales(a=2, b=1), day=D3)
    counts = shop.build(D1) + shop.build(D2) + shop.build(D3)
    assert [changes(shop, day) for day in (D1, D2, D3)] == [
        ([("a", 1), ("b", 1)], []),
        ([("a", 2)], [("a", 1), ("b", 1)]),
        ([("b", 1)], []),
    ]
    assert [c.retracted for c in counts] == [0, 2, 0]


def test_an_event_that_was_taken_back_may_come_again_in_another_file(shop):
    shop.land("sales.csv", sales(a=1), day=D1)
    shop.land("sales.csv", sales(b=1), day=D2)
    shop.land("sales-other.csv", sales(a=1, b=1), day=D3)
    *_, third = shop.build(D1, D2, D3)
    assert shop.rows(D3, "event_id") == [("a",)]
    assert third.duplicate == 1


def test_an_event_of_another_file_is_not_taken_back(shop):
    shop.land("sales-1.csv", sales(a=1), day=D1, hour=1)
    shop.land("sales-2.csv", sales(b=1), day=D1, hour=2)
    shop.land("sales-1.csv", sales(c=1), day=D2)
    shop.build(D1, D2)
    assert changes(shop, D2) == ([("c", 1)], [("a", 1)])


def test_a_correction_in_the_same_hour_or_day_counts_too(shop):
    shop.land("sales.csv", sales(a=1, b=1), day=D1, hour=9)
    shop.land("sales.csv", sales(a=1, b=2), day=D1, hour=9)
    shop.land("sales.csv", sales(a=1), day=D1, hour=11)
    [counts] = shop.build(D1)
    assert changes(shop, D1) == ([("a", 1), ("b", 1), ("b", 2)], [("b", 1), ("b", 2)])
    assert (counts.read, counts.valid, counts.duplicate, counts.retracted) == (5, 3, 2, 2)


def test_a_file_may_go_back_to_what_it_once_was(shop):
    for day, text in zip((D1, D2, D3), (sales(a=1), sales(b=1), sales(a=1)), strict=True):
        assert shop.land("sales.csv", text, day=day)[0].status == "taken"
    shop.build(D1, D2, D3)
    assert changes(shop, D3) == ([("a", 1)], [("b", 1)])
    assert shop.land("sales.csv", sales(a=1), day=D3)[0].status == "duplicate"


def test_a_source_may_say_that_an_old_name_is_a_new_file(tmp_path):
    shop = Shop(tmp_path, SOURCE + "same_name: new\n")
    shop.land("sales.csv", sales(a=1), day=D1)
    shop.land("sales.csv", sales(b=1), day=D2)
    assert sum(c.retracted for c in shop.build(D1, D2)) == 0


def test_a_correction_of_history_arrives_on_its_newest_day(tmp_path):
    shop = Shop(tmp_path, SOURCE.replace("arrival: now", "arrival: path"))
    shop.land("2017-01-01/sales.csv", sales(a=1), day=D3)
    shop.land("2017-01-02/sales.csv", sales(b=1), day=D3)
    shop.build(D1, D2)
    before = shop.lake.info("raw/events", D1)
    [entry] = shop.land("2017-01-01/sales.csv", sales(a=3), day=D3)
    assert (entry.day, entry.corrects) == (D2, "shop/2017-01-01/sales.csv")
    shop.build(D1, D2)
    assert shop.lake.info("raw/events", D1) == before
    assert changes(shop, D2) == ([("b", 1), ("a", 3)], [("a", 1)])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), max_size=4), min_size=1, max_size=4))
def test_after_any_corrections_what_is_left_is_what_the_newest_file_holds(tmp_path_factory, versions):
    shop = Shop(tmp_path_factory.mktemp("shop"), SOURCE)
    days = [date(2017, 1, 1 + n) for n in range(len(versions))]
    landed: dict[str, int] = {}
    for day, version in zip(days, versions, strict=True):
        shop.land("sales.csv", sales(**version), day=day)
        landed = version
    alone = Lake(shop.root / "alone")
    shop.build(*days)
    for day in days:
        shop.build(day, lake=alone)
    live: dict[object, object] = {}
    for day in days:
        arrived, back = changes(shop, day)
        for event, quantity in back:
            assert live.pop(event) == quantity
        for event, quantity in arrived:
            assert event not in live
            live[event] = quantity
        one, other = shop.lake.info("raw/events", day), alone.info("raw/events", day)
        assert one
        assert other
        assert (one.content_hash, one.extra) == (other.content_hash, other.extra)
    assert live == {event: n for event, n in landed.items() if n > 0}  # quantity 0 breaks the contract
