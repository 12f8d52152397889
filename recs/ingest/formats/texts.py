"""Typed columns as text, one spelling a value whatever else its file or block holds."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_VIEWS = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


_SAME_AS_TEXT = {  # type of a column -> types of fields that read it as they would its text
    pa.int8(): ("INTEGER", "BIGINT"),
    pa.int16(): ("INTEGER", "BIGINT"),
    pa.int32(): ("INTEGER", "BIGINT"),
    pa.int64(): ("INTEGER", "BIGINT"),
    pa.float32(): ("FLOAT",),
    pa.float64(): ("DOUBLE",),
    pa.timestamp("ms"): ("TIMESTAMP",),
    pa.timestamp("ms", "UTC"): ("TIMESTAMP",),
    pa.timestamp("us"): ("TIMESTAMP",),
    pa.timestamp("us", "UTC"): ("TIMESTAMP",),
}
_FIRST, _LAST = datetime(6, 1, 1), datetime(9892, 1, 1)  # inside every calendar, whatever the zone


def may_stay(column: pa.ChunkedArray, field: str | None) -> bool:
    """Whether a column that one field of this type takes as it is gives it the same values typed as in text."""
    if field not in _SAME_AS_TEXT.get(column.type, ()):
        return False
    if not kinds.is_timestamp(column.type):
        return True
    first, last = (pa.scalar(at, pa.timestamp(column.type.unit)).value for at in (_FIRST, _LAST))
    span = pc.min_max(column.cast(pa.int64()))
    return not span["min"].is_valid or bool(first < span["min"].as_py() and span["max"].as_py() < last)


def alike(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of some of the same columns; where a column's type differs between them, it is text in all."""
    texts = Texts()
    for name in tables[0].column_names:
        found = {table.schema.field(name).type for table in tables}
        if len(found) > 1 and not found <= {pa.string(), pa.large_string()}:
            tables = [_with_text(table, name, texts) for table in tables]
    return pa.concat_tables(tables, promote_options="permissive")


def _with_text(table: pa.Table, name: str, texts: "Texts") -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, texts.text(table[name])[0])


class Texts:
    """Turns columns into text: times with a zone in UTC, lists and structs as JSON, bytes with escapes."""

    def __init__(self) -> None:
        self._engine = _engine()

    def text(self, column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
        """The column as strings, and the rows (from 0) whose bytes are not the UTF-8 that their type promises."""
        column = _stored(column)
        if kinds.is_string(column.type) or kinds.is_large_string(column.type):
            return _valid_text(column)
        return self._cast(column), []

    def _cast(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        import duckdb

        as_text = "to_json(v)::varchar" if kinds.is_nested(column.type) else "v::varchar"
        query = f"select case when v is not null then {as_text} end as v from _column"
        try:
            self._engine.register("_column", pa.table({"v": column}))
            found = self._engine.sql(query).to_arrow_table()["v"]
            self._engine.unregister("_column")
            return found
        except (duckdb.Error, pa.ArrowException):  # a type, or bytes inside a nested one, that the engine does not know
            self._engine = _engine()  # a time out of every calendar ends an engine
            return pa.chunked_array([[_spelled(value) for value in column]], pa.string())

    def values(self, column: pa.ChunkedArray) -> list[Any]:
        """The column for a JSON document: numbers and truth values as such, the rest as text."""
        column = _stored(column)
        if kinds.is_integer(column.type) or kinds.is_boolean(column.type) or kinds.is_null(column.type):
            return column.to_pylist()
        found = self.text(column)[0].to_pylist()
        if kinds.is_floating(column.type):
            return [None if value is None else float(value) for value in found]
        return [_parsed(value) for value in found] if kinds.is_nested(column.type) else found


def _engine() -> "DuckDBPyConnection":
    import duckdb

    engine = duckdb.connect(config={"threads": 1})
    engine.execute("set timezone = 'UTC'")
    return engine


def _stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of a type that engines know."""
    if isinstance(column.type, pa.DictionaryType):
        column = column.cast(column.type.value_type)
    if column.type in _VIEWS:
        return column.cast(_VIEWS[column.type])
    if kinds.is_float16(column.type):
        return column.cast(pa.float32())
    return column


def _valid_text(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
    try:
        column.validate(full=True)
        return column.cast(pa.string()) if column.nbytes < 2**31 else column, []
    except pa.ArrowInvalid:
        raw = pc.cast(column, pa.large_binary()).to_pylist()
    bad = [n for n, value in enumerate(raw) if value is not None and not _is_utf8(value)]
    texts = [None if value is None else value.decode("utf-8", "backslashreplace") for value in raw]
    return pa.chunked_array([texts], pa.large_string()), bad


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _spelled(value: pa.Scalar) -> str | None:
    if not value.is_valid:
        return None
    try:
        return json.dumps(found, default=str) if isinstance(found := value.as_py(), dict | list) else str(found)
    except (OverflowError, ValueError):  # out of every calendar: the number behind it
        return str(getattr(value, "value", value.type))


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text
