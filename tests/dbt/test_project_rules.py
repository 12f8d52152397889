"""The rules of dbt-project-evaluator that fit here, read from dbt's own manifest; the package itself is not needed.

Source of the rules: https://dbt-labs.github.io/dbt-project-evaluator/latest/rules/
"""

import json
import re
from pathlib import Path

import pytest

from orchestration.dbt_project import MANIFEST, parsed_project

READ_BY_NO_MODEL = {"exposures", "exposures_retracted"}  # contracts without a model yet
RELATED = {frozenset({"events", "events_retracted"})}  # one table's rows, and those that were taken back
PREFIXES = {"staging": ("stg_",), "facts": ("fct_",), "features": ("dim_", "feat_", "int_")}
MOST_PARENTS = 7
NAMES_A_RELATION = re.compile(r"\b(?:from|join)\s+([\w.\"]+)", re.IGNORECASE)


@pytest.fixture(scope="module")
def manifest():
    return json.loads((parsed_project() / MANIFEST).read_bytes())


@pytest.fixture(scope="module")
def models(manifest):
    found = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    assert len(found) > 20
    return found


def parents(model, kind: str) -> set[str]:
    return {name.split(".")[-1] for name in model["depends_on"]["nodes"] if name.startswith(kind)}


def stage(model) -> str:
    return model["fqn"][1]


def broken(models, rule) -> list[str]:
    return sorted(name for name, model in models.items() if not rule(model))


def test_only_staging_reads_sources_and_nothing_else(models):
    assert broken(models, lambda m: (stage(m) == "staging") == bool(parents(m, "source"))) == []
    assert broken(models, lambda m: stage(m) != "staging" or not parents(m, "model")) == []


def test_a_staging_model_reads_one_source(models):
    several = {frozenset(parents(m, "source")) for m in models.values() if len(parents(m, "source")) > 1}
    assert several <= RELATED


def test_every_source_is_read_and_every_model_leads_to_something(manifest, models):
    read = {name for model in models.values() for name in parents(model, "source")}
    assert {source["name"] for source in manifest["sources"].values()} - read == READ_BY_NO_MODEL
    used = {name for model in models.values() for name in parents(model, "model")}
    shown = {name.split(".")[-1] for one in manifest["exposures"].values() for name in one["depends_on"]["nodes"]}
    by_python = {"stg_campaign_audiences", "stg_campaign_items"}  # email batches read their raw tables
    assert set(models) - used - shown == by_python | {"feat_item_pair_view"}  # no channel of views yet


def test_facts_know_no_features(models):
    facts = {name: model for name, model in models.items() if stage(model) == "facts"}
    assert broken(facts, lambda m: all(stage(models[p]) == "staging" for p in parents(m, "model"))) == []


def test_no_model_names_a_relation_itself(models):
    def names_relations(model) -> set[str]:
        code = re.sub(r"--.*|/\*.*?\*/", "", model["raw_code"])
        return {name for name in NAMES_A_RELATION.findall(code) if "." in name}

    assert broken(models, lambda m: not names_relations(m)) == []


def test_no_model_joins_more_than_people_can_hold_in_mind(models):
    assert broken(models, lambda m: len(m["depends_on"]["nodes"]) <= MOST_PARENTS) == []


def test_names_and_folders_say_the_stage(models):
    assert broken(models, lambda m: m["name"].startswith(PREFIXES[stage(m)])) == []
    assert broken(models, lambda m: Path(m["original_file_path"]).parent.name == stage(m)) == []
    assert broken(models, lambda m: m["config"]["meta"]["dagster"]["group"] == stage(m)) == []


def test_views_stand_on_sources_alone_and_all_else_is_stored(models):
    assert broken(models, lambda m: (m["config"]["materialized"] == "view") == (stage(m) == "staging")) == []


def test_what_shoppers_see_stands_on_stored_models(manifest, models):
    read = {name.split(".")[-1] for one in manifest["exposures"].values() for name in one["depends_on"]["nodes"]}
    assert read
    assert {name for name in read if models[name]["config"]["materialized"] == "view"} == set()


def test_models_columns_sources_and_exposures_are_described(manifest, models):
    assert broken(models, lambda m: m["description"] and all(c["description"] for c in m["columns"].values())) == []
    others = [*manifest["sources"].values(), *manifest["exposures"].values()]
    assert [one["name"] for one in others if not one["description"]] == []


def test_every_stored_model_has_a_test_of_its_grain(manifest, models):
    tested = {
        name.split(".")[-1]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and test["test_metadata"]["name"] == "one_row_per"
        for name in test["depends_on"]["nodes"]
    }
    assert {name for name, model in models.items() if stage(model) != "staging"} <= tested
