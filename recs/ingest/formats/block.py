"""Some consecutive records of a file, and the error of a file that cannot be read."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from recs.ingest.source import Drop

PIECE_BYTES = 32_000  # of text that is looked at line by line where it holds a bad one
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
    try:
        return _as_utf8(text, encoding), []
    except UnicodeDecodeError:
        return _mended(text, encoding, is_first=is_first, cr_ends=cr_ends)


def _as_utf8(text: bytes, encoding: str) -> bytes:
    decoded = text.decode(encoding)
    return text if encoding in ("utf-8", "utf8", "ascii") else decoded.encode()


def check_share(bad: Sequence[int], lines: int, rule: str, detail: str, *, is_first: bool) -> None:
    """Unreadable where more lines of a file's first block are bad than a file of that kind would have."""
    if is_first and len(bad) > max(1, MOST_BAD_LINES * lines):
        raise Unreadable(rule, f"{detail} in line {bad[0] + 1} and many others")


def _mended(text: bytes, encoding: str, *, is_first: bool, cr_ends: bool) -> tuple[bytes, list[int]]:
    """Only a small piece with a bad line is taken apart."""
    pieces: list[bytes] = []
    bad: list[int] = []
    position, number = 0, 0
    while position < len(text):
        end = text.find(b"\n", position + PIECE_BYTES) + 1 or len(text)
        lines = io.BytesIO(text[position:end]).readlines()
        if cr_ends:
            lines = text[position:end].splitlines(keepends=True)
        try:
            pieces.append(_as_utf8(text[position:end], encoding))
        except UnicodeDecodeError:
            bad += [number + n for n in _escape(lines, encoding)]
            pieces += lines
        number += len(lines)
        position = end
    check_share(bad, number, "encoding", f"not {encoding}", is_first=is_first)
    return b"".join(pieces), bad


def _escape(lines: list[bytes], encoding: str) -> list[int]:
    """Turn lines into UTF-8 in place; the numbers of those whose bytes had to be escaped."""
    bad = []
    for number, line in enumerate(lines):
        try:
            lines[number] = line.decode(encoding).encode()
        except UnicodeDecodeError:
            lines[number] = line.decode(encoding, "backslashreplace").encode()
            bad.append(number)
    return bad
