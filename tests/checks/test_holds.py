"""Held batches: where they lie, what people decide about them, and that a decision is about just those rows."""

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.checks.history import profiles_between
from recs.checks.hold import BatchJudge
from recs.ingest.holds import (
    HoldError,
    Holds,
    batch_name,
    decide,
    forget_held,
    held_batches,
    hold_batch,
    parse_batch,
    rows_hash,
)
from recs.lake import Provenance
from tests.checks.lakes import CONTRACTS, MONDAY, Shop, events

ORDER = [*CONTRACTS["events"].key, "source_file", "source_line"]
RUN = Provenance("c", "k", "r")
SAID = {"who": "ann", "why": "a sale", "at": "2026-03-03T10:00:00+00:00"}


@pytest.fixture
def holds(shop: Shop, tmp_path) -> Holds:
    return Holds(tmp_path / "landing")


def hold(shop: Shop, rows: pa.Table, day=MONDAY) -> pa.Table:
    return hold_batch(shop.lake, "events", day, rows, ["too many"], sort_by=ORDER, provenance=RUN)


def let_in(shop: Shop, holds: Holds, batch: str = "events/2026-03-02"):
    return decide(shop.lake, holds, batch, "released", **SAID)


def test_a_held_batch_lies_apart_and_nothing_is_left_for_readers(shop, holds):
    left = hold(shop, events(MONDAY, 9))
    assert (left.num_rows, left.schema) == (0, events(MONDAY, 0).schema)
    (batch,) = held_batches(shop.lake, holds)
    assert (batch.batch, batch.rows, batch.state) == ("events/2026-03-02", 9, "held")
    assert batch.reasons == ("too many",)
    assert shop.lake.days("raw/events") == []


def test_a_release_names_the_rows_that_it_lets_in(shop, holds):
    rows = events(MONDAY, 9)
    hold(shop, rows)
    assert holds.on("events", MONDAY, rows_hash(rows, ORDER)) is None
    assert let_in(shop, holds).state == "released"
    decision = holds.on("events", MONDAY, rows_hash(rows, ORDER))
    assert (decision.decision, decision.who, decision.why) == ("released", "ann", "a sale")
    assert holds.on("events", MONDAY + timedelta(days=1), decision.rows_hash) is None


@pytest.mark.parametrize("size", [0, 1, 2, 30])
def test_the_hash_of_rows_is_the_one_they_have_in_the_lake(shop, holds, size):
    rows = events(MONDAY, size)
    hold(shop, rows.take(pa.array(range(size - 1, -1, -1), pa.int64())))
    assert held_batches(shop.lake, holds)[0].rows_hash == rows_hash(rows, ORDER)


def test_a_batch_that_changes_is_judged_anew(shop, holds):
    hold(shop, events(MONDAY, 9))
    let_in(shop, holds)
    hold(shop, events(MONDAY, 10))
    (batch,) = held_batches(shop.lake, holds)
    assert batch.state == "held"


def test_the_newest_decision_counts_and_the_same_twice_is_kept_once(shop, holds):
    hold(shop, events(MONDAY, 9))
    let_in(shop, holds)
    let_in(shop, holds)
    assert decide(shop.lake, holds, "events/2026-03-02", "dropped", **SAID).state == "dropped"
    assert [d.decision for d in holds.decisions()] == ["released", "dropped"]


def test_a_decision_makes_its_day_stale_and_no_other(shop, holds):
    assert holds.inputs("events") == {}
    hold(shop, events(MONDAY, 9))
    made = let_in(shop, holds)
    assert holds.inputs("events") == {MONDAY: {"hold/events": f"released {made.rows_hash}"}}
    assert holds.inputs("items") == {}


def test_a_batch_that_readers_see_is_held_no_more(shop, holds):
    hold(shop, events(MONDAY, 9))
    forget_held(shop.lake, "events", MONDAY)
    forget_held(shop.lake, "events", MONDAY)
    assert held_batches(shop.lake, holds) == []
    assert list(shop.lake.root.rglob("*.parquet")) == []


def test_what_is_not_held_cannot_be_decided_upon(shop, holds):
    hold(shop, events(MONDAY, 9))
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
    hold(shop, events(MONDAY, 9))
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


def build(shop: Shop, holds: Holds, day, rows: pa.Table) -> None:
    """One day as ingestion builds it: judged, and then written for readers or held."""
    known = profiles_between(shop.lake, shop.contract, shop.checks, day, day)
    judge = BatchJudge(shop.contract, shop.checks, known)

    def is_released(day) -> bool:
        decision = holds.on("events", day, rows_hash(rows, ORDER))
        return decision is not None and decision.decision == "released"

    batch = judge.judge(rows, {day: (rows.num_rows, 0)}, is_released=is_released)[day]
    if batch.reasons:
        rows = hold_batch(shop.lake, "events", day, rows, batch.reasons, sort_by=ORDER, provenance=RUN)
    else:
        forget_held(shop.lake, "events", day)
    shop.arrive(day, rows)


def test_a_batch_is_held_until_it_is_let_in_and_the_other_days_go_on(shop, holds):
    strange = shop.weeks(28)
    after = strange + timedelta(days=1)
    build(shop, holds, strange, events(strange, 10))
    build(shop, holds, after, events(after, 400))
    assert [shop.lake.info("raw/events", day).rows for day in (strange, after)] == [0, 400]
    (batch,) = held_batches(shop.lake, holds)
    assert batch.reasons == ("volume_is_usual: the multiple of the usual rows is 0.025, less than 0.05",)
    let_in(shop, holds, batch.batch)
    build(shop, holds, strange, events(strange, 11))  # not the rows that were let in
    assert shop.lake.info("raw/events", strange).rows == 0
    build(shop, holds, strange, events(strange, 10))
    assert shop.lake.info("raw/events", strange).rows == 10
    assert held_batches(shop.lake, holds) == []
