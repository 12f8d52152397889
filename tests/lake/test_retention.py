"""Old raw days are deleted whole, once, on record; what was made of them stays; making them anew is refused."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recs.errors import ConfigError, LakeError
from recs.lake import Lake, Provenance
from recs.lake.damage import damaged_partitions
from recs.lake.inputs import Inputs, stale_days
from recs.lake.partition import PARTITION_FILE
from recs.lake.retention import (
    EVENT_HORIZON_DAYS,
    FEATURE_WINDOW_DAYS,
    RECORD,
    RetentionSettings,
    delete_days,
    deleted_days,
    deletion_plan,
    kept_days,
    refuse_deleted,
    spans,
)

ROOT = Path(__file__).parents[2]
BY = Provenance("code", "config", "run")
FIRST, AT = date(2015, 3, 1), "2017-05-01T00:00:00+00:00"
EVENTS, ASIDE, FACT, FEATURE = "raw/events", "raw/quarantine/events", "facts/fct", "features/feat"
DAYS = [FIRST + timedelta(days=n) for n in range(4)]
FIRST_TWO, LATER = DAYS[:2], date(2017, 4, 8)


def write(lake: Lake, table: str, day: date, items: list[str], inputs: dict[str, str]) -> None:
    column = "as_of_date" if table.startswith("features/") else "arrival_date"
    rows = pl.DataFrame({"item_id": items}, schema={"item_id": pl.String}).with_columns(pl.lit(day).alias(column))
    lake.write_partition(
        table, day, rows, sort_by=["item_id"], inputs=inputs, provenance=BY, extra={"read": len(items)}
    )


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Four days of events with their landed files, one quarantined row a day, a fact of each day, a late feature."""
    lake = Lake(tmp_path / "lake")
    for n, day in enumerate(DAYS):
        path = landed(lake)[day][0]
        path.parent.mkdir(parents=True)
        path.write_text("zqx-user-00017")
        write(lake, EVENTS, day, [f"i{n}", "tea"], {})
        write(lake, ASIDE, day, ["bad"], {})
        write(lake, FACT, day, [f"i{n}", "tea"], Inputs(lake).of(FACT, day, [EVENTS]))
    write(lake, FEATURE, LATER, ["tea"], Inputs(lake).of(FEATURE, LATER, [EVENTS, FACT]))
    return lake


def landed(lake: Lake) -> dict[date, list[Path]]:
    return {day: [lake.root.parent / "landing" / "shop" / str(day) / "orders.csv"] for day in DAYS}


def plan(lake: Lake, until: date = DAYS[1]):
    made_of = {FACT: EVENTS}
    return deletion_plan(lake, until=until, tables=[EVENTS], quarantines=[ASIDE], facts=made_of, landed=landed(lake))


def hashes(lake: Lake) -> dict[str, str]:
    return {str(p.parent): json.loads(p.read_bytes())["content_hash"] for p in lake.root.rglob(PARTITION_FILE)}


def record(lake: Lake) -> list[dict]:
    return [json.loads(line) for line in (lake.root / RECORD).read_text().splitlines()]


def test_rows_quarantine_and_landed_files_of_old_days_go_and_are_noted(lake):
    delete_days(lake, plan(lake).days, at=AT)
    left = lake.read_window(EVENTS, until=LATER)
    assert left["item_id"].to_list() == ["i2", "tea", "i3", "tea"]
    assert lake.read_window(ASIDE, until=LATER)["arrival_date"].to_list() == DAYS[2:]
    assert lake.read(EVENTS, FIRST).schema == left.schema
    assert [path.exists() for paths in landed(lake).values() for path in paths] == [False, False, True, True]
    assert not (lake.root.parent / "landing" / "shop" / str(FIRST)).exists()
    tables = {EVENTS: 2, ASIDE: 1}
    assert record(lake) == [{"day": str(day), "tables": tables, "files": 1, "at": AT} for day in FIRST_TWO]
    assert (deleted_days(lake, EVENTS), deleted_days(lake, FACT)) == (FIRST_TWO, [])


def test_what_was_made_of_them_keeps_its_hash_and_is_not_out_of_date(lake):
    before = hashes(lake)
    delete_days(lake, plan(lake).days, at=AT)
    assert hashes(lake) == before
    inputs = Inputs(lake)
    assert stale_days(lake, FACT, DAYS, lambda day: inputs.of(FACT, day, [EVENTS]), BY) == []
    assert stale_days(lake, FEATURE, [LATER], lambda day: inputs.of(FEATURE, day, [EVENTS, FACT]), BY) == []
    assert lake.read(FACT, FIRST)["item_id"].to_list() == ["i0", "tea"]
    assert list(damaged_partitions(lake)) == []


def test_rows_that_come_back_into_a_deleted_day_are_damage(lake):
    delete_days(lake, plan(lake).days, at=AT)
    pl.DataFrame({"item_id": ["x"]}).write_parquet(lake.folder(EVENTS, FIRST) / "data.parquet")
    (damage,) = damaged_partitions(lake)
    assert (damage.folder, damage.problem) == (
        lake.folder(EVENTS, FIRST), "retention has deleted its rows, and 1 are there"
    )  # fmt: skip


def test_what_the_sidecar_says_else_stays(lake):
    before = lake.info(EVENTS, FIRST)
    delete_days(lake, plan(lake).days, at=AT)
    after = lake.info(EVENTS, FIRST)
    assert (after.rows, after.deleted_rows, before.deleted_rows) == (0, 2, None)
    assert (after.extra, after.inputs, after.run_id) == (before.extra, before.inputs, before.run_id)
    assert "deleted_rows" not in (lake.folder(EVENTS, DAYS[2]) / PARTITION_FILE).read_text()


def test_a_second_run_deletes_and_notes_nothing(lake):
    delete_days(lake, plan(lake).days, at=AT)
    before = record(lake)
    again = plan(lake)
    assert again.days == []
    delete_days(lake, again.days, at="later")
    assert record(lake) == before


class Killed(BaseException):
    pass


@pytest.mark.parametrize("torn", [False, True])
def test_a_run_that_was_killed_is_finished_by_the_next(lake, torn):
    def kill(old):
        raise Killed

    with pytest.raises(Killed):
        delete_days(lake, plan(lake).days, at=AT, deleted=kill)
    if torn:  # in the middle of the line: the day is deleted, and not on record
        path = lake.root / RECORD
        path.write_bytes(path.read_bytes()[:-9])
    delete_days(lake, plan(lake).days, at=AT)
    assert [(one["day"], one["tables"]) for one in record(lake)] == [
        (str(day), {EVENTS: 2, ASIDE: 1}) for day in FIRST_TWO
    ]
    assert deleted_days(lake, EVENTS) == FIRST_TWO


def test_a_day_waits_until_its_facts_are_made_of_what_lies_there(lake):
    write(lake, EVENTS, DAYS[0], ["new"], {})  # its facts are of other rows
    write(lake, EVENTS, DAYS[1] - timedelta(days=9), ["more"], {})  # and here there are none
    write(lake, EVENTS, DAYS[1] - timedelta(days=8), [], {})  # nothing to make a fact of
    got = plan(lake)
    assert got.waiting == [DAYS[1] - timedelta(days=9), DAYS[0]]
    assert [old.day for old in got.days] == [DAYS[1] - timedelta(days=8), DAYS[1]]


def test_landed_files_that_no_raw_day_holds_are_kept(lake):
    early = FIRST - timedelta(days=5)
    path = lake.root.parent / "landing" / "orders.csv"
    path.write_text("x")
    files = {early: [path]}
    got = deletion_plan(lake, until=early, tables=[EVENTS], quarantines=[], facts={FACT: EVENTS}, landed=files)
    assert (got.days, got.waiting) == ([], [early])


def test_making_a_fact_of_deleted_rows_is_refused_by_day(lake):
    delete_days(lake, plan(lake).days, at=AT)
    refuse_deleted(lake, {FACT: [EVENTS]}, DAYS[2:])
    with pytest.raises(LakeError) as caught:
        refuse_deleted(lake, {FACT: [EVENTS]}, DAYS)
    assert str(caught.value) == (
        "facts/fct of 2015-03-01 to 2015-03-02 can no longer be made: retention has deleted the rows of raw/events of "
        "2015-03-01 to 2015-03-02. Fix: begin with 2015-03-03; what was made of earlier days is kept."
    )


def test_a_feature_is_refused_while_its_window_reaches_a_deleted_day_and_no_longer(lake):
    delete_days(lake, plan(lake).days, at=AT)
    first_whole = DAYS[1] + timedelta(days=FEATURE_WINDOW_DAYS)
    refuse_deleted(lake, {FEATURE: [EVENTS, FACT]}, [first_whole])
    refuse_deleted(lake, {FEATURE: [FACT]}, DAYS)  # facts are kept
    refuse_deleted(lake, {}, DAYS)
    refuse_deleted(lake, {FEATURE: [EVENTS]}, [])
    with pytest.raises(
        LakeError, match=rf"features/feat of {first_whole - timedelta(days=1)} can .* with {first_whole};"
    ):
        refuse_deleted(lake, {FEATURE: [EVENTS]}, [first_whole - timedelta(days=1), first_whole])


@pytest.mark.parametrize(
    ("days", "toml", "said"),
    [
        (
            764,
            {},
            "raw_days is 764; an event may arrive 400 days late, and windows reach 364 days back. Fix: use 765 or",
        ),
        (765, {"channels": {"popular": {"window_days": 500}}}, "windows reach 500 days back. Fix: use 901 or more"),
        (0, {"evaluation": {"personal_window_days": 400}}, "Fix: use 801 or more"),
    ],
)
def test_fewer_days_than_late_events_and_windows_need_are_refused(days, toml, said):
    with pytest.raises(ConfigError, match=f"aisle.toml: retention.*{said}"):
        kept_days(RetentionSettings(days), toml, Path("aisle.toml"))


def test_enough_days_or_none_are_fine():
    for days in (765, 4000, None):
        assert kept_days(RetentionSettings(days), {"channels": {"x": {"window_days": 91}}}, Path()) == days


def test_the_numbers_are_those_of_the_contract_and_of_the_feature_sql():
    events = yaml.safe_load((ROOT / "data_contracts" / "events.yaml").read_text())
    (at,) = [p for p in events["schema"][0]["properties"] if p["name"] == "event_at"]
    (horizon,) = [q["implementation"] for q in at["quality"] if q["name"] == "horizon"]
    assert horizon == f"event_at >= arrival_date - interval {EVENT_HORIZON_DAYS} day"
    sql = "\n".join(
        p.read_text() for folder in ("models", "macros") for p in (ROOT / "dbt_project" / folder).rglob("*.sql")
    )
    told = pl.Series([sql]).str.extract_all(r"in_last_days\('event_date', (\d+)\)|_(\d+)d\b|\[([\d, ]+)\]")[0]
    windows = {int(n) for text in told for n in pl.Series([text]).str.extract_all(r"\d+")[0]}
    assert max(windows) == FEATURE_WINDOW_DAYS


@given(st.sets(st.integers(0, 40)))
def test_spans_name_every_day_once(offsets):
    days = [FIRST + timedelta(days=n) for n in sorted(offsets)]
    named = set()
    for part in filter(None, spans(days).split(", ")):
        first, _, last = part.partition(" to ")
        begin, end = (datetime.fromisoformat(text).date() for text in (first, last or first))
        named |= {begin + timedelta(days=n) for n in range((end - begin).days + 1)}
    assert named == set(days)
