"""JSON Lines: one object a line. Fields are read by the engine; here lines are found and numbered."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs.ingest.formats.block import BLOCK_BYTES, Block, utf8_lines
from recs.ingest.source import Drop

LINES_NOTED = 1_000  # of a file: unknown fields are looked for in these
TEXT = "_text"  # the column that holds a line until the engine reads its fields
NAMED_LINES = 1000  # lines that are looked at for the names of fields


def blocks(file: BinaryIO, drop: Drop, needed: tuple[str, ...]) -> Iterator[Block]:
    """Blocks whose rows hold ``_text``; ``_line`` is the number of the line in the file. Blank lines are no records."""
    start = 0  # lines before the block
    while text := file.read(BLOCK_BYTES):
        text += file.readline()
        if not start:
            text = text.removeprefix(b"\xef\xbb\xbf")
        clean, bad = utf8_lines(text, drop.encoding, is_first=not start)
        lines = _lines(clean)
        yield _block(lines, start, bad, () if start else _unknown(lines, drop, needed))
        start += len(lines)


def columns(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of the fields of a file's first records, sorted."""
    names: set[str] = set()
    for line in islice(file, NAMED_LINES):
        try:
            fields = json.loads(line.decode(drop.encoding, "replace").removeprefix("\ufeff"))
        except ValueError:
            continue  # reading the line says what is wrong with it
        names.update(fields if isinstance(fields, dict) else ())
    return sorted(names)


def _lines(text: bytes) -> pa.LargeStringArray:
    """The lines of a text, each with its line feed, without copying."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 10) + 1
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text))


def _unknown(lines: pa.LargeStringArray, drop: Drop, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Fields of the first lines that the drop neither reads nor knows, where it asks to note them."""
    names: set[str] = set()
    if drop.unknown_columns == "note":
        for line in lines[:LINES_NOTED].to_pylist():
            names.update(_field_names(line))
    return tuple(sorted(names - {*needed, *drop.known_columns}))


def _field_names(line: str) -> list[str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    # a lone surrogate is no text that could be told
    return [name for name in found if name.isprintable()] if isinstance(found, dict) else []


def _block(lines: pa.LargeStringArray, start: int, bad: Sequence[int], unknown: tuple[str, ...]) -> Block:
    def texts(numbers: Sequence[int]) -> list[str]:
        return [lines[number - start - 1].as_py().rstrip("\r\n") for number in numbers]

    problems = np.full(len(lines), None, dtype=object)
    problems[list(bad)] = "line:encoding"
    numbers = pa.array(np.arange(start + 1, start + 1 + len(lines)), pa.int64())
    rows = pa.table({TEXT: lines, "_line": numbers, "_problem": pa.array(problems, pa.string())})
    blank = pc.is_in(lines, pa.array(["\n", "\r\n", "\r", ""], pa.large_string())) if _has_short(lines) else None
    return Block(rows.filter(pc.invert(blank)) if blank is not None else rows, texts, unknown)


def _has_short(lines: pa.LargeStringArray) -> bool:
    return bool(pc.min(pc.binary_length(lines)).as_py() <= 2) if len(lines) else False
