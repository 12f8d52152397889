"""Some consecutive records of a file, and the error of a file that cannot be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

PIECE_BYTES = 32_000  # of text that is looked at line by line where it holds a bad one
BLOCK_BYTES = 64_000_000  # of text; a record is never cut
MOST_BAD_LINES = 0.2  # of the first block: above, the whole file is in another encoding


@dataclass(frozen=True)
class Block:
    """``rows``: the needed columns, ``_line`` (int64, 1 = first record) and ``_problem`` (rule that a record breaks as
    such, else null). ``texts``: the source text of the records of some lines, in their order.
    """

    rows: pa.Table
    texts: Callable[[Sequence[int]], list[str]]


class Unreadable(Exception):
    """(rule, detail): the file as a whole breaks this rule."""

    @property
    def rule(self) -> str:
        return f"file:{self.args[0]}"

    @property
    def detail(self) -> str:
        return str(self.args[1])


def utf8_lines(text: bytes, encoding: str, *, is_first: bool) -> tuple[bytes, list[int]]:
    """Text as UTF-8, and the numbers (from 0) of its lines that were not in ``encoding``, their bytes escaped.

    Unreadable where that is most lines of a file's first block.
    """
    try:
        return _as_utf8(text, encoding), []
    except UnicodeDecodeError:
        pieces, bad = _mended(text, encoding)
    if is_first and len(bad) > max(1, MOST_BAD_LINES * (text.count(b"\n") + 1)):
        raise Unreadable("encoding", f"not {encoding} in line {bad[0] + 1} and many others")
    return b"".join(pieces), bad


def _mended(text: bytes, encoding: str) -> tuple[list[bytes], list[int]]:
    """The text in pieces, and the numbers of its bad lines; only a small piece with such a line is taken apart."""
    pieces: list[bytes] = []
    bad: list[int] = []
    position, number = 0, 0
    while position < len(text):
        end = text.find(b"\n", position + PIECE_BYTES) + 1 or len(text)
        piece = text[position:end]
        try:
            pieces.append(_as_utf8(piece, encoding))
        except UnicodeDecodeError:
            lines, bad_lines = _escaped(piece, encoding)
            pieces.append(lines)
            bad += [number + line for line in bad_lines]
        number += piece.count(b"\n")
        position = end
    return pieces, bad


def _escaped(piece: bytes, encoding: str) -> tuple[bytes, list[int]]:
    lines, bad = piece.split(b"\n"), []
    for number, line in enumerate(lines):
        try:
            lines[number] = line.decode(encoding).encode()
        except UnicodeDecodeError:
            lines[number] = line.decode(encoding, "backslashreplace").encode()
            bad.append(number)
    return b"\n".join(lines), bad


def _as_utf8(text: bytes, encoding: str) -> bytes:
    decoded = text.decode(encoding)
    return text if encoding in ("utf-8", "utf8", "ascii") else decoded.encode()
