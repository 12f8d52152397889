from datetime import date

import polars as pl
import pytest

from recs.features.compare import compared
from recs.features.outcome import Outcome

DAY = date(2026, 3, 9)
KEYS = ("as_of_date", "user_id")
BEFORE = pl.LazyFrame(
    {"as_of_date": [DAY] * 3, "user_id": ["ann", "bob", "cat"], "spend": [1.0, None, 3.0], "segment": ["a", "b", "c"]}
)
BOUGHT = Outcome(("user_id",), "lines", pl.DataFrame({"user_id": ["cat"], "outcome": [2.0]}))


def test_nothing_changes_where_nothing_did_whatever_the_order():
    found = compared(BEFORE, BEFORE.reverse(), KEYS, BOUGHT)
    assert not found["changed"]
    assert found["rows"] == {"before": 3, "after": 3, "kept": 3, "added": 0, "removed": 0}
    assert found["columns"]["spend"]["psi"] == 0
    assert found["columns"]["spend"]["before"] == found["columns"]["spend"]["after"]


def test_a_changed_column_is_told_from_one_that_is_not():
    after = BEFORE.with_columns(spend=pl.Series([1.0, 2.0, 4.0])).filter(pl.col("user_id") != "bob")
    found = compared(BEFORE, after, KEYS, BOUGHT)
    spend, segment = found["columns"]["spend"], found["columns"]["segment"]
    assert found["rows"] == {"before": 3, "after": 2, "kept": 2, "added": 0, "removed": 1}
    assert (spend["changed"], spend["changed_share"]) == (True, 0.5)
    assert (spend["before"]["null_share"], spend["after"]["null_share"]) == (pytest.approx(1 / 3), 0)
    assert (spend["before"]["mean"], spend["after"]["mean"]) == (2.0, 2.5)
    assert spend["after"]["correlation"] == pytest.approx(1)
    assert (segment["changed"], segment["changed_share"], segment["psi"]) == (False, 0.0, None)
    assert segment["before"] == {"null_share": 0.0}


def test_a_null_that_becomes_a_value_is_a_change():
    after = BEFORE.with_columns(pl.col("spend").fill_null(0))
    assert compared(BEFORE, after, KEYS)["columns"]["spend"]["changed_share"] == pytest.approx(1 / 3)


def test_columns_that_come_and_go_are_named():
    found = compared(BEFORE, BEFORE.rename({"spend": "paid"}), KEYS)
    assert (found["columns_added"], found["columns_removed"]) == (["paid"], ["spend"])
    paid, spend = found["columns"]["paid"], found["columns"]["spend"]
    assert (paid["changed"], paid["changed_share"], paid["psi"], paid["before"]) == (True, None, None, None)
    assert (spend["after"], spend["before"]["mean"]) == (None, 2.0)
    assert paid["type"] == {"before": None, "after": "Float64"}


def test_another_type_is_a_change_though_every_value_is_the_same():
    found = compared(BEFORE, BEFORE.cast({"spend": pl.Float32}), KEYS)["columns"]["spend"]
    assert (found["changed"], found["changed_share"]) == (True, 0.0)


def test_a_table_that_was_not_there_gets_all_its_rows_and_columns():
    found = compared(BEFORE.select(KEYS).clear(), BEFORE, KEYS, BOUGHT)
    assert found["rows"] == {"before": 0, "after": 3, "kept": 0, "added": 3, "removed": 0}
    assert found["columns_added"] == ["spend", "segment"]
    assert found["columns"]["spend"]["before"] is None


def test_another_grain_keeps_no_row():
    after = BEFORE.rename({"user_id": "item_id"})
    found = compared(BEFORE, after, ("as_of_date", "item_id"), BOUGHT)
    assert found["rows"] == {"before": 3, "after": 3, "kept": 0, "added": 3, "removed": 3}
    assert found["columns"]["spend"]["changed_share"] is None
    assert found["changed"]
