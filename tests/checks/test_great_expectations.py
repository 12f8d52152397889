"""Great Expectations says what the rules say: its suites are made of them. One process answers for this whole file."""

import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recs.checks import Checks, rules
from recs.checks.frames import columns_frame, days_frame, measured_days, rows_frame
from recs.checks.history import profiles_between
from recs.checks.hold import hold_reasons
from recs.checks.judge import judge
from recs.checks.suites import Suite, columns_suite, days_suite, rows_suite
from recs.checks.validate import CheckError, GreatExpectations
from tests.checks.lakes import CONTRACTS, MONDAY, Shop, events

CONTRACT, CHECKS = CONTRACTS["events"], Checks()
RULES = rules(CONTRACT, CHECKS)
LAST = MONDAY + timedelta(days=29)


def random_metrics(days: int) -> dict[date, dict[str, float | None]]:
    """Values on, near and far from every limit, and none at all."""
    chance = random.Random(7)
    limits = {rule.metric: [end for r in RULES if r.metric == rule.metric for end in (r.low, r.high)] for rule in RULES}

    def value(metric: str) -> float | None:
        end = chance.choice([end for end in limits[metric] if end is not None])
        return chance.choice([None, end, end * 0.999999, end * 1.000001, end * chance.random() * 3])

    return {MONDAY + timedelta(days=n): {metric: value(metric) for metric in limits} for n in range(days)}


def dirty_shop(folder) -> Shop:
    """Four weeks as usual; then a day of 12 rows that breaks the contract in many ways."""
    shop = Shop(folder)
    day = shop.weeks(29)
    assert day == LAST
    broken = {
        "action": ["dance"] + ["view"] * 11,
        "quantity": [0] + [1] * 11,
        "currency": ["EUR", "euro"] + [None] * 10,
        "item_id": ["x" * 201, None] + ["i"] * 10,
        "event_id": ["e1", "e1", *map(str, range(10))],
        "rating": [9.0] + [None] * 11,
    }
    shop.arrive(LAST, events(LAST, 12, hour=30, **broken), bad=30, run="this run")
    return shop


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """One call: the shop's own judging first puts its suites together, then others are asked beside them."""
    folder = tmp_path_factory.mktemp("gx")
    shop, metrics = dirty_shop(folder), random_metrics(250)
    extra = [
        (Suite("random.days", "day", days_suite(CONTRACT, CHECKS).expectations), days_frame(metrics, CONTRACT, CHECKS))
    ]
    file = shop.lake.folder("raw/events", MONDAY) / "data.parquet"
    short = folder / "short.parquet"
    table = pa.parquet.read_table(file, partitioning=None)
    pa.parquet.write_table(
        table.drop_columns("user_id").set_column(0, "event_id", pc.utf8_length(table["event_id"])), short
    )
    for name, path in (("short", short), ("whole", file)):
        extra.append(
            (Suite(f"{name}.columns", "column", columns_suite(CONTRACT).expectations), columns_frame(path, CONTRACT))
        )
        extra.append(
            (Suite(f"{name}.rows", "source_line", rows_suite(CONTRACT).expectations), rows_frame([path], CONTRACT))
        )
    engine = Also(extra)
    days = [MONDAY + timedelta(days=n) for n in range(30)]
    judged = judge([CONTRACT], days, lake=shop.lake, checks=CHECKS, reports=shop.reports, run="this run", engine=engine)
    return shop, metrics, judged["events"], engine.results, days


class Also(GreatExpectations):
    """The real process, asked a little more at the same time."""

    def __init__(self, extra):
        super().__init__()
        self.extra, self.results = extra, {}

    def validate(self, asked, *, site, run):
        self.results = super().validate([*asked, *self.extra], site=site, run=run)
        return self.results


def test_rules_and_suites_agree_on_every_value(answers):
    _, metrics, _, results, _ = answers
    outcomes = results["random.days"].outcomes
    for rule, outcome in zip(RULES, outcomes, strict=True):
        broken = {day.isoformat() for day, values in metrics.items() if rule.is_broken_by(values[rule.metric])}
        assert broken, f"no value breaks {rule}"
        assert set(outcome.failing) == broken
        assert (outcome.success, outcome.unexpected) == (False, len(broken))


def test_what_holds_a_batch_and_what_fails_as_critical_agree(answers):
    shop, _, judged, _, days = answers
    known = profiles_between(shop.lake, CONTRACT, CHECKS, days[0], days[-1])
    measured = measured_days(known, days, CONTRACT, CHECKS)
    critical = {n for n, rule in enumerate(RULES) if rule.severity == "error"}
    for day in days:
        failing = critical & set(judged.verdicts.days[day].failing)
        reasons = hold_reasons(known[day], known.values(), CONTRACT, CHECKS)
        assert len(failing) == len(reasons)
        assert judged.verdicts.days[day].metrics == measured[day]
    failed = {RULES[n].check for n in judged.verdicts.days[LAST].failing}
    assert failed == {"bad_rows_are_few", "volume_is_usual"}
    assert not any(judged.verdicts.days[day].failing for day in days[:-1])


def test_rows_that_break_their_contract_are_found_by_every_rule_of_it(answers):
    *_, judged, _, _ = answers
    said = "\n".join(judged.verdicts.rows.failing)
    assert (judged.verdicts.rows.day, judged.verdicts.rows.rows) == (LAST.isoformat(), 12)
    for column in ("action", "quantity", "currency", "item_id", "event_id", "rating"):
        assert f"'column': '{column}'" in said
    for condition in ("event_at:future", "item_id:required"):
        assert f"'column': '{condition}'" in said
    assert len(judged.verdicts.rows.failing) == 8


def test_rows_that_meet_their_contract_pass_and_a_changed_table_does_not(answers):
    results = answers[3]
    assert results["whole.rows"].success
    assert results["whole.columns"].success
    assert results["short.columns"].outcomes[0].failing == ("event_id", "user_id")
    errors = [o.error for o in results["short.rows"].outcomes if o.error]
    assert any('The column "user_id" in BatchData does not exist' in error for error in errors)


def test_the_pages_are_there_and_show_every_suite(answers):
    shop, _, judged, _, _ = answers
    index = (shop.reports / "data_docs/index.html").read_text()
    assert "events.days" in index
    for page in (judged.verdicts.page, judged.verdicts.rows.page):
        assert "expectation" in Path(page).read_text().lower()
    assert not list(shop.reports.glob(".tmp-*"))


class Never(GreatExpectations):
    """Must not be asked."""

    def __init__(self):
        self.closed = False

    def validate(self, asked, *, site, run):
        raise AssertionError(f"asked again: {[suite.name for suite, _ in asked]}")

    def close(self):
        self.closed = True


def test_what_is_known_is_not_asked_again_and_what_has_changed_is(answers):
    shop, _, judged, _, days = answers
    never = Never()

    def again(lake_days, checks=CHECKS):
        arguments = {"lake": shop.lake, "checks": checks, "reports": shop.reports, "run": "a later run"}
        return judge([CONTRACT], lake_days, engine=never, **arguments)["events"]

    assert again(days).verdicts == judged.verdicts
    assert again(days[-3:]).verdicts == judged.verdicts
    assert never.closed
    with pytest.raises(AssertionError, match=r"asked again: \['events.days'\]"):
        again(days, Checks(enough_read=1000))  # bad shares are not judged any more
    Path(judged.verdicts.page).unlink()
    with pytest.raises(AssertionError, match="asked again"):
        again(days)


@pytest.mark.long
def test_a_process_that_fails_says_why(tmp_path):
    asked = (days_suite(CONTRACT, CHECKS), pa.table({"day": ["d"]}))
    with pytest.raises(CheckError, match="Great Expectations failed: ValueError: embedded null byte"):
        GreatExpectations().validate([asked], site=tmp_path / "a\0b", run="r")
