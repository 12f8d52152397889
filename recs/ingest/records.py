"""Reading one CSV drop as text: its rows, the records that are no rows, or the reason why it cannot be read at all."""

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from recs.ingest.source import Drop

FIELD_COUNT = "line:field_count"


@dataclass(frozen=True)
class FileRows:
    """``rows``: the needed columns as text and ``_line`` (1 = first record). ``failure``: (rule, detail) or None."""

    rows: pa.Table
    text: bytes = b""
    malformed: list[int] = field(default_factory=list)
    failure: tuple[str, str] | None = None

    @property
    def read(self) -> int:
        return self.rows.num_rows + len(self.malformed)


class _Unreadable(Exception):
    """(rule, detail): the file as a whole breaks this rule."""


def file_rows(data: bytes, file: str, drop: Drop, needed: tuple[str, ...]) -> FileRows:
    """Parse the bytes of one drop file. Dirt never raises: it is in ``malformed`` or ``failure``."""
    try:
        text = _decoded(_unpacked(data, file, drop), drop.encoding)
        _check_header(text, drop, needed)
        return _parsed(text, drop, needed)
    except _Unreadable as problem:
        rule, detail = problem.args
        return FileRows(_no_rows(needed), failure=(f"file:{rule}", detail))


def record_texts(text: bytes, delimiter: str) -> list[str]:
    """The source text of every record after the header, blank lines left out, quoted line breaks kept."""
    _, _, body = text.partition(b"\n")
    decoded = text.decode("utf-8")
    if b'"' not in body and b"\r" not in text:  # a record is a line, and splitting is ten times as fast
        return [line for line in decoded.split("\n") if line][1:]
    lines = io.StringIO(decoded, newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    records, start = [], 0
    for fields in reader:
        if fields:
            records.append("".join(lines[start : reader.line_num]).rstrip("\r\n"))
        start = reader.line_num
    return records[1:]


def line_ids(source: str, texts: list[str], repeated_lines: str) -> list[str]:
    """An event id for each line: a hash of the line and, where repeats count, of its occurrence number."""
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        seen[text] += 1
        occurrence = f"\0{seen[text]}" if repeated_lines == "keep" else ""
        ids.append(hashlib.sha256(f"{source}\0{text}{occurrence}".encode()).hexdigest()[:32])
    return ids


def _unpacked(data: bytes, file: str, drop: Drop) -> bytes:
    packed = drop.compression == "gzip" or (drop.compression == "auto" and file.endswith(".gz"))
    if not packed:
        return data
    try:
        return gzip.decompress(data)
    except EOFError as error:
        raise _Unreadable("truncated_gzip", "the gzip file ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _Unreadable("not_gzip", f"not a gzip file: {error}") from error


def _decoded(data: bytes, encoding: str) -> bytes:
    """UTF-8 bytes without a byte order mark."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _Unreadable("encoding", f"not {encoding} at byte {error.start}") from error
    if "\0" in text:
        raise _Unreadable("binary", f"a zero byte at character {text.index(chr(0))}")
    return text.removeprefix("\ufeff").encode("utf-8")


def _check_header(text: bytes, drop: Drop, needed: tuple[str, ...]) -> None:
    try:
        header = next(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=drop.delimiter), [])
    except csv.Error as error:
        raise _Unreadable("not_csv", str(error)) from error
    if not header:
        raise _Unreadable("empty", "no header line")
    missing = [name for name in needed if name not in header]
    if missing:
        raise _Unreadable("missing_column", f"no column {', '.join(missing)}")
    twice = [name for name, times in Counter(header).items() if times > 1 and name in needed]
    if twice:
        raise _Unreadable("repeated_column", f"column {', '.join(twice)} more than once")


def _parsed(text: bytes, drop: Drop, needed: tuple[str, ...]) -> FileRows:
    malformed: list[int] = []

    def skip(row: pcsv.InvalidRow) -> str:
        malformed.append(row.number - 1)  # the header is row 1
        return "skip"

    # one thread and one block: only then are the numbers of skipped rows right
    reading = pcsv.ReadOptions(use_threads=False, block_size=len(text) + 1)
    parsing = pcsv.ParseOptions(delimiter=drop.delimiter, newlines_in_values=True, invalid_row_handler=skip)
    texts = pcsv.ConvertOptions(
        include_columns=list(needed),
        column_types={name: pa.string() for name in needed},
        null_values=[""],
        strings_can_be_null=True,
    )
    try:
        rows = pcsv.read_csv(io.BytesIO(text), reading, parsing, texts).select(list(needed))
    except pa.ArrowInvalid as error:
        raise _Unreadable("not_csv", str(error).splitlines()[0]) from error
    if b'"' in text.partition(b"\n")[2]:
        _check_quotes(text, drop.delimiter, rows.num_rows + len(malformed))
    numbers = np.arange(1, rows.num_rows + len(malformed) + 1)
    kept = np.delete(numbers, np.array(malformed, dtype=np.int64) - 1)
    return FileRows(rows.append_column("_line", pa.array(kept, pa.int64())), text, malformed)


def _check_quotes(text: bytes, delimiter: str, read: int) -> None:
    """Two readers must agree on where records end, else a quarantined row would show another row's text."""
    try:
        records = len(record_texts(text, delimiter))
    except csv.Error as error:
        raise _Unreadable("not_csv", str(error)) from error
    if records != read:
        raise _Unreadable("not_csv", "its quotes do not close where a field ends")


def _no_rows(needed: tuple[str, ...]) -> pa.Table:
    return pa.schema([*((name, pa.string()) for name in needed), ("_line", pa.int64())]).empty_table()
