"""What one run of dbt has to make: what is out of date, and what reads it."""

from datetime import date

import polars as pl
import pytest

from assets.dbt_models import stale_model_days, stale_models
from orchestration.dbt_project import load_manifest
from orchestration.resources import ShopResource
from recs.lake import Provenance
from recs.lake.inputs import Inputs

FACTS, DAYS = "facts/fct_user_item_daily", [date(2026, 3, 8), date(2026, 3, 9)]
CHAIN = ["int_fresh_account", "int_suspect_count", "int_suspect_pace", "int_suspect_burst", "dim_suspect"]


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "aisle.toml").write_text("[shop]\n")
    return ShopResource(home=str(tmp_path), config=str(tmp_path))


def chosen():
    models = load_manifest().models
    return [model for table, model in models.items() if table.split("/")[1] in CHAIN]


def make_all(shop):
    for model in chosen():
        for day in DAYS:
            read = Inputs(shop.lake()).of(model.table, day, load_manifest().lake_parents(model.table))
            rows = pl.DataFrame({"as_of_date": [day], "name": [model.table]})
            shop.lake().write_partition(
                model.table, day, rows, sort_by=[], inputs=read, provenance=shop.provenance(model.table, "run")
            )


def stale(shop):
    found = stale_models(shop, load_manifest(), chosen(), DAYS, Inputs(shop.lake()))
    return {table.split("/")[1]: days for table, days in found.items() if days}


def arrive(shop, day):
    made_by = Provenance("code", "config", "run")
    rows = pl.DataFrame({"arrival_date": [day]})
    shop.lake().write_partition(FACTS, day, rows, sort_by=[], inputs={}, provenance=made_by)


def test_what_is_made_from_a_day_that_is_made_again_is_made_with_it(shop):
    make_all(shop)
    assert stale(shop) == {}
    arrive(shop, DAYS[1])
    (burst,) = [model for model in chosen() if model.name == "int_suspect_burst"]
    assert stale_model_days(shop, load_manifest(), burst, DAYS, Inputs(shop.lake())) == []  # by what is there now
    assert stale(shop) == {name: [DAYS[1]] for name in ("int_fresh_account", "int_suspect_burst", "dim_suspect")}


def test_a_fact_that_is_made_again_is_read_by_every_later_day(shop):
    facts = load_manifest().models[FACTS]
    make_all(shop)
    found = stale_models(shop, load_manifest(), [facts, *chosen()], DAYS[1:], Inputs(shop.lake()))
    assert found[FACTS] == DAYS[1:] == found["features/dim_suspect"]
    assert found["features/int_suspect_count"] == []
