"""What a preview says in words: how a file looks from outside, and what to change for each rule that it breaks."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recs.contracts import Contract, Rule
from recs.ingest.formats import Unreadable
from recs.ingest.formats.unpack import kind_of, unpacked
from recs.ingest.source import Drop, Source

LOOKED_AT_BYTES = 200_000
MOST_SHOWN = 60  # characters of an expression; what values and times make of one is longer
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_LINES = {
    "line:field_count": "the line has more or fewer fields than the header: quote values that hold the delimiter",
    "line:encoding": "the line is not in the drop's encoding: correct encoding, or have the file written in it",
    "line:json": "the line is not one whole JSON object: have it written as one object a line",
    "line:unknown_field": "add the field to columns or known_columns, or set unknown_columns: ignore",
}


@dataclass(frozen=True)
class Seen:
    """What a file looks like: csv, json_lines or parquet; its encoding and packing; the delimiter of its first line."""

    format: str
    encoding: str
    compression: str
    delimiter: str = ""


def seen_in(path: Path, drop: Drop, spill: Path) -> Seen:
    """What the first bytes of a file show, whatever the drop says."""
    packing = kind_of(path, drop.compression)
    try:
        with unpacked(path, drop.compression, spill) as file:
            start = file.read(LOOKED_AT_BYTES)
            start += file.readline(LOOKED_AT_BYTES)
    except Unreadable:
        return Seen("unknown", "unknown", packing)
    if start.startswith(b"PAR1"):
        return Seen("parquet", "", packing)
    encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), _encoding(start))
    text = start.decode(encoding if encoding != "unknown" else "latin-1", "replace").removeprefix("\ufeff").lstrip()
    if text.startswith("{"):
        return Seen("json_lines", encoding, packing)
    return Seen("csv", encoding, packing, _delimiter(text.split("\n", 1)[0]))


def _encoding(start: bytes) -> str:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError:
        return "unknown"
    return "utf-8"


def _delimiter(line: str) -> str:
    counts = {mark: line.count(mark) for mark in (",", ";", "\t", "|")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ""


def fix_of(rule: str, source: Source, drop_name: str, contract: Contract, seen: Seen, named: Sequence[str]) -> str:
    """What to change for a broken rule, in words. named: the columns of the file."""
    drop, where = source.drops[drop_name], f"drops.{drop_name}"
    column, _, kind = rule.partition(":")
    if column == "file":
        return _file_fix(kind, drop, where, source.needed[drop_name], seen, named)
    if column == "line":
        return _LINES.get(rule, f"the lines cannot be read as {drop.format}: mend them, or correct {where}.format")
    if column == "source":
        return f"the source's own rule sets the row aside: {where}.quarantine.{kind}: {drop.quarantine[kind]}"
    return _column_fix(column, kind, drop, where, contract)


def _column_fix(column: str, kind: str, drop: Drop, where: str, contract: Contract) -> str:
    expression = " ".join(drop.columns.get(column, "").split())
    is_short = 0 < len(expression) <= MOST_SHOWN
    place = f"{where}.columns.{column}{': ' + expression if is_short else ''}"
    field = contract.field(column)
    if kind == "type":
        also = ", or say how times are written in times" if field.type == "TIMESTAMP" else ""
        return f"it gives no {field.type} here; correct the expression{also} ({place})"
    if kind == "required":
        return f"it gives no value here; map a column that is always filled, or a constant ({place})"
    asked = next((_asked(rule) for rule in field.rules if rule.name == kind), kind)
    return f"the table asks: {asked.removesuffix('.')}; correct the file, the expression or values ({place})"


def _asked(rule: Rule) -> str:
    """A rule in words: its description, else its option's value or the valid values."""
    if rule.description or rule.stated is None:
        return rule.description or rule.condition
    is_list = isinstance(rule.stated, list | tuple)
    return f"one of {', '.join(map(str, rule.stated))}" if is_list else f"{rule.name} {rule.stated}"


def _file_fix(kind: str, drop: Drop, where: str, needed: Sequence[str], seen: Seen, named: Sequence[str]) -> str:
    if seen.format not in ("unknown", drop.format):
        return f"the file looks like {seen.format}: set {where}.format: {seen.format}"
    if kind == "missing_column":
        if drop.format == "csv" and seen.delimiter not in ("", drop.delimiter):
            return f"its first line is parted by {seen.delimiter!r}: set {where}.delimiter: {seen.delimiter!r}"
        missing = [name for name in needed if name not in named]
        near = {name: difflib.get_close_matches(name, named, 1, 0.6) for name in missing}
        hints = [f"{name} may be {found[0]!r}" for name, found in near.items() if found]
        hint = f"; {', '.join(hints)}" if hints else ""
        return f"the file has {', '.join(named)}: correct {where}.columns, or give header{hint}"
    if kind == "unknown_column":
        return f"add it to {where}.columns or known_columns, or set unknown_columns: ignore"
    if kind in ("encoding", "binary"):
        told = "" if seen.encoding == "unknown" else f": {seen.encoding} can be read"
        return f"set {where}.encoding to what the file is written in, such as latin-1 or utf-16{told}"
    if "gzip" in kind or "zstd" in kind:
        return f"send the file again, whole; where it is not packed, set {where}.compression: none"
    if kind == "empty":
        return f"send a file with a header line, or name its columns in {where}.header"
    return f"mend the file, or correct {where}.format and delimiter"
