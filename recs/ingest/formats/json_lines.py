"""JSON Lines: one object a line. Fields are read by the engine; here lines are found and numbered."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs.ingest.formats.block import BLOCK_BYTES, Block, problems, utf8_lines
from recs.ingest.source import Drop

LINES_NOTED = 1_000  # of a file: unknown fields are looked for in these
TEXT = "_text"  # the column that holds a line until the engine reads its fields
LINE_FEED = ord("\n")
PIECE_BYTES = 1_000_000
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
    letters = np.frombuffer(text, np.uint8)
    pieces = range(0, len(text), PIECE_BYTES)  # that stay in the processor's cache
    ends = [np.flatnonzero(letters[start : start + PIECE_BYTES] == LINE_FEED) + (start + 1) for start in pieces]
    last = [] if text.endswith(b"\n") else [len(text)]
    offsets = np.concatenate([[0], *ends, last]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(text))


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

    numbers = pa.array(np.arange(start + 1, start + 1 + len(lines)), pa.int64())
    rows = pa.table({TEXT: lines, "_line": numbers, "_problem": problems(len(lines), bad)})
    blank = _blank(lines)
    return Block(rows.filter(pa.array(~blank)) if blank.any() else rows, texts, unknown)


def _blank(lines: pa.LargeStringArray) -> np.ndarray:
    """Which lines are empty."""
    blank = pc.binary_length(lines).to_numpy() <= len(b"\r\n")
    for number in np.flatnonzero(blank):
        blank[number] = not lines[int(number)].as_py().strip("\r\n")
    return np.asarray(blank)
