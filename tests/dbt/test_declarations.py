"""What the YAML beside the models must say; read as text, dbt is not run."""

from pathlib import Path

import pytest
import yaml

from recs.contracts.dbt_sources import dbt_sources_yaml
from recs.contracts.reading import load_contracts

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "dbt_project/models").glob("*/*.sql"))
LAKE_MODELS = [path for path in MODELS if path.parent.name != "staging"]


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
    assert meta["entity"] in {"user", "item", "region", "user_item", "item_pair"}
    assert meta.get("as_of") == (None if path.parent.name == "facts" else "as_of_date")
    assert yaml.safe_load(path.with_suffix(".yml").read_text())["unit_tests"]
