"""Some consecutive records of a file, and the error of a file that cannot be read."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from recs.ingest.source import Drop

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
        decoded = text.decode(encoding)
    except UnicodeDecodeError:
        return _escaped(text, encoding, is_first=is_first, cr_ends=cr_ends)
    return (text if encoding in ("utf-8", "utf8", "ascii") else decoded.encode()), []


def check_share(bad: Sequence[int], lines: Sequence[bytes], rule: str, detail: str, *, is_first: bool) -> None:
    """Unreadable where more lines of a file's first block are bad than a file of that kind would have."""
    if is_first and len(bad) > max(1, MOST_BAD_LINES * len(lines)):
        raise Unreadable(rule, f"{detail} in line {bad[0] + 1} and many others")


def _escaped(text: bytes, encoding: str, *, is_first: bool, cr_ends: bool) -> tuple[bytes, list[int]]:
    lines = text.splitlines(keepends=True) if cr_ends else io.BytesIO(text).readlines()
    bad = []
    for number, line in enumerate(lines):
        try:
            lines[number] = line.decode(encoding).encode()
        except UnicodeDecodeError:
            lines[number] = line.decode(encoding, "backslashreplace").encode()
            bad.append(number)
    check_share(bad, lines, "encoding", f"not {encoding}", is_first=is_first)
    return b"".join(lines), bad
