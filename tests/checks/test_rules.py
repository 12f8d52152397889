"""What is usual: metrics beside the trailing weeks, the rules over them, and what they hold back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.checks import Checks, Profile, hold_reasons, profile_spec
from recs.checks.config import Bands, Most, Rule, TableChecks
from recs.checks.measure import Day
from recs.ingest.holds import Decision, Holds
from recs.ingest.judging import DayJudge
from tests.checks.lakes import CONTRACTS, MONDAY

CONTRACT, CHECKS = CONTRACTS["events"], Checks()
SPEC = profile_spec(CONTRACT, CHECKS)
TODAY = MONDAY + timedelta(days=28)  # a Monday again


def profile(day: date, rows: int = 1000, *, bad: int = 0, nulls: int = 0, prices=None, actions=None, flagged: int = 0):
    """A day's profile; prices by bin and actions by value, as shares of its rows."""
    counts = {
        name: {k: round(share * rows) for k, share in (given or default).items()}
        for name, given, default in (
            ("unit_price", prices, {"0": 0.5, "4": 0.5}),
            ("action", actions, {"view": 0.8, "purchase": 0.2}),
        )
    }
    return Profile(
        day=day,
        rows=rows,
        read=rows + bad,
        bad=bad,
        nulls={column: nulls if column == "user_id" else 0 for column in SPEC.optional},
        mixes={"action": counts["action"]},
        bins={"unit_price": counts["unit_price"], "quantity": {"0": rows}},
        flagged={"is_unknown_item": flagged},
        newest_at=None,
        spec=SPEC.digest,
    )


def trailing(days: int = 28, rows: int = 1000, **more) -> list[Profile]:
    return [profile(TODAY - timedelta(days=n), rows, **more) for n in range(days, 0, -1)]


def test_rows_are_measured_by_the_median_of_the_same_weekday():
    weekly = [profile(p.day, 5000 if p.day.weekday() == 0 else 1000) for p in trailing()]
    assert Day(profile(TODAY, 5000), weekly, CHECKS).value("volume_ratio") == 1.0
    assert Day(profile(TODAY, 5000), weekly[-20:], CHECKS).value("volume_ratio") == 5.0  # too few Mondays: all days


def test_only_the_trailing_days_count_and_never_a_later_one():
    far = [profile(TODAY - timedelta(days=29), 10**6), profile(TODAY + timedelta(days=1), 10**6)]
    day = Day(profile(TODAY, 500), [*far, *trailing()], CHECKS)
    assert day.value("volume_ratio") == 0.5
    assert len(day.trailing) == 28


@pytest.mark.parametrize("metric", ["volume_ratio", "null_rise", "shift_unit_price", "shift_action"])
def test_what_needs_history_is_not_judged_before_two_weeks_of_it(metric):
    strange = profile(TODAY, 9, nulls=9, prices={"90": 1.0}, actions={"dance": 1.0})
    assert Day(strange, trailing(13), CHECKS).value(metric) is None
    assert hold_reasons(strange, trailing(13), CONTRACT, CHECKS) == []


def test_few_rows_decide_nothing():
    assert Day(profile(TODAY, 5), trailing(rows=99), CHECKS).value("volume_ratio") is None
    assert Day(profile(TODAY, 99, prices={"90": 1.0}), trailing(), CHECKS).value("shift_unit_price") is None
    assert Day(profile(TODAY, 15, bad=4), [], CHECKS).value("bad_share") is None


def test_the_column_whose_nulls_have_risen_most_is_named():
    day = Day(profile(TODAY, nulls=300), trailing(nulls=100), CHECKS)
    assert day.value("null_rise") == pytest.approx(0.2)
    assert day.detail("null_rise") == "user_id"


def test_a_shift_is_measured_against_all_trailing_days_together():
    halves = [profile(p.day, prices={"0": 1.0} if p.day.day % 2 else {"4": 1.0}) for p in trailing()]
    assert Day(profile(TODAY), halves, CHECKS).value("shift_unit_price") == pytest.approx(0, abs=0.01)
    assert Day(profile(TODAY, prices={"0": 1.0}), halves, CHECKS).value("shift_unit_price") > 0.25
    assert Day(profile(TODAY, actions={"view": 0.2, "purchase": 0.8}), trailing(), CHECKS).value("shift_action") > 0.25


def test_what_comes_on_one_weekday_is_no_shift_on_that_weekday():
    sales = {"view": 0.1, "purchase": 0.9}
    weekly = [profile(p.day, actions=sales if p.day.weekday() == TODAY.weekday() else None) for p in trailing()]
    assert Day(profile(TODAY, actions=sales), weekly, CHECKS).value("shift_action") == pytest.approx(0, abs=0.01)
    assert Day(profile(TODAY, actions=sales), weekly[8:], CHECKS).value("shift_action") < 0.01  # two such days
    assert Day(profile(TODAY, actions=sales), weekly[-14:][1:], CHECKS).value("shift_action") is None  # no history
    assert Day(profile(TODAY, actions={"click": 1.0}), weekly, CHECKS).value("shift_action") > 0.25


def test_freshness_counts_from_the_newest_event_of_today_or_before():
    from datetime import datetime

    yesterday = replace(trailing(1)[0], newest_at=datetime(2026, 3, 29, 18))
    assert Day(profile(TODAY), [yesterday], CHECKS).value("age_hours") == 30
    assert Day(profile(TODAY), [], CHECKS).value("age_hours") is None


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (profile(TODAY, 1000, bad=40), None),
        (profile(TODAY, 1000, bad=53), "bad_rows_are_few: the share of rows that are bad is 0.05033, more than 0.05"),
        (profile(TODAY, 51), None),
        (profile(TODAY, 49), "volume_is_usual: the multiple of the usual rows is 0.049, less than 0.05"),
        (profile(TODAY, 20_000), None),
        (profile(TODAY, 20_001), "volume_is_usual: the multiple of the usual rows is 20, more than 20"),
        (profile(TODAY, 0), None),  # there is nothing to hold
        (profile(TODAY, 0, bad=20), "bad_rows_are_few: the share of rows that are bad is 1, more than 0.05"),
        (profile(TODAY, prices={"90": 1.0}, flagged=1000), None),  # these tell, and hold nothing
    ],
)
def test_a_batch_is_held_for_bad_rows_and_for_a_volume_that_cannot_be(batch, reason):
    assert hold_reasons(batch, trailing(), CONTRACT, CHECKS) == ([reason] if reason else [])


def test_a_table_has_limits_of_its_own_and_any_of_them_may_hold():
    own = {"events": TableChecks(numbers={"price": "unit_price"}, shift=Most(error=0.25), volume=Bands())}
    strange = profile(TODAY, 1, prices={"90": 1.0}), profile(TODAY, prices={"90": 1.0})
    got = [hold_reasons(one, trailing(), CONTRACT, Checks(tables=own)) for one in strange]
    assert got[0] == []
    assert len(got[1]) == 1
    assert got[1][0].startswith("price_has_not_shifted: the shift (PSI) of unit_price is ")


@given(st.floats(0, 100), st.floats(0, 50), st.floats(50, 100))
def test_both_ends_of_a_rule_belong_to_it(value, low, high):
    rule = Rule("c", "m", low, high, "warn", "w")
    assert rule.is_broken_by(value) == (not low <= value <= high)
    assert not rule.is_broken_by(low)
    assert not rule.is_broken_by(high)
    assert not rule.is_broken_by(None)


def test_a_held_day_is_no_history_and_a_released_one_is(shop, tmp_path):
    first = shop.weeks(14, 20)
    second, third = first + timedelta(days=1), first + timedelta(days=2)
    judge = DayJudge(CONTRACT, Checks(enough_rows=10), [first, second, third], shop.lake, tmp_path)
    assert judge.judge(profile(first, 1000), "a").reasons
    assert judge.judge(profile(second, 1000), "b").reasons  # nor is the day before it history to this one
    assert judge.judge(profile(third, 20), "c").reasons == []
    said = {"who": "ann", "why": "a sale", "at": "2026-03-03T10:00:00+00:00"}
    Holds(tmp_path).record(Decision(f"events/{first}", "released", rows_hash="a", **said))
    judge = DayJudge(CONTRACT, Checks(enough_rows=10), [first, second], shop.lake, tmp_path)
    assert judge.judge(profile(first, 1000), "other rows").reasons
    assert judge.judge(profile(first, 1000), "a").reasons == []
    assert judge.judge(profile(second, 20), "d").reasons == []
