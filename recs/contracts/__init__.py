"""A data contract read once and compiled: to a typed schema, to a row gate in SQL, to dbt sources."""

from recs.contracts.gate import gate_sql
from recs.contracts.model import ENGINE_FIELDS, Contract, Field, Rule
from recs.contracts.reading import load_contract, load_contracts
from recs.contracts.schema import arrow_schema

__all__ = [
    "ENGINE_FIELDS",
    "Contract",
    "Field",
    "Rule",
    "arrow_schema",
    "gate_sql",
    "load_contract",
    "load_contracts",
]
