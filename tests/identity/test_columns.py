"""Which columns are sealed is what the contracts say, and nothing else of a row changes."""

from pathlib import Path

import pyarrow as pa
import pytest

from recs.contracts import arrow_schema, load_contract, load_contracts
from recs.errors import ContractError
from recs.identity import PLAIN, Identity
from recs.identity.columns import seal_quarantine, seal_table, user_columns
from recs.ingest.quarantine import SCHEMA

FOLDER = Path(__file__).parents[2] / "data_contracts"
CONTRACTS = load_contracts(FOLDER)
SEALED = Identity(bytes(range(64)))


def test_the_contracts_say_where_user_ids_are():
    found = {table: user_columns(contract.fields) for table, contract in CONTRACTS.items()}
    assert {table: names for table, names in found.items() if names} == {
        "campaign_audiences": ["user_id"],
        "events": ["user_id"],
        "exposures": ["user_id"],
        "users": ["user_id"],
    }
    holding = {table for table, contract in CONTRACTS.items() if any("user" in f.name for f in contract.fields)}
    assert holding == {table for table, names in found.items() if names}


def test_a_contract_that_says_so_has_another_digest(tmp_path):
    text = (FOLDER / "users.yaml").read_text()
    (tmp_path / "users.yaml").write_text(text.replace("property: identity", "property: note"))
    assert load_contract(tmp_path / "users.yaml").digest != CONTRACTS["users"].digest


@pytest.mark.parametrize(("value", "kind"), [("seller", "VARCHAR"), ("user", "INTEGER")])
def test_an_identity_that_cannot_be_kept_is_refused(tmp_path, value, kind):
    head, user, tail = (FOLDER / "users.yaml").read_text().partition("      - name: user_id")
    tail = tail.replace("VARCHAR", kind, 1).replace("value: user", f"value: {value}", 1)
    (tmp_path / "users.yaml").write_text(
        head + user + tail.replace("logicalTypeOptions: {minLength: 1, maxLength: 200}", "", 1)
    )
    with pytest.raises(ContractError, match=r"field 'user_id.identity' is .* Fix: use the value user"):
        load_contract(tmp_path / "users.yaml")


def test_a_table_keeps_its_schema_its_order_and_every_other_column():
    schema = arrow_schema(CONTRACTS["events"])
    ids = ["bob", None, "ann", "bob"]
    values = {name: pa.nulls(4, schema.field(name).type) for name in schema.names}
    values |= {"user_id": pa.array(ids), "session_id": pa.array(["a", "b", "c", "d"])}
    table = pa.table(values, schema=schema)
    got = seal_table(SEALED, CONTRACTS["events"].fields, table)
    assert got.schema == schema
    assert got["user_id"].to_pylist() == [user and SEALED.inside_one(user) for user in ids]
    assert got.drop_columns("user_id") == table.drop_columns("user_id")
    assert seal_table(SEALED, CONTRACTS["events"].fields, got) == got
    assert seal_table(PLAIN, CONTRACTS["events"].fields, table) is table
    assert seal_table(SEALED, CONTRACTS["items"].fields, table) is table


def test_quarantined_lines_are_sealed_whole():
    line = "o1;zqx-user-00017;tea;0"
    values = {"source_text": [line, None], "source": ["shop", "shop"], "rules": ["quantity:minimum", "not_csv"]}
    rows = pa.table({name: pa.array(values.get(name, [None, None]), SCHEMA.field(name).type) for name in SCHEMA.names})
    got = seal_quarantine(SEALED, rows)
    assert got.schema == SCHEMA == rows.schema
    assert "zqx" not in str(got.to_pylist())
    assert SEALED.opened_text(got["source_text"]).to_pylist() == [line, None]
    assert seal_quarantine(PLAIN, rows) is rows
    assert seal_quarantine(SEALED, got) == got
