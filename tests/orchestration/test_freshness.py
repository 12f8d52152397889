"""Every table of an open shop has a policy that says when it is late."""

import shutil
from datetime import timedelta
from pathlib import Path

import yaml

from jobs.daily import STAGES
from orchestration.definitions import defs

ROOT = Path(__file__).parents[2]


def policies(monkeypatch, folder: Path, *, is_over: bool) -> dict[str, list[object]]:
    """The policies of each group's tables."""
    toml = Path(shutil.copytree(ROOT / "config", folder / "config")) / "aisle.toml"
    lines = toml.read_text().splitlines(keepends=True)
    toml.write_text("".join(line for line in lines if is_over or not line.startswith("last_day")))
    monkeypatch.setenv("AISLE_CONFIG", str(toml.parent))
    monkeypatch.setenv("AISLE_HOME", str(folder / "home"))
    found: dict[str, list[object]] = {}
    for spec in defs().resolve_all_asset_specs():
        found.setdefault(spec.group_name, []).append(spec.freshness_policy)
    return found


def test_tables_of_the_open_day_are_late_after_75_minutes_and_others_at_six(monkeypatch, tmp_path):
    found = policies(monkeypatch, tmp_path, is_over=False)
    assert set(found) == {*STAGES, "evaluation"}
    for group in ("raw", "staging"):
        assert {policy.fail_window.to_timedelta() for policy in found[group]} == {timedelta(minutes=75)}
    offline = [policy for group in set(STAGES) - {"raw", "staging"} for policy in found[group]]
    said = {(policy.deadline_cron, policy.lower_bound_delta, policy.timezone) for policy in offline}
    assert said == {("0 6 * * *", timedelta(hours=6), "UTC")}
    assert set(found["evaluation"]) == {None}


def test_nothing_of_a_shop_that_is_over_comes_late(monkeypatch, tmp_path):
    found = policies(monkeypatch, tmp_path, is_over=True)
    assert {policy for group in found.values() for policy in group} == {None}


def test_the_instance_judges_them():
    assert yaml.safe_load((ROOT / "dagster.yaml").read_text())["freshness"] == {"enabled": True}
