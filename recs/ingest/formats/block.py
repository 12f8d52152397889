"""Some consecutive records of a file, and the error of a file that cannot be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

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
        decoded = text.decode(encoding)
    except UnicodeDecodeError:
        return _escaped(text, encoding, is_first=is_first)
    return (text if encoding in ("utf-8", "utf8", "ascii") else decoded.encode()), []


def _escaped(text: bytes, encoding: str, *, is_first: bool) -> tuple[bytes, list[int]]:
    lines, bad = text.split(b"\n"), []
    for number, line in enumerate(lines):
        try:
            lines[number] = line.decode(encoding).encode()
        except UnicodeDecodeError:
            lines[number] = line.decode(encoding, "backslashreplace").encode()
            bad.append(number)
    if is_first and len(bad) > max(1, MOST_BAD_LINES * len(lines)):
        raise Unreadable("encoding", f"not {encoding} in line {bad[0] + 1} and many others")
    return b"\n".join(lines), bad
