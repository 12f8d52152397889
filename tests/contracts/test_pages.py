"""What is written from the contracts is current, and says what they say."""

from pathlib import Path

import duckdb
import pytest

from recs.contracts import gate_sql, load_contract, load_contracts
from recs.contracts.pages import INDEX, pages, write_pages

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
PLANTED = """
apiVersion: v3.1.0
kind: DataContract
id: shop-stock
version: 2.1.0
status: active
description: {purpose: What is in stock.}
schema:
  - name: stock
    description: Stock of an item.
    customProperties: [{property: deduplicate, value: identical_in_day}, {property: maxBadShare, value: 0.025}]
    properties:
      - name: item_id
        physicalType: VARCHAR
        description: The item.
        required: true
        primaryKey: true
        relationships: [{type: foreignKey, to: items.item_id}]
      - name: grade
        physicalType: VARCHAR
        description: A or B.
        logicalTypeOptions: {pattern: "^(A|B)$"}
      - name: is_new_item
        physicalType: BOOLEAN
        description: Not in the catalogue.
        customProperties: [{property: flags, value: item_id}]
"""


def test_the_pages_are_what_the_contracts_say():
    written = {path.name: path.read_text() for path in (ROOT / "docs/tables").glob("*.md")}
    assert written == pages(CONTRACTS), "run make generate"


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_rule_of_the_gate_is_on_the_page_as_quarantine_names_it(name):
    contract = CONTRACTS[name]
    page = pages(CONTRACTS)[f"{name}.md"]
    columns = ", ".join(f'null::varchar as "{f.name}"' for f in contract.arriving)
    thrown = "[" + ", ".join(f"'{f.name}'" for f in contract.arriving if f.type != "VARCHAR") + "]"
    relation = f"(select {columns}, date '2017-03-01' as arrival_date, {thrown}::varchar[] as _thrown)"
    with duckdb.connect() as connection:
        broken = connection.execute(f"select _rules from ({gate_sql(contract, relation)})").fetchall()[0][0]
    assert {rule for rule in broken if f"| `{rule}` |" not in page} == set()
    assert [f.name for f in contract.fields if f"| `{f.name}` | {f.type} |" not in page] == []
    assert [r.name for f in contract.fields for r in f.rules if f"`{f.name}:{r.name}`" not in page] == []


def test_a_page_says_key_repeats_references_flags_and_version(tmp_path):
    (tmp_path / "stock.yaml").write_text(PLANTED)
    stock = load_contract(tmp_path / "stock.yaml")
    made = pages({"items": CONTRACTS["items"], "stock": stock})
    page = made["stock.md"].splitlines()
    assert "| key | `item_id` |" in page
    assert "| contract | `data_contracts/stock.yaml`, version 2.1.0 |" in page
    assert any("more than 2.5 % of its rows" in line for line in page)
    unknown = "where it is unknown, `is_new_item` is true, and the row is kept."
    meaning = f"The item. Refers to [items.item_id](items.md); {unknown}"
    assert f"| `item_id` | VARCHAR | required, key | {meaning} |" in page
    assert "| `is_new_item` | BOOLEAN | made by Aisle | Not in the catalogue. |" in page
    assert r"| `grade:pattern` | `grade` matches `^(A\|B)$` |" in page  # a bare bar would end the cell
    assert "| [stock](stock.md) | What is in stock. | `item_id` | 2.1.0 |" in made[INDEX].splitlines()


def test_the_page_of_a_table_that_is_gone_goes_and_a_page_by_hand_stays(tmp_path):
    write_pages(CONTRACTS, tmp_path)
    (tmp_path / "notes.md").write_text("# By hand\n")
    left = {name: contract for name, contract in CONTRACTS.items() if name != "users"}
    write_pages(left, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {INDEX, "notes.md", *(f"{name}.md" for name in left)}
