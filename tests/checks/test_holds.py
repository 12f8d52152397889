"""Held batches: where they lie, what people decide about them, and that a decision is about just those rows."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.checks import Checks
from recs.ingest.holds import (
    HoldError,
    Holds,
    batch_name,
    decide,
    forget_held,
    held_batches,
    parse_batch,
)
from tests.checks.lakes import CONTRACTS, MONDAY, Shop, events
from tests.ingest.shop import VIEWS
from tests.ingest.shop import Shop as LandedShop

SAID = {"who": "ann", "why": "a sale", "at": "2026-03-03T10:00:00+00:00"}


@pytest.fixture
def holds(shop: Shop, tmp_path) -> Holds:
    return Holds(tmp_path / "landing")


def let_in(shop: Shop, holds: Holds, batch: str = "events/2026-03-02"):
    return decide(shop.lake, holds, batch, "released", **SAID)


def test_a_held_batch_lies_apart_with_its_reasons(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    (batch,) = held_batches(shop.lake, holds)
    assert (batch.batch, batch.rows, batch.state) == ("events/2026-03-02", 9, "held")
    assert batch.reasons == ("too many",)
    assert shop.lake.days("raw/events") == []


def test_a_release_names_the_rows_that_it_lets_in(shop, holds):
    rows_hash = shop.hold(MONDAY, events(MONDAY, 9)).content_hash
    assert holds.on("events", MONDAY, rows_hash) is None
    assert let_in(shop, holds).state == "released"
    decision = holds.on("events", MONDAY, rows_hash)
    assert (decision.decision, decision.who, decision.why) == ("released", "ann", "a sale")
    assert holds.on("events", MONDAY + timedelta(days=1), rows_hash) is None


def test_a_batch_that_changes_is_judged_anew(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    let_in(shop, holds)
    shop.hold(MONDAY, events(MONDAY, 10))
    (batch,) = held_batches(shop.lake, holds)
    assert batch.state == "held"


def test_the_newest_decision_counts_and_the_same_twice_is_kept_once(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    let_in(shop, holds)
    let_in(shop, holds)
    assert decide(shop.lake, holds, "events/2026-03-02", "dropped", **SAID).state == "dropped"
    assert [d.decision for d in holds.decisions()] == ["released", "dropped"]


def test_a_decision_makes_its_day_stale_and_no_other(shop, holds):
    assert holds.inputs("events") == {}
    shop.hold(MONDAY, events(MONDAY, 9))
    made = let_in(shop, holds)
    assert holds.inputs("events") == {MONDAY: {"hold/events": f"released {made.rows_hash}"}}
    assert holds.inputs("items") == {}


def test_a_batch_that_readers_see_is_held_no_more(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    forget_held(shop.lake, "events", MONDAY)
    forget_held(shop.lake, "events", MONDAY)
    assert held_batches(shop.lake, holds) == []
    assert list(shop.lake.root.rglob("*.parquet")) == []


def test_what_is_not_held_cannot_be_decided_upon(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    with pytest.raises(HoldError, match=r"batch events/2026-03-03 is not held.*aisle hold list: events/2026-03-02"):
        let_in(shop, holds, "events/2026-03-03")
    assert not holds.path.exists()


@pytest.mark.parametrize("text", ["events", "events/monday", "/2026-03-02", "a/b/2026-03-02", "", "../x/2026-03-02"])
def test_a_name_that_is_none_is_refused(text):
    with pytest.raises(HoldError, match="names no batch"):
        parse_batch(text)


@given(st.sampled_from(sorted(CONTRACTS)), st.dates())
def test_a_name_is_read_as_it_was_written(table, day):
    assert parse_batch(batch_name(table, day)) == (table, day)
    assert parse_batch(f"raw/{batch_name(table, day)}") == (table, day)


def test_a_torn_last_line_does_not_count_and_is_written_over(shop, holds):
    shop.hold(MONDAY, events(MONDAY, 9))
    let_in(shop, holds)
    with holds.path.open("ab") as file:
        file.write(b'{"batch": "events/2026')
    assert len(holds.decisions()) == 1
    decide(shop.lake, holds, "events/2026-03-02", "dropped", **SAID)
    assert [d.decision for d in holds.decisions()] == ["released", "dropped"]


def test_other_damage_is_stated(shop, holds):
    holds.path.parent.mkdir()
    holds.path.write_text('{"batch": 1}\n')
    with pytest.raises(HoldError, match="a line that is no decision"):
        holds.decisions()


def test_a_batch_is_held_until_it_is_let_in_and_the_other_days_go_on(tmp_path):
    shop = LandedShop(tmp_path, VIEWS)
    holds = Holds(shop.landing)

    def landed(day: date, rows: int, name: str = "sales.csv") -> None:
        lines = [f"{day}-{name}-{n},{day} 10:00:00" for n in range(rows)]
        shop.land(f"{day}/{name}", "\n".join(["id,seen_at", *lines]) + "\n", day=day)

    days = [MONDAY + timedelta(days=n) for n in range(30)]
    strange, after = days[28:]
    for day in days:
        landed(day, 10 if day == strange else 400)

    def seen() -> list[int]:
        shop.build(*days, checks=Checks())
        return [shop.lake.info("raw/events", day).rows for day in (days[27], strange, after)]

    assert seen() == [400, 0, 400]
    (batch,) = held_batches(shop.lake, holds)
    assert batch.reasons == ("volume_is_usual: the multiple of the usual rows is 0.025, less than 0.05",)
    decide(shop.lake, holds, batch.batch, "released", **SAID)
    landed(strange, 1, "sales-2.csv")
    assert seen() == [400, 0, 400]  # not the rows that were let in
    decide(shop.lake, holds, batch.batch, "released", **SAID)
    assert seen() == [400, 11, 400]
    assert held_batches(shop.lake, holds) == []


@pytest.mark.parametrize("one_by_one", [False, True])
def test_an_event_of_a_held_day_is_not_seen_until_it_is_let_in(tmp_path, one_by_one):
    shop = LandedShop(tmp_path, VIEWS)
    days = [MONDAY + timedelta(days=n) for n in range(4)]
    good = [["a", "b"], ["c"], ["c", "a", "d"], ["d", "e"]]
    for day, ids, bad in zip(days, good, [0, 9, 0, 0], strict=True):
        lines = [*(f"{name},{MONDAY} 10:00:00" for name in ids), *["x,never"] * bad]
        shop.land(f"{day}/sales.csv", "\n".join(["id,seen_at", *lines]) + "\n", day=day)

    def seen() -> list[str]:
        for some in [[day] for day in days] if one_by_one else [days]:
            shop.build(*some, checks=Checks(enough_read=5))
        return ["".join(name for (name,) in shop.rows(day, "event_id")) for day in days]

    assert seen() == ["ab", "", "cd", "e"]
    assert seen() == ["ab", "", "cd", "e"]
    (batch,) = held_batches(shop.lake, Holds(shop.landing))
    decide(shop.lake, Holds(shop.landing), batch.batch, "released", **SAID)
    assert seen() == ["ab", "c", "d", "e"]
