"""What the YAML beside the models must say; read as text, dbt is not run."""

from pathlib import Path

import pytest
import yaml

from recs.contracts.dbt_sources import dbt_sources_yaml
from recs.contracts.reading import load_contracts

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "dbt_project/models").glob("*/*.sql"))
LAKE_MODELS = [path for path in MODELS if path.parent.name != "staging"]
FEATURES = {path.stem: path for path in LAKE_MODELS if path.stem.startswith("feat_")}
KEYS = {
    "user": {"user_id"},
    "item": {"item_id"},
    "category": set(),
    "user_category": {"user_id"},
    "user_item": {"user_id", "item_id"},
    "item_pair": {"item_id", "other_item_id"},
    "region_item": {"item_id", "region"},
}


def declared(path: Path) -> dict:
    return yaml.safe_load(path.with_suffix(".yml").read_text())["models"][0]


def named(path: Path) -> str:
    return path.stem


def test_sources_are_what_the_contracts_say():
    contracts = load_contracts(ROOT / "data_contracts").values()
    assert (ROOT / "dbt_project/models/staging/sources.yml").read_text() == dbt_sources_yaml(contracts)


@pytest.mark.parametrize("path", MODELS, ids=named)
def test_every_model_states_its_grain_and_every_column_its_type_and_meaning(path):
    model = declared(path)
    assert model["name"] == path.stem
    assert model["description"].startswith("One row per ")
    assert path.read_text().startswith("-- One row per ")
    assert [c["name"] for c in model["columns"] if not (c.get("data_type") and c.get("description"))] == []


@pytest.mark.parametrize("path", MODELS, ids=named)
def test_a_model_is_one_short_file(path):
    assert len(path.read_text().splitlines()) < 100


@pytest.mark.parametrize("path", LAKE_MODELS, ids=named)
def test_lake_models_sort_by_their_grain_and_test_that_it_is_unique(path):
    model = declared(path)
    sort_by = model["config"]["meta"]["sort_by"]
    day = "arrival_date" if path.parent.name == "facts" else "as_of_date"
    grains = [test["one_row_per"]["arguments"]["columns"] for test in model["data_tests"] if "one_row_per" in test]
    assert sort_by[0] == day
    assert sort_by in grains


@pytest.mark.parametrize("path", LAKE_MODELS, ids=named)
def test_lake_models_have_a_unit_test_and_say_whose_features_they_hold(path):
    meta = declared(path)["config"]["meta"]
    assert meta["entity"] in {*KEYS, "region"}
    assert meta.get("as_of") == (None if path.parent.name == "facts" else "as_of_date")
    assert yaml.safe_load(path.with_suffix(".yml").read_text())["unit_tests"]


@pytest.mark.parametrize("path", FEATURES.values(), ids=named)
def test_a_feature_model_has_one_row_for_each_key_that_it_is_joined_by(path):
    meta = declared(path)["config"]["meta"]
    level = {meta["level"]} if meta["entity"].endswith("category") else set()
    assert level <= columns("dim_item") & {"category_l2", "category_l3"}
    assert set(meta["sort_by"]) == {"as_of_date"} | KEYS[meta["entity"]] | level


@pytest.mark.parametrize("path", FEATURES.values(), ids=named)
def test_a_ratio_divides_a_column_of_another_feature_model_by_one_of_its_own(path):
    for name, ratio in ratios(path).items():
        assert set(ratio) == {"of", "to", "description"}
        model, column = ratio["of"].split(".")
        assert model != path.stem
        assert column in columns(model)
        assert ratio["to"] in columns(path.stem)
        assert [other for other in FEATURES.values() if name in ratios(other)] == [path]


@pytest.mark.parametrize("path", FEATURES.values(), ids=named)
def test_only_a_column_that_is_no_key_is_left_out_of_the_ranker(path):
    model = declared(path)
    left_out = {c["name"] for c in model["columns"] if c.get("config", {}).get("meta", {}) == {"ranker": False}}
    assert left_out == {c["name"] for c in model["columns"] if "config" in c}
    assert not left_out & set(model["config"]["meta"]["sort_by"])


def columns(model: str) -> set[str]:
    path = ROOT / f"dbt_project/models/features/{model}.sql"
    return {column["name"] for column in declared(path)["columns"]}


def ratios(path: Path) -> dict[str, dict[str, str]]:
    return declared(path)["config"]["meta"].get("ratios", {})
