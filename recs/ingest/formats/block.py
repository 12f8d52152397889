"""Some consecutive records of a file, and the error of a file that cannot be read."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from recs.ingest.source import Drop

PIECES_BYTES = (1_000_000, 32_000)  # of text that is taken apart where it holds a bad line
UTF_8 = ("utf-8", "utf8")
BLOCK_BYTES = 64_000_000  # of text; a record is never cut
MOST_BAD_LINES = 0.2  # of the first block: above, the whole file is in another encoding


@dataclass(frozen=True)
class Block:
    """``rows``: the needed columns, ``_line`` (int64, 1 = first record) and ``_problem`` (rule that a record breaks as
    such, else null). ``texts``: the source text of the records of some lines, in their order. ``unknown``: columns of
    the file that its drop neither reads nor knows, where it asks for them.
    """

    rows: pa.Table
    texts: Callable[[Sequence[int]], list[str]]
    unknown: tuple[str, ...] = ()


class Unreadable(Exception):
    """(rule, detail): the file as a whole breaks this rule."""

    @property
    def rule(self) -> str:
        return f"file:{self.args[0]}"

    @property
    def detail(self) -> str:
        return str(self.args[1])


def asked_unknown(names: Iterable[str], drop: Drop, needed: Iterable[str]) -> tuple[str, ...]:
    """The columns of a file that its drop neither reads nor knows, where it asks for them. Unreadable if it refuses."""
    unknown = tuple(sorted(set(names) - {*needed, *drop.known_columns}))
    if unknown and drop.unknown_columns == "refuse":
        raise Unreadable("unknown_column", f"column {', '.join(unknown)} is in neither columns nor known_columns")
    return unknown if drop.unknown_columns == "note" else ()


def utf8_lines(text: bytes, encoding: str, *, is_first: bool, cr_ends: bool = False) -> tuple[bytes, list[int]]:
    """Text as UTF-8, and the numbers (from 0) of its lines that were not in ``encoding``, their bytes escaped.

    Lines end at a line feed, with ``cr_ends`` at a carriage return too. Unreadable where most lines of a file's first
    block are bad.
    """
    whole = _as_utf8(text, encoding)
    if whole is not None:
        return whole, []
    pieces, bad, count = _mended(text, encoding, PIECES_BYTES, cr_ends=cr_ends)
    check_share(bad, count, "encoding", f"not {encoding}", is_first=is_first)
    return b"".join(pieces), bad


def _as_utf8(text: bytes, encoding: str) -> bytes | None:
    """Text of an encoding as UTF-8; None where it is not in that encoding."""
    if encoding in UTF_8:
        return text if _is_utf8(text) else None
    try:
        return text.decode(encoding).encode()
    except UnicodeDecodeError:
        return None


def _is_utf8(text: bytes) -> bool:
    """Ten times as fast as to decode it."""
    ends = pa.py_buffer(np.array([0, len(text)]))
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def problems(rows: int, badly_encoded: Sequence[int]) -> pa.Array:
    """``_problem`` of a block: null, but for the records (from 0) whose bytes are in another encoding."""
    if not len(badly_encoded):
        return pa.nulls(rows, pa.string())
    found = np.full(rows, None, dtype=object)
    found[list(badly_encoded)] = "line:encoding"
    return pa.array(found, pa.string())


def check_share(bad: Sequence[int], lines: int, rule: str, detail: str, *, is_first: bool) -> None:
    """Unreadable where more lines of a file's first block are bad than a file of that kind would have."""
    if is_first and len(bad) > max(1, MOST_BAD_LINES * lines):
        raise Unreadable(rule, f"{detail} in line {bad[0] + 1} and many others")


def _mended(text: bytes, encoding: str, sizes: Sequence[int], *, cr_ends: bool) -> tuple[list[bytes], list[int], int]:
    """Pieces of the text with bad lines escaped, the numbers of those, and how many lines there are."""
    if not sizes:
        lines = text.splitlines(keepends=True) if cr_ends else io.BytesIO(text).readlines()
        return lines, _escape(lines, encoding), len(lines)
    pieces, bad, number, position = list[bytes](), list[int](), 0, 0
    while position < len(text):
        end = text.find(b"\n", position + sizes[0]) + 1 or len(text)
        piece, position = text[position:end], end
        good = _as_utf8(piece, encoding)
        if good is not None:
            pieces.append(good)
            number += _count_lines(piece, cr_ends=cr_ends)
            continue
        mended, own, count = _mended(piece, encoding, sizes[1:], cr_ends=cr_ends)
        pieces += mended
        bad += [number + n for n in own]
        number += count
    return pieces, bad, number


def _count_lines(piece: bytes, *, cr_ends: bool) -> int:
    return len(piece.splitlines()) if cr_ends else piece.count(b"\n") + (not piece.endswith(b"\n"))


def _escape(lines: list[bytes], encoding: str) -> list[int]:
    """Turn lines into UTF-8 in place; the numbers of those whose bytes had to be escaped."""
    bad = []
    for number, line in enumerate(lines):
        if line.isascii() and encoding in UTF_8:
            continue
        try:
            lines[number] = line.decode(encoding).encode()
        except UnicodeDecodeError:
            lines[number] = line.decode(encoding, "backslashreplace").encode()
            bad.append(number)
    return bad
