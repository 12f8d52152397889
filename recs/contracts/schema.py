"""The typed schema of a raw table, engine columns included."""

import re
from collections.abc import Iterable

import pyarrow as pa

from recs.contracts.model import ENGINE_FIELDS, Contract, Field

_PLAIN = {
    "VARCHAR": pa.string(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a DuckDB type; ValueError for one that contracts do not use."""
    decimal = re.fullmatch(r"DECIMAL\((\d+), ?(\d+)\)", kind)
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if kind not in _PLAIN:
        raise ValueError(f"physicalType {kind} is not supported; use DECIMAL(p,s) or one of {', '.join(_PLAIN)}")
    return _PLAIN[kind]


def arrow_schema(contract: Contract) -> pa.Schema:
    """Contract fields, then engine fields."""
    return fields_schema((*contract.fields, *ENGINE_FIELDS))


def fields_schema(fields: Iterable[Field]) -> pa.Schema:
    """The Arrow schema of some fields."""
    return pa.schema([(field.name, arrow_type(field.type)) for field in fields])
