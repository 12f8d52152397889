"""What a sender's reader would stumble over in a CSV file. Knows the file alone, not how it was made."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from recs.email.text import NULL_WORDS

MOST_TOLD = 20
_CELL = r'(?:"(?:[^"]|"")*"|[^",]*)'
_RECORD = re.compile(f"{_CELL}(?:,{_CELL})*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER = re.compile(r"[A-Za-z0-9_-]{1,250}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def csv_problems(path: Path, *, key: str = "user_id") -> list[str]:
    """The first problems of a file, in words; none when it is fit.

    Fit is: UTF-8 without a byte-order mark; every line ends in CRLF and is one record, quoted by RFC 4180; no control
    characters; a header of plain, different names; as many cells as names; no cell that reads NULL, nan or None; a
    number with a dot in columns that end in ``_price``; a ``key`` in every record, each once.
    """
    data = path.read_bytes()
    if data.startswith(b"\xef\xbb\xbf"):
        return ["it begins with a byte-order mark"]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"byte {error.start} is not UTF-8"]
    if not text.endswith("\r\n"):
        return ["the last line does not end in CRLF"]
    return list(islice(_problems(text[:-2].split("\r\n"), key), MOST_TOLD))


def _problems(lines: list[str], key: str) -> Iterator[str]:
    header = lines[0].split(",")
    for name in header:
        if not _HEADER.fullmatch(name):
            yield f"line 1: {name!r} is no column name"
    if len(set(header)) != len(header):
        yield "line 1: a column stands there twice"
    if key not in header:
        yield f"line 1: there is no column {key}"
        return
    seen: set[str] = set()
    for number, line in enumerate(lines[1:], start=2):
        problem = _line_problem(line)
        if problem:
            yield f"line {number}: {problem}"
            continue
        cells = next(csv.reader([line]))
        if len(cells) != len(header):
            yield f"line {number}: {len(cells)} cells, {len(header)} columns"
            continue
        yield from (f"line {number}: {words}" for words in _cell_problems(header, cells))
        value = cells[header.index(key)]
        if not value or value in seen:
            yield f"line {number}: {key} {value!r} is blank or stands there twice"
        seen.add(value)


def _line_problem(line: str) -> str:
    control = _CONTROL.search(line)
    if control:
        return f"control character {control.group()!r}, or a line break inside a cell"
    return "" if _RECORD.fullmatch(line) else "quotes that RFC 4180 does not allow"


def _cell_problems(header: list[str], cells: list[str]) -> Iterator[str]:
    for name, cell in zip(header, cells, strict=True):
        if cell.strip().lower() in NULL_WORDS:
            yield f"{name} reads {cell!r}"
        if name.endswith("_price") and cell and not _NUMBER.fullmatch(cell):
            yield f"{name} is {cell!r}, not a number with a dot"
