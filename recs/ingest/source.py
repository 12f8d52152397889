"""A source's YAML: how its files arrive, and how their columns fill the contracts."""

import hashlib
import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal
from recs.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE_ID = "_line_id"  # hash of the line, for sources without event ids
RESERVED = ("arrival_date", LINE_ID)  # what an expression may use beside the drop's own columns
_OTHER_COLUMN = re.compile(r"\$(\w+)")


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file. ``columns``: contract column -> SQL over the file's columns (all text)."""

    file: str
    feeds: str
    columns: dict[str, str]
    format: Literal["csv"] = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: Literal["gzip", "none", "auto"] = "auto"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source. ``digest`` covers its meaning, not its comments; ``needed`` the file columns of each drop."""

    source: str
    arrival: Literal["path", "event_day", "now"]
    drops: dict[str, Drop]
    zone: str = "UTC"
    repeated_lines: Literal["drop", "keep"] = "drop"
    needed: dict[str, tuple[str, ...]] = {}
    digest: str = ""

    @property
    def name(self) -> str:
        return self.source

    def drop_of(self, file_name: str) -> str | None:
        """The first drop whose pattern takes a file of that name, or None."""
        return next((name for name, drop in self.drops.items() if fnmatch(file_name, drop.file)), None)


def load_source(path: Path, contracts: Mapping[str, Contract]) -> Source:
    """Read and check one source file. ConfigError names the file, the field and the fix."""
    import yaml

    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        source = msgspec.convert(document, Source)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing", "write the source file, or name one in config/sources") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}", "repair the indentation or quotes") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}", "see config/sources/complete_journey.yaml for every field") from error
    drops = {name: _expanded(drop) for name, drop in source.drops.items()}
    needed = {name: _checked(f"{path}: drops.{name}", drop, contracts) for name, drop in drops.items()}
    _check_zone(path, source.zone)
    digest = hashlib.sha256(json.dumps(msgspec.to_builtins(source), sort_keys=True).encode()).hexdigest()
    return msgspec.structs.replace(source, drops=drops, needed=needed, digest=digest)


def _expanded(drop: Drop) -> Drop:
    """``$other`` in an expression stands for the expression of column ``other``."""

    def other(match: re.Match[str]) -> str:
        return f"({drop.columns[match[1]]})" if match[1] in drop.columns else match[0]

    columns = {name: _OTHER_COLUMN.sub(other, expression) for name, expression in drop.columns.items()}
    return msgspec.structs.replace(drop, columns=columns)


def _checked(where: str, drop: Drop, contracts: Mapping[str, Contract]) -> tuple[str, ...]:
    """The file columns that the expressions of a drop read, sorted."""
    import duckdb

    contract = contracts.get(drop.feeds)
    if contract is None:
        raise ConfigError(f"{where}.feeds: there is no contract {drop.feeds}", f"use one of {', '.join(contracts)}")
    known = [f.name for f in contract.arriving]
    for column in drop.columns:
        if column not in known:
            raise ConfigError(f"{where}.columns.{column}: not in the contract", f"use one of {', '.join(known)}")
    for field in contract.arriving:
        made_here = field.name == contract.line_identity
        if field.required and field.name not in drop.columns and not made_here:
            raise ConfigError(f"{where}.columns: {field.name} is required", f"map {field.name}, or a constant")
    with duckdb.connect() as connection:
        found = [_columns_read(connection, f"{where}.columns.{name}", sql) for name, sql in drop.columns.items()]
        needed = tuple(sorted({column for columns in found for column in columns} - set(RESERVED)))
        for name, sql in drop.columns.items():
            _check_binds(connection, f"{where}.columns.{name}", sql, needed)
    return needed


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


def _check_binds(connection: "DuckDBPyConnection", where: str, expression: str, needed: tuple[str, ...]) -> None:
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
    return _column_refs(list(node.values()))


def _check_zone(path: Path, zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"{path}: zone: {zone!r} is not a time zone", "use a name such as Europe/Berlin") from error
