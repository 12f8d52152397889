"""CSV of any delimiter and encoding: rows as text, and the records that are no rows."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from recs.ingest.formats.block import BLOCK_BYTES, Block, Unreadable, asked_unknown, check_share, utf8_lines
from recs.ingest.source import Drop

FIELD_COUNT = "line:field_count"


def blocks(file: BinaryIO, drop: Drop, needed: tuple[str, ...]) -> Iterator[Block]:
    """Blocks of records after the header, numbered from 1, blank lines left out.

    A quoted value may hold line breaks, so the rest of a file from its first quote on is one block.
    """
    header = list(drop.header) or _header(file, drop)
    unknown = _checked_header(header, drop, needed)
    start, is_first = 0, True
    while text := file.read(BLOCK_BYTES):
        text += file.readline()
        if b'"' in text:
            text += file.read()
        try:
            block = _block(text, header, drop, needed, start, is_first=is_first)
        except Unreadable as problem:
            if is_first:
                raise
            block = _unparsed(text, drop, needed, start, problem)
        yield replace(block, unknown=unknown)
        start, is_first = start + block.rows.num_rows, False


def columns(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of a file's columns, in its order. Unreadable where it has no header line that can be read."""
    return list(drop.header) or _header(file, drop)


def record_texts(text: str, delimiter: str) -> list[str]:
    """The source text of every record, blank lines left out, quoted line breaks kept. csv.Error for wild quotes."""
    if '"' not in text and "\r" not in text:  # a record is a line, and splitting is ten times as fast
        return [line for line in text.split("\n") if line]
    lines = io.StringIO(text, newline="").readlines()
    return ["".join(lines[start:end]).rstrip("\r\n") for start, end in _records(lines, delimiter)]


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, int]]:
    """(first line, line behind the last) of every record, blank lines left out. csv.Error for wild quotes."""
    csv.field_size_limit(sys.maxsize)  # a quote that never closes takes the rest of its file into one field
    reader, start = csv.reader(lines, delimiter=delimiter), 0
    for fields in reader:
        if fields:
            yield start, reader.line_num
        start = reader.line_num


def _header(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of the first record; the file then stands behind it."""
    start, lines = file.tell(), b""
    while line := file.readline():
        if not (lines or line.strip(b"\r\n")):
            start = file.tell()  # a blank line before the header
            continue
        lines += line
        if lines.count(b'"') % 2 == 0:
            break
    if b"\r" in lines.rstrip(b"\r\n"):  # lines that end with a carriage return alone: this was more than one
        texts = io.StringIO(lines.decode("latin-1"), newline="").readlines()
        ends = (end for _, end in _records(texts, drop.delimiter))
        lines = "".join(texts[: next(ends, len(texts))]).encode("latin-1")
        file.seek(start + len(lines))
    return _names(lines, drop)


def _names(line: bytes, drop: Drop) -> list[str]:
    try:
        decoded = line.decode(drop.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable("encoding", f"not {drop.encoding} at byte {error.start}") from error
    _check_no_zero(decoded)
    try:
        header = next(csv.reader(io.StringIO(decoded, newline=""), delimiter=drop.delimiter), [])
    except csv.Error as error:
        raise Unreadable("not_csv", str(error)) from error
    if not header:
        raise Unreadable("empty", "no header line")
    return header


def _check_no_zero(text: str) -> None:
    if "\0" in text:
        raise Unreadable("binary", f"a zero byte at character {text.index(chr(0))}")


def _checked_header(header: list[str], drop: Drop, needed: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the drop neither reads nor knows, where it asks for them."""
    missing = [name for name in needed if name not in header]
    if missing:
        raise Unreadable("missing_column", f"no column {', '.join(missing)}")
    twice = [name for name, times in Counter(header).items() if times > 1 and name in needed]
    if twice:
        raise Unreadable("repeated_column", f"column {', '.join(twice)} more than once")
    return asked_unknown(header, drop, needed)


def _block(data: bytes, header: list[str], drop: Drop, needed: tuple[str, ...], start: int, *, is_first: bool) -> Block:
    text, bad = _text(data, drop, is_first=is_first)
    parsed, malformed = _rows(text, header, drop, needed)
    count = parsed.num_rows + len(malformed)
    records: list[str] = []

    def texts(numbers: Sequence[int]) -> list[str]:
        if not records:
            records.extend(record_texts(text.decode(), drop.delimiter))
        return [records[number - start - 1] for number in numbers]

    if b'"' in text:
        _check_quotes(text, drop.delimiter, count)
    problems = np.full(count, None, dtype=object)
    problems[malformed] = FIELD_COUNT
    for number, rule in bad.items():
        problems[number] = rule
    where = np.delete(np.arange(count), malformed)
    places = np.full(count, -1)
    places[where] = np.arange(len(where))
    rows = parsed.take(pa.array(places, mask=places < 0)) if malformed else parsed
    numbers = pa.array(np.arange(start + 1, start + 1 + count), pa.int64())
    return Block(rows.append_column("_line", numbers).append_column("_problem", pa.array(problems, pa.string())), texts)


def _unparsed(data: bytes, drop: Drop, needed: tuple[str, ...], start: int, problem: Unreadable) -> Block:
    """The lines of a later block that cannot be read: each is a record that breaks the rule."""
    text = data.decode(drop.encoding, "backslashreplace")
    lines = [line.rstrip("\r\n") for line in io.StringIO(text, newline="") if line.strip("\r\n")]
    columns = {name: pa.nulls(len(lines), pa.string()) for name in needed}
    columns["_line"] = pa.array(range(start + 1, start + 1 + len(lines)), pa.int64())
    columns["_problem"] = pa.array([problem.rule.replace("file:", "line:")] * len(lines), pa.string())
    return Block(pa.table(columns), lambda numbers: [lines[number - start - 1] for number in numbers])


def _text(data: bytes, drop: Drop, *, is_first: bool) -> tuple[bytes, dict[int, str]]:
    """UTF-8 text, and the rule that each of its bad records (from 0) breaks; their bad bytes are escaped."""
    text, not_decoded = utf8_lines(data, drop.encoding, is_first=is_first, cr_ends=True)
    text, with_zeros = _without_zeros(text, is_first=is_first)
    rules = dict.fromkeys(with_zeros, "line:binary") | dict.fromkeys(not_decoded, "line:encoding")
    if not rules:
        return text, {}
    lines = io.StringIO(text.decode(), newline="").readlines()
    try:
        records = [(n, line) for n, place in enumerate(_records(lines, drop.delimiter)) for line in range(*place)]
    except csv.Error as error:
        raise Unreadable("not_csv", str(error)) from error
    return text, {n: rules[line] for n, line in records if line in rules}


def _without_zeros(text: bytes, *, is_first: bool) -> tuple[bytes, list[int]]:
    """Text with its zero bytes escaped, and the numbers (from 0) of the lines that held one."""
    if b"\0" not in text:
        return text, []
    lines = text.splitlines(keepends=True)
    bad = [number for number, line in enumerate(lines) if b"\0" in line]
    check_share(bad, len(lines), "binary", "a zero byte", is_first=is_first)
    return text.replace(b"\0", b"\\x00"), bad


def _rows(text: bytes, header: list[str], drop: Drop, needed: tuple[str, ...]) -> tuple[pa.Table, list[int]]:
    """The rows, and the numbers (from 0) of the records that have another number of fields."""
    malformed: list[int] = []
    if not text.strip(b"\r\n"):
        return pa.schema([(name, pa.string()) for name in needed]).empty_table(), malformed

    def skip(row: pcsv.InvalidRow) -> str:
        malformed.append(row.number - 1)
        return "skip"

    # one thread and one block: only then are the numbers of skipped rows right
    # no header holds a zero byte, so that no column has the name of one that is left out
    names = [name if name in needed else f"\0{number}" for number, name in enumerate(header)]
    reading = pcsv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names)
    parsing = pcsv.ParseOptions(delimiter=drop.delimiter, newlines_in_values=True, invalid_row_handler=skip)
    texts = pcsv.ConvertOptions(
        include_columns=list(needed),
        column_types={name: pa.string() for name in needed},
        null_values=[""],
        strings_can_be_null=True,
    )
    try:
        return pcsv.read_csv(io.BytesIO(text), reading, parsing, texts).select(list(needed)), malformed
    except pa.ArrowInvalid as error:
        raise Unreadable("not_csv", str(error).splitlines()[0]) from error


def _check_quotes(text: bytes, delimiter: str, read: int) -> None:
    """Two readers must agree on where records end, else a quarantined row would show another row's text."""
    try:
        records = len(record_texts(text.decode(), delimiter))
    except csv.Error as error:
        raise Unreadable("not_csv", str(error)) from error
    if records != read:
        raise Unreadable("not_csv", "its quotes do not close where a field ends")
