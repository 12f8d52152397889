"""CSV of any delimiter and encoding: rows as text, and the records that are no rows."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from recs.ingest.formats.block import BLOCK_BYTES, Block, Unreadable, utf8_lines
from recs.ingest.source import Drop

FIELD_COUNT = "line:field_count"


def blocks(file: BinaryIO, drop: Drop, needed: tuple[str, ...]) -> Iterator[Block]:
    """Blocks of records after the header, numbered from 1, blank lines left out.

    A quoted value may hold line breaks, so the rest of a file from its first quote on is one block.
    """
    header = list(drop.header) or _header(file, drop)
    _check_header(header, drop, needed)
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
        yield block
        start, is_first = start + block.rows.num_rows, False


def columns(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of a file's columns, in its order. Unreadable where it has no header line that can be read."""
    return list(drop.header) or _header(file, drop)


def record_texts(text: str, delimiter: str) -> list[str]:
    """The source text of every record, blank lines left out, quoted line breaks kept. csv.Error for wild quotes."""
    if '"' not in text and "\r" not in text:  # a record is a line, and splitting is ten times as fast
        return [line for line in text.split("\n") if line]
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    records, start = [], 0
    for fields in reader:
        if fields:
            records.append("".join(lines[start : reader.line_num]).rstrip("\r\n"))
        start = reader.line_num
    return records


def _header(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of the first record; the file then stands behind it."""
    lines = b""
    while line := file.readline():
        lines += line
        if lines.count(b'"') % 2 == 0 and lines.strip():
            break
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


def _check_header(header: list[str], drop: Drop, needed: tuple[str, ...]) -> None:
    missing = [name for name in needed if name not in header]
    if missing:
        raise Unreadable("missing_column", f"no column {', '.join(missing)}")
    twice = [name for name, times in Counter(header).items() if times > 1 and name in needed]
    if twice:
        raise Unreadable("repeated_column", f"column {', '.join(twice)} more than once")
    unknown = sorted(set(header) - {*needed, *drop.known_columns})
    if unknown and drop.unknown_columns == "refuse":
        raise Unreadable("unknown_column", f"column {', '.join(unknown)} is in neither columns nor known_columns")


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
    problems[bad] = "line:encoding"
    where = np.delete(np.arange(count), malformed)
    places = np.full(count, -1)
    places[where] = np.arange(len(where))
    rows = parsed.take(pa.array(places, mask=places < 0)) if malformed else parsed
    numbers = pa.array(np.arange(start + 1, start + 1 + count), pa.int64())
    return Block(rows.append_column("_line", numbers).append_column("_problem", pa.array(problems, pa.string())), texts)


def _unparsed(data: bytes, drop: Drop, needed: tuple[str, ...], start: int, problem: Unreadable) -> Block:
    """The lines of a later block that cannot be read: each is a record that breaks the rule."""
    lines = [line for line in data.decode(drop.encoding, "backslashreplace").splitlines() if line]
    columns = {name: pa.nulls(len(lines), pa.string()) for name in needed}
    columns["_line"] = pa.array(range(start + 1, start + 1 + len(lines)), pa.int64())
    columns["_problem"] = pa.array([problem.rule.replace("file:", "line:")] * len(lines), pa.string())
    return Block(pa.table(columns), lambda numbers: [lines[number - start - 1] for number in numbers])


def _text(data: bytes, drop: Drop, *, is_first: bool) -> tuple[bytes, list[int]]:
    """UTF-8 text, and which of its records (from 0) hold bytes of another encoding."""
    text, bad_lines = utf8_lines(data, drop.encoding, is_first=is_first)
    if bad_lines and b'"' in text:
        raise Unreadable("encoding", f"not {drop.encoding} in line {bad_lines[0] + 2}, in a file with quotes")
    _check_no_zero(text.decode())
    if not bad_lines:
        return text, []
    blank = [number for number, line in enumerate(text.split(b"\n")) if not line.strip(b"\r")]
    return text, [line - int(np.searchsorted(blank, line)) for line in bad_lines]


def _rows(text: bytes, header: list[str], drop: Drop, needed: tuple[str, ...]) -> tuple[pa.Table, list[int]]:
    """The rows, and the numbers (from 0) of the records that have another number of fields."""
    malformed: list[int] = []
    if not text.strip(b"\r\n"):
        return pa.schema([(name, pa.string()) for name in needed]).empty_table(), malformed

    def skip(row: pcsv.InvalidRow) -> str:
        malformed.append(row.number - 1)
        return "skip"

    # one thread and one block: only then are the numbers of skipped rows right
    names = [name if name in needed else f"_{number}" for number, name in enumerate(header)]
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
