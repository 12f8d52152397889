"""The SQL of a source's columns: what its value lists, time rules and ``$other`` stand for, and that it is sound."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal
from recs.errors import ConfigError
from recs.ingest.source import LINE_ID, OWN_COLUMNS, RESERVED, Drop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OTHER_COLUMN = re.compile(r"\$(\w+)")
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TIMES = {  # a day has no time of day and no zone: it stays the day that it names
    "iso": "{}",
    "epoch_s": "timezone('UTC', make_timestamp(({}::decimal(24, 6) * 1000000)::bigint))",
    "epoch_ms": "timezone('UTC', make_timestamp(({}::decimal(24, 3) * 1000)::bigint))",
    "epoch_us": "timezone('UTC', make_timestamp({}::bigint))",
    "day": "timezone('UTC', {}::date::timestamp)",
}


def checked_drop(where: str, drop: Drop, contracts: Mapping[str, Contract]) -> tuple[Drop, tuple[str, ...]]:
    """The drop with every expression written out, and the file columns that they read, sorted. Raises ConfigError."""
    import duckdb

    contract = contracts.get(drop.feeds)
    if contract is None:
        raise ConfigError(f"{where}.feeds: there is no contract {drop.feeds}", f"use one of {', '.join(contracts)}")
    _check_columns(where, drop, contract)
    _check_text(where, drop)
    full = _written_out(where, drop)
    sqls = {f"columns.{name}": sql for name, sql in full.columns.items()}
    sqls |= {f"quarantine.{name}": sql for name, sql in full.quarantine.items()}
    if full.arrives:
        sqls["arrives"] = full.arrives
    with duckdb.connect() as connection:
        found = [_columns_read(connection, f"{where}.{field}", sql) for field, sql in sqls.items()]
        needed = tuple(sorted({column for columns in found for column in columns} - set(RESERVED)))
        _check_names(where, needed)
        for field, sql in sqls.items():
            _check_binds(connection, f"{where}.{field}", sql, needed)
    unknown = [name for name in needed if drop.header and name not in drop.header]
    if unknown:
        raise ConfigError(f"{where}.header: no column {unknown[0]}", f"use one of {', '.join(drop.header)}")
    named = Counter(column for columns in found for column in columns)
    alone = {column: name for name, column in full.columns.items() if named[column] == 1 and column in needed}
    types = {column: contract.field(name).type for column, name in alone.items()}
    return msgspec.structs.replace(full, alone=types), needed


def _check_columns(where: str, drop: Drop, contract: Contract) -> None:
    known = [f.name for f in contract.arriving]
    for part in ("columns", "values", "times"):
        for column in getattr(drop, part):
            if column not in known:
                raise ConfigError(f"{where}.{part}.{column}: not in the contract", f"use one of {', '.join(known)}")
    for part in ("values", "times"):
        for column in getattr(drop, part):
            if column not in drop.columns:
                raise ConfigError(f"{where}.{part}.{column}: columns has no {column}", f"add it to {where}.columns")
    for field in contract.arriving:
        made_here = field.name == contract.line_identity
        if field.required and field.name not in drop.columns and not made_here:
            raise ConfigError(f"{where}.columns: {field.name} is required", f"map {field.name}, or a constant")
    for rule in drop.quarantine:
        if not _RULE_NAME.fullmatch(rule):
            raise ConfigError(f"{where}.quarantine.{rule}: not a rule's name", "use small letters, digits and _")


def _check_text(where: str, drop: Drop) -> None:
    if len(drop.delimiter) != 1 or not drop.delimiter.isascii() or drop.delimiter in '"\r\n\0':
        problem = f"{where}.delimiter: {drop.delimiter!r} is not one ASCII character, or is one that CSV uses itself"
        raise ConfigError(problem, 'use one such as ",", ";", "|" or "\\t"')
    try:
        "\n".encode(drop.encoding)
    except (LookupError, UnicodeError) as error:
        problem = f"{where}.encoding: there is no encoding {drop.encoding!r}"
        raise ConfigError(problem, "use a name such as utf-8, latin-1, cp1252 or utf-16") from error


def _check_names(where: str, needed: Iterable[str]) -> None:
    for name in needed:
        if name.lower() in OWN_COLUMNS:
            problem = f"{where}.columns: a file's column {name} has the name of one that Aisle makes itself"
            raise ConfigError(problem, "leave it out, or rename it in the file")


def _written_out(where: str, drop: Drop) -> Drop:
    """``$other`` in an expression stands for the expression of column ``other``, its values and times included."""
    columns = {name: _ruled(where, drop, name, sql) for name, sql in drop.columns.items()}

    def other(match: re.Match[str]) -> str:
        return f"({columns[match[1]]})" if match[1] in columns else match[0]

    def replaced(expressions: Mapping[str, str]) -> dict[str, str]:
        return {name: _OTHER_COLUMN.sub(other, sql) for name, sql in expressions.items()}

    arrives = replaced({"": drop.arrives})[""]
    return msgspec.structs.replace(
        drop, columns=replaced(columns), quarantine=replaced(drop.quarantine), arrives=arrives
    )


def _ruled(where: str, drop: Drop, name: str, sql: str) -> str:
    """An expression with its list of values and its rule of time."""
    if name in drop.values:
        cases = " ".join(f"when {text_literal(a)} then {text_literal(b)}" for a, b in drop.values[name].items())
        sql = f"case ({sql})::varchar {cases} else ({sql})::varchar end"
    rule = drop.times.get(name, "iso")
    if rule in _TIMES:
        return _TIMES[rule].format(sql if rule == "iso" else f"({sql})")
    if "%" not in rule:
        allowed = ", ".join(_TIMES)
        raise ConfigError(f"{where}.times.{name}: {rule!r} is no rule", f"use {allowed}, or a format such as %d.%m.%Y")
    parsed = f"strptime(({sql}), {text_literal(rule)})"
    has_time = any(mark in rule for mark in ("%H", "%I", "%c", "%X"))
    return parsed if has_time else f"timezone('UTC', {parsed})"


def _columns_read(connection: "DuckDBPyConnection", where: str, expression: str) -> set[str]:
    """Columns that an expression names, as the engine itself parses it."""
    query = f"select json_serialize_sql({text_literal('select ' + expression)})"
    tree = json.loads(connection.execute(query).fetchall()[0][0])
    if tree.get("error"):
        problem = str(tree.get("error_message", "")).splitlines()[0]
        raise ConfigError(
            f"{where}: {expression!r} is not SQL: {problem}",
            "write DuckDB SQL; a column named like a keyword goes in double quotes",
        )
    return set(_column_refs(tree))


def _check_binds(connection: "DuckDBPyConnection", where: str, expression: str, needed: Iterable[str]) -> None:
    """Unknown functions and wrong types show before the first file does."""
    import duckdb

    texts = ", ".join(f"null::varchar as {quoted(name)}" for name in (*needed, LINE_ID))
    try:
        connection.execute(f"select ({expression}) from (select {texts}, null::date as arrival_date) limit 0")
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise ConfigError(f"{where}: {expression!r}: {problem}", "all file columns are text: cast them") from error


def _column_refs(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for child in node for name in _column_refs(child)]
    if not isinstance(node, dict):
        return []
    if node.get("type") == "COLUMN_REF":
        return [node["column_names"][-1]]
    if node.get("type") == "LAMBDA":  # its own names are no columns
        own = _column_refs(node.get("lhs"))
        return [name for name in _column_refs(node.get("expr")) if name not in own]
    return _column_refs(list(node.values()))
