"""Old snapshots of pairs go by policy; what a ranker or a release needs stays, and what is gone says so."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.errors import ConfigError, LakeError
from recs.lake import Lake, Provenance
from recs.lake.inputs import Inputs, stale_days
from recs.lake.retention import delete_days, refuse_deleted
from recs.lake.snapshots import kept_snapshot_days, prunable_days, pruning_plan

BY = Provenance("code", "config", "run")
PAIRS, ITEMS = "features/feat_user_item", "features/feat_item"
MONDAY = date(2017, 3, 6)
DAYS = [MONDAY + timedelta(days=n) for n in range(42)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    for day in DAYS[-16:]:
        for table in (PAIRS, ITEMS):
            rows = pl.DataFrame({"as_of_date": [day], "item_id": ["tea"]})
            lake.write_partition(table, day, rows, sort_by=["item_id"], inputs={}, provenance=BY)
    return lake


def test_the_newest_days_and_one_a_week_stay():
    gone = prunable_days(DAYS, keep_days=8, weekly_days=28, keep=[DAYS[1]])
    kept = [day for day in DAYS if day not in gone]
    sundays = [DAYS[20], DAYS[27]]  # of the last 28 days; DAYS[13] is 28 days old
    assert kept == [DAYS[1], *sundays, *DAYS[-8:]]


@given(
    st.sets(st.integers(0, 200)),
    st.integers(8, 40),
    st.integers(0, 90),
    st.sets(st.integers(0, 200)),
)
def test_what_is_kept_once_is_kept_by_a_longer_policy_and_pruning_again_takes_nothing(days, keep_days, weekly, keep):
    all_days, pinned = ([MONDAY + timedelta(days=n) for n in some] for some in (days, keep))
    gone = prunable_days(all_days, keep_days=keep_days, weekly_days=weekly, keep=pinned)
    left = sorted(set(all_days) - set(gone))
    assert prunable_days(left, keep_days=keep_days, weekly_days=weekly, keep=pinned) == []
    longer = prunable_days(all_days, keep_days=keep_days + 1, weekly_days=weekly + 7, keep=pinned)
    assert set(longer) <= set(gone)
    assert not set(pinned) & set(gone)
    assert all_days == [] or max(all_days) in left


def test_a_pruned_snapshot_is_refused_until_it_is_made_again(lake):
    plan = pruning_plan(lake, [PAIRS], keep_days=8, weekly_days=84)
    old = plan[0].day
    before = lake.info(PAIRS, old)
    delete_days(lake, plan, at="2017-05-01T00:00:00+00:00")
    assert pruning_plan(lake, [PAIRS], keep_days=8, weekly_days=84) == []
    left = lake.info(PAIRS, old)
    assert (left.content_hash, left.rows, left.deleted_rows) == (before.content_hash, 0, 1)
    with pytest.raises(LakeError, match=f"retention has pruned {PAIRS} of {old}.*--select {PAIRS}"):
        lake.read(PAIRS, old)
    assert lake.read(ITEMS, old).height == 1
    with pytest.raises(LakeError, match=f"{ITEMS} of {old} reads {PAIRS}, .*--select {PAIRS},{ITEMS}"):
        refuse_deleted(lake, {ITEMS: [PAIRS]}, [old])
    refuse_deleted(lake, {ITEMS: [PAIRS], PAIRS: []}, [old])  # made together
    refuse_deleted(lake, {ITEMS: [PAIRS]}, [DAYS[-1]])
    assert stale_days(lake, PAIRS, [old, DAYS[-1]], lambda day: Inputs(lake).of(PAIRS, day, []), BY) == [old]


def test_a_policy_that_starves_the_ranker_is_refused():
    assert kept_snapshot_days(None, "aisle.toml") is None
    assert kept_snapshot_days(8, "aisle.toml") == 8
    with pytest.raises(ConfigError, match=r"aisle.toml: retention.snapshot_days is 7.*use 8 or more"):
        kept_snapshot_days(7, "aisle.toml")
