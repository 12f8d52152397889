"""A profile is counts of a day's batch, the same from memory and from Parquet, and lives in a sidecar."""

import json
from datetime import datetime, timedelta

import pytest

from recs.checks import Checks, Profile, profile_spec, profiles
from recs.checks.config import TableChecks, check_names, require_columns
from recs.checks.history import profiles_between
from recs.errors import ConfigError
from tests.checks.lakes import CONTRACTS, MONDAY, counts, events

SPEC = profile_spec(CONTRACTS["events"], Checks())
NEXT = MONDAY + timedelta(days=1)
ROWS = events(
    MONDAY,
    5,
    user_id=["a", None, None, "b", "c"],
    action=["view", "view", "purchase", "view", "search"],
    quantity=[None, None, 3, None, None],
    unit_price=[0.0, 1.0, 1.1, 2.0, None],
    is_unknown_item=[True, False, False, True, False],
)


def test_everything_is_counted_that_a_rule_looks_at():
    got = profiles(ROWS, SPEC, {MONDAY: (8, 2)})[MONDAY]
    assert (got.rows, got.read, got.bad) == (5, 8, 2)
    assert {"user_id": 2, "quantity": 4, "unit_price": 1, "item_id": 0}.items() <= got.nulls.items()
    assert got.mixes == {"action": {"purchase": 1, "search": 1, "view": 3}}
    assert got.bins == {"quantity": {"6": 1}, "unit_price": {"-10000": 1, "0": 2, "4": 1}}  # 4 bins an octave
    assert got.flagged == {"is_unknown_item": 2}
    assert got.newest_at == datetime(2026, 3, 2, 12)


def test_a_day_without_rows_has_a_profile_of_nothing():
    got = profiles(ROWS, SPEC, {MONDAY: (8, 2), NEXT: (3, 3)})[NEXT]
    assert (got.rows, got.read, got.bad, got.newest_at) == (0, 3, 3, None)
    assert set(got.nulls.values()) == {0}
    assert got.mixes == {"action": {}}


def test_a_profile_comes_back_from_a_sidecar_as_it_was():
    for profile in profiles(ROWS, SPEC, {MONDAY: (8, 2), NEXT: (0, 0)}).values():
        assert Profile.from_extra(profile.day, json.loads(json.dumps(profile.as_extra()))) == profile


def test_rows_in_memory_and_in_the_lake_have_the_same_profile(shop):
    shop.arrive(MONDAY, ROWS, bad=1)
    shop.arrive(NEXT, events(NEXT, 3))
    known = profiles_between(shop.lake, shop.contract, shop.checks, MONDAY, NEXT)
    assert known[MONDAY] == profiles(ROWS, SPEC, {MONDAY: (6, 1)})[MONDAY]
    assert list(known) == [MONDAY, NEXT]


def test_a_profile_in_the_sidecar_is_taken_and_one_of_something_else_is_not(shop):
    def arrive(profile: Profile) -> Profile:
        extra = {**counts(5), "profile": profile.as_extra()}
        info = shop.lake.info("raw/events", MONDAY)
        folder = shop.lake.folder("raw/events", MONDAY)
        (folder / "_partition.json").write_text(json.dumps({**vars(info), "extra": extra}))
        return profiles_between(shop.lake, shop.contract, shop.checks, MONDAY, MONDAY)[MONDAY]

    shop.arrive(MONDAY, ROWS)
    true = profiles(ROWS, SPEC, {MONDAY: (5, 0)})[MONDAY]
    planted = Profile(**{**vars(true), "rows": 77})
    assert arrive(planted).rows == 77
    assert arrive(Profile(**{**vars(planted), "spec": "other"})) == true


def test_a_held_day_says_nothing_about_what_is_usual(shop):
    shop.arrive(MONDAY, ROWS)
    shop.arrive(NEXT, ROWS.slice(0, 0))
    shop.arrive(NEXT, events(NEXT, 4), table="raw/held/events")
    assert list(profiles_between(shop.lake, shop.contract, shop.checks, MONDAY, NEXT)) == [MONDAY]


def test_trailing_days_are_read_and_later_ones_are_not(shop):
    after = shop.weeks(40, rows=3)
    day = after - timedelta(days=5)
    known = profiles_between(shop.lake, shop.contract, shop.checks, day, day)
    assert (min(known), max(known), len(known)) == (day - timedelta(days=28), day, 29)


def test_what_a_contract_holds_decides_which_checks_a_table_has():
    assert check_names(CONTRACTS["users"], Checks()) == [
        "bad_rows_are_few",
        "volume_is_usual",
        "nulls_are_usual",
        "rows_meet_the_contract",
    ]
    assert check_names(CONTRACTS["events"], Checks()) == [
        "bad_rows_are_few",
        "volume_is_usual",
        "nulls_are_usual",
        "price_has_not_shifted",
        "quantity_has_not_shifted",
        "action_mix_has_not_shifted",
        "items_are_known",
        "is_fresh",
        "rows_meet_the_contract",
    ]


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"baskets": TableChecks()}, r"\[checks.tables.baskets\]: there is no such table"),
        ({"events": TableChecks(numbers={"price": "region"})}, "numbers.price is 'region', not a numeric column"),
        ({"events": TableChecks(event_time="action")}, "event_time is 'action', not a time"),
    ],
)
def test_a_configuration_that_names_what_is_not_there_is_refused(tables, problem):
    with pytest.raises(ConfigError, match=problem):
        require_columns(CONTRACTS, Checks(tables=tables), "aisle.toml")


def test_the_shops_configuration_can_be_used():
    import tomllib

    import msgspec

    from tests.checks.lakes import ROOT

    stated = tomllib.loads((ROOT / "config/aisle.toml").read_text())["checks"]
    checks = msgspec.convert(stated, Checks)
    require_columns(CONTRACTS, checks, "aisle.toml")
    assert checks == Checks()  # what a shop gets that states nothing
