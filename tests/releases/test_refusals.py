"""Every rule can refuse, and says in words what it refuses and what would allow it."""

from datetime import timedelta

import polars as pl
import pytest

from recs.errors import ConfigError
from recs.releases.board import Act, Releases
from recs.releases.errors import ReleaseError, ReleaseRefusedError
from recs.releases.rules import ReleaseRules, release_rules
from recs.store import store_at
from tests.releases.shop import (
    DAY,
    HOME,
    ITEMS,
    SHOP,
    SIMILAR,
    SPECS,
    lake_at,
    surface_frame,
    write_shop,
    write_surface,
)

ACT = Act("2026-03-10T03:00:00Z", "robin")


def refusal(folder, rules=None, day=DAY):
    releases = Releases(lake_at(folder), store_at(folder / "store"), rules)
    with pytest.raises(ReleaseRefusedError) as caught:
        releases.publish(day, SPECS, code_version="c1", config_hash="f1", act=ACT)
    [refused] = [row["id"] for row in releases.catalogue.listing() if row["state"] == "rejected"]
    broken = releases.catalogue.verdict(refused).refusals
    return str(caught.value), {(r.rule, r.surface) for r in broken}


def rows_of(surface, **columns):
    frame = surface_frame(DAY, surface, SHOP[surface])
    first = (pl.col("source") == "global") & (pl.col("position") == 3)
    return frame.with_columns(
        pl.when(first).then(pl.lit(value, dtype=frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in columns.items()
    )


@pytest.mark.parametrize(
    ("columns", "rule", "words"),
    [
        ({"item_id": "i20"}, "item_twice", "item_id stands twice in one list, such as item 'i20' in the global list"),
        ({"reason": "magic"}, "known_reason", "1 rows with reasons outside"),
        ({"score": float("nan")}, "finite_score", "scores that are no number"),
        ({"propensity": 0.0}, "propensity", "propensities outside"),
        ({"position": 151}, "slots", "places behind the 150 slots"),
        ({"position": 2}, "positions", "positions are not 1, 2, 3"),
    ],
)
def test_a_broken_row_is_refused_with_an_example(tmp_path, columns, rule, words):
    write_shop(lake_at(tmp_path))
    write_surface(lake_at(tmp_path), DAY, "home", rows_of("home", **columns))
    text, broken = refusal(tmp_path)
    assert (rule, "home") in broken
    assert words in text
    assert store_at(tmp_path / "store").releases() == []


def test_blocked_items_are_refused(tmp_path):
    write_shop(lake_at(tmp_path), blocked={"i05"})
    text, broken = refusal(tmp_path)
    assert broken == {("recommendable", "home"), ("recommendable", "product_similar"), ("recommendable", "trending")}
    assert "items that are blocked or not available, such as item 'i05'" in text


def test_one_title_twice_in_a_list_is_refused(tmp_path):
    write_shop(lake_at(tmp_path), title="Apple")
    assert {rule for rule, _ in refusal(tmp_path)[1]} == {"title_twice"}


def test_an_item_that_the_item_table_lacks_is_refused(tmp_path):
    write_shop(lake_at(tmp_path), items=ITEMS[:39])
    assert refusal(tmp_path)[1] == {("known_item", "home")}


def test_a_reason_that_names_an_item_the_item_table_lacks_is_refused(tmp_path):
    lists = {**SHOP, "home": {**HOME, "global:": ITEMS[20:30]}}
    write_shop(lake_at(tmp_path), lists=lists, items=ITEMS[:39])
    releases = Releases(lake_at(tmp_path), store_at(tmp_path / "store"))
    with pytest.raises(ReleaseError, match="names 'i39', unknown to features/dim_item"):
        releases.publish(DAY, SPECS, code_version="c1", config_hash="f1", act=ACT)
    assert releases.catalogue.status()["active_release"] is None


def test_a_surface_without_lists_is_refused(tmp_path):
    write_shop(lake_at(tmp_path), lists={**SHOP, "trending": {}})
    text, broken = refusal(tmp_path)
    assert broken == {("not_empty", "trending")}
    assert "trending: it has no list at all [not_empty]. Allowed when: surfaces/trending has rows" in text


def test_a_promised_global_list_must_be_there(tmp_path):
    similar = {name: items for name, items in SIMILAR.items() if name != "global:"}
    write_shop(lake_at(tmp_path), lists={**SHOP, "product_similar": similar})
    assert refusal(tmp_path)[1] == {("global_list", "product_similar")}


def test_too_many_short_lists_are_refused_with_the_share_and_the_setting(tmp_path):
    home = {**HOME, "user:cat": ["i01"], "user:dan": ["i02", "i03"]}
    write_shop(lake_at(tmp_path), lists={**SHOP, "home": home})
    text, broken = refusal(tmp_path, ReleaseRules(max_short_share=0.2))
    assert broken == {("short_lists", "home")}
    assert "2 of 6 lists (33.3%) are shorter than min_items = 3" in text
    assert "raise releases.max_short_share in aisle.toml" in text


@pytest.mark.parametrize(
    ("users", "rules", "rule", "words"),
    [
        (1, ReleaseRules(), "min_keys_ratio", "3 keys against 12 in the release in force (0.25 of them)"),
        (30, ReleaseRules(max_keys_ratio=2), "max_keys_ratio", "32 keys against 12 in the release in force (2.67"),
    ],
)
def test_coverage_far_from_the_release_in_force_is_refused(tmp_path, users, rules, rule, words):
    lake, tomorrow = lake_at(tmp_path), DAY + timedelta(days=1)
    usual = {"region:north": ITEMS[10:20], "global:": ITEMS[20:40]}
    for day, count in ((DAY, 10), (tomorrow, users)):
        home = {**{f"user:u{n}": ITEMS[:6] for n in range(count)}, **usual}
        write_shop(lake, day, lists={**SHOP, "home": home})
    releases = Releases(lake, store_at(tmp_path / "store"), rules)
    before = releases.publish(DAY, SPECS, code_version="c1", config_hash="f1", act=ACT).manifest.id
    text, broken = refusal(tmp_path, rules, tomorrow)
    assert broken == {(rule, "home")}
    assert words in text
    assert f"{before} stays in force" in text
    assert releases.catalogue.status()["active_release"]["id"] == before


def test_a_surface_that_has_gone_is_refused(tmp_path):
    lake, tomorrow = lake_at(tmp_path), DAY + timedelta(days=1)
    for day in (DAY, tomorrow):
        write_shop(lake, day)
    releases = Releases(lake, store_at(tmp_path / "store"))
    releases.publish(DAY, SPECS, code_version="c1", config_hash="f1", act=ACT)
    fewer = {name: spec for name, spec in SPECS.items() if name != "trending"}
    with pytest.raises(ReleaseRefusedError, match=r"trending: the release in force .* serves it, this one does not"):
        releases.publish(tomorrow, fewer, code_version="c1", config_hash="f1", act=ACT)


def test_a_refused_release_passes_once_the_rule_allows_it(tmp_path):
    home = {**HOME, "user:cat": ["i01"], "user:dan": ["i02", "i03"]}
    write_shop(lake_at(tmp_path), lists={**SHOP, "home": home})
    refusal(tmp_path, ReleaseRules(max_short_share=0.2))
    releases = Releases(lake_at(tmp_path), store_at(tmp_path / "store"), ReleaseRules(max_short_share=0.4))
    assert releases.publish(DAY, SPECS, code_version="c1", config_hash="f1", act=ACT).outcome == "promoted"


def test_rules_name_the_field_that_is_wrong():
    assert release_rules({"keep": 5}) == ReleaseRules(keep=5)
    with pytest.raises(ConfigError, match="max_short_shar"):
        release_rules({"max_short_shar": 0.1})
