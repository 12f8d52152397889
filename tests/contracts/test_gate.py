"""The row gate: which literal rows pass, and which rules the others are said to break."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from recs.contracts import arrow_schema, gate_sql, load_contract

CONTRACTS = Path(__file__).parents[2] / "data_contracts"
GOOD = {
    "event_id": "e1",
    "event_at": "2017-03-01 10:00:00",
    "item_id": "i1",
    "action": "purchase",
    "quantity": "2",
    "unit_price": "1.50",
    "currency": "USD",
}


def gated(row: dict[str, str | None], zone: str = "UTC", thrown: str = "[]") -> dict[str, object]:
    """One event row through the gate, arriving on 2017-03-01."""
    contract = load_contract(CONTRACTS / "events.yaml")
    with duckdb.connect() as connection:
        connection.execute("set timezone = ?", [zone])
        columns = ", ".join(f'?::varchar as "{f.name}"' for f in contract.arriving)
        query = f"select {columns}, date '2017-03-01' as arrival_date, {thrown}::varchar[] as _thrown"
        result = connection.execute(gate_sql(contract, f"({query})"), [row.get(f.name) for f in contract.arriving])
        return dict(zip([c[0] for c in result.description], result.fetchall()[0], strict=True))


def test_a_good_row_is_typed_and_breaks_nothing():
    row = gated(GOOD)
    assert row["_rules"] == []
    assert (row["quantity"], row["unit_price"]) == (2, Decimal("1.5000"))
    assert row["event_at"] == datetime(2017, 3, 1, 10)


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"quantity": "0"}, ["quantity:minimum"]),
        ({"quantity": "1.7"}, ["quantity:type"]),
        ({"quantity": "many"}, ["quantity:type"]),
        ({"quantity": None}, ["quantity:required"]),
        ({"event_at": "2017-02-30 10:00:00"}, ["event_at:type"]),
        ({"event_at": "infinity"}, ["event_at:type"]),
        ({"event_at": None}, ["event_at:required"]),
        ({"event_at": "2017-03-01 23:59:59.999999"}, []),
        ({"event_at": "2017-03-02 00:00:00"}, ["event_at:future"]),
        ({"event_at": "2015-01-01 00:00:00"}, ["event_at:horizon"]),
        ({"item_id": None}, ["item_id:required"]),
        ({"item_id": None, "action": "search"}, []),
        ({"action": "buy"}, ["action:valid_values"]),
        ({"action": "view", "quantity": None}, []),
        ({"currency": "usd"}, ["currency:pattern"]),
        ({"rating": "nan"}, ["rating:type", "rating:maximum"]),
        ({"event_id": None, "quantity": "-1"}, ["event_id:required", "quantity:minimum"]),
        ({"user_id": "x" * 201}, ["user_id:maxLength"]),
    ],
)
def test_a_bad_row_names_every_rule_that_it_breaks(change, rules):
    assert gated(GOOD | change)["_rules"] == rules


def test_an_expression_that_failed_counts_as_a_wrong_type():
    assert gated(GOOD | {"event_at": None}, thrown="['event_at']")["_rules"] == ["event_at:type"]


@pytest.mark.parametrize(
    ("text", "utc_hour"),
    [("2017-02-28 10:00:00", 15), ("2017-02-28T10:00:00Z", 10), ("2017-02-28T10:00:00+02:00", 8)],
)
def test_times_become_utc_by_their_offset_or_else_by_the_sources_zone(text, utc_hour):
    row = gated(GOOD | {"event_at": text}, zone="America/New_York")
    assert row["event_at"] == datetime(2017, 2, 28, utc_hour)


@pytest.mark.parametrize("path", sorted(CONTRACTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_contract_compiles_to_a_schema_and_a_gate(path):
    contract = load_contract(path)
    assert contract.table == path.stem
    columns = ", ".join(f'null::varchar as "{f.name}"' for f in contract.arriving)
    relation = f"(select {columns}, date '2017-03-01' as arrival_date, []::varchar[] as _thrown)"
    with duckdb.connect() as connection:
        rules = connection.execute(f"select _rules from ({gate_sql(contract, relation)})").fetchall()[0][0]
    assert {r for r in rules if r.endswith(":required")} >= {
        f"{f.name}:required" for f in contract.fields if f.required
    }
    assert set(contract.key) <= set(arrow_schema(contract).names)
