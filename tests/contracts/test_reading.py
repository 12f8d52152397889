"""Reading contracts: what is refused and how it is said, and the dbt sources made from them."""

from pathlib import Path

import pytest
import yaml

from recs.contracts import load_contract, load_contracts
from recs.contracts.dbt_sources import dbt_sources_yaml
from recs.errors import ContractError

CONTRACTS = Path(__file__).parents[2] / "data_contracts"
EVENTS = (CONTRACTS / "events.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("physicalType: INTEGER", "physicalType: INT128", "quantity.physicalType"),
        ("{minimum: 1}", "{multipleOf: 2}", "quantity.logicalTypeOptions.multipleOf"),
        ("metric: invalidValues", "metric: rowCount", "action.quality"),
        ("value: first_arrival", "value: sometimes", "deduplicate"),
        ("kind: DataContract", "knd: DataContract", "knd"),
        ("schema:", "schema: [", "*"),
    ],
)
def test_a_contract_that_cannot_be_used_names_file_field_and_fix(tmp_path, old, new, field):
    path = tmp_path / "events.yaml"
    path.write_text(EVENTS.replace(old, new, 1))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert caught.value.args[:2] == (str(path), field)
    assert "Fix: " in str(caught.value)


def test_the_digest_follows_the_rules_and_not_the_wording(tmp_path):
    path = tmp_path / "events.yaml"
    path.write_text(EVENTS.replace("What the shopper did.", "What happened."))
    reworded = load_contract(path).digest
    path.write_text(EVENTS.replace("{minimum: 1}", "{minimum: 2}", 1))
    assert reworded == load_contract(CONTRACTS / "events.yaml").digest != load_contract(path).digest


def test_dbt_sources_hold_every_column_with_its_type():
    contracts = load_contracts(CONTRACTS)
    source = yaml.safe_load(dbt_sources_yaml(contracts.values()))["sources"][0]
    assert source["name"] == "raw"
    tables = {table["name"]: {c["name"]: c["data_type"] for c in table["columns"]} for table in source["tables"]}
    assert set(tables) == {*contracts, "events_retracted", "exposures_retracted"}
    assert tables["events_retracted"] == tables["events"]
    assert tables["events"]["unit_price"] == "DECIMAL(18,4)"
    assert tables["events"]["is_unknown_item"] == "BOOLEAN"
    assert tables["items"]["arrival_date"] == "DATE"
