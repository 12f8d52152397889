"""Thresholds of suspected bots: from aisle.toml to the models that name them, and to nothing else."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
import yaml

from assets.reading import frames_as_of
from orchestration.abuse import PREFIX, abuse_variables, chosen, variables_of
from orchestration.dbt_project import DBT_PROJECT, load_manifest
from orchestration.dbt_report import counts_by
from orchestration.settings import load_settings
from recs.channels import INPUTS, parents
from recs.errors import ConfigError
from recs.lake import Lake, Provenance

DAY = date(2026, 3, 9)
SUSPECT_ITEM_DAILY = "features/int_suspect_item_daily"


def told(folder, text):
    (folder / "aisle.toml").write_text(text)
    return abuse_variables(load_settings({"AISLE_CONFIG": str(folder), "AISLE_HOME": str(folder)}))


def test_the_shipped_thresholds_are_the_defaults_of_the_dbt_project():
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    defaults = {name: value for name, value in variables.items() if name.startswith(PREFIX)}
    assert abuse_variables(load_settings({})) == defaults


def test_every_threshold_is_named_by_a_model():
    named = {name for model in load_manifest().models.values() for name in model.variables}
    assert named == set(abuse_variables(load_settings({})))


def test_only_what_is_set_is_passed_on_and_a_list_in_one_order(tmp_path):
    assert told(tmp_path, "[shop]\n") == {}
    assert told(tmp_path, '[abuse]\ntrusted_users = ["b", "a"]\nno_dwell_s = 2\n') == {
        "abuse_trusted_users": ["a", "b"],
        "abuse_no_dwell_s": 2.0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("events_a_day = 9", "unknown field `events_a_day`"),
        ("events_per_day = 0", "events_per_day"),
        ("burst_share = 1.5", "burst_share"),
        ("trusted_users = 'ann'", "trusted_users"),
    ],
)
def test_a_wrong_threshold_is_named(tmp_path, text, said):
    with pytest.raises(ConfigError, match=rf"\[abuse\]: .*{said}"):
        told(tmp_path, f"[abuse]\n{text}\n")


def test_a_threshold_is_part_of_the_configuration_of_the_models_that_name_it_alone():
    models = load_manifest().models
    changed = {"abuse_no_dwell_s": 9.0}
    found = {table for table, model in models.items() if chosen(changed, model.variables)}
    assert found == {"features/int_suspect_pace"}
    assert variables_of("{{ var('abuse_a') }} {{ var(\"abuse_b\") }} {{ var('last_date') }}") == ("abuse_a", "abuse_b")


def write(lake, table, rows):
    lake.write_partition(table, DAY, rows, sort_by=[], inputs={}, provenance=Provenance("code", "config", "run"))


def test_suspects_are_counted_by_rule_for_the_ui(tmp_path):
    lake, model = Lake(tmp_path), load_manifest().models["features/dim_suspect"]
    rules = ["no_dwell", "declared_bot", "no_dwell"]
    write(lake, model.table, pl.DataFrame({"as_of_date": [DAY] * 3, "rule": rules}))
    assert counts_by(lake, model, DAY) == {"declared_bot": 1, "no_dwell": 2}
    assert counts_by(lake, replace(model, count_by=None), DAY) == {}


def test_a_channel_that_reads_what_everyone_did_depends_on_the_suspects_and_sees_none_of_it(tmp_path):
    facts = "facts/fct_item_daily"
    assert {name for name in INPUTS if SUSPECT_ITEM_DAILY in parents(name)} == {n for n in INPUTS if facts in INPUTS[n]}
    lake, key = Lake(tmp_path), {"arrival_date": [DAY], "event_date": [DAY], "item_id": ["a"], "region": [""]}
    write(lake, facts, pl.DataFrame({**key, "buyer_count": [5]}))
    theirs = pl.DataFrame({"as_of_date": [DAY], **key, "buyer_count": [2]})
    for suspects, left in ((theirs.clear(), 5), (theirs, 3)):
        write(lake, SUSPECT_ITEM_DAILY, suspects)
        (seen,) = frames_as_of(lake, [facts], DAY)
        assert seen["buyer_count"].to_list() == [left]
