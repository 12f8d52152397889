"""Which change of a column's type takes every value that the old type took."""

import re
from typing import Literal

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_FLOATS = ("FLOAT", "DOUBLE")
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")

Widening = Literal["same", "exact", "finer", "no"]


def widening(old: str, new: str) -> Widening:
    """How a DuckDB type takes the values of another.

    ``exact``: every value stays what it was. ``finer``: every value is taken, with digits that were rounded off before.
    ``no``: some value is lost or means something else. That holds between kinds of types too: 0x1F is a whole number
    and no decimal one, and which time a day becomes depends on a zone.
    """
    if old == new:
        return "same"
    if old in _WHOLE and new in _WHOLE:
        return "exact" if _WHOLE.index(old) < _WHOLE.index(new) else "no"
    if (old, new) == _FLOATS:
        return "finer"
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    return _of_decimals(_digits(before), _digits(after)) if before and after else "no"


def _of_decimals(old: tuple[int, int], new: tuple[int, int]) -> Widening:
    if old == new:
        return "same"
    if new[0] < old[0] or new[1] < old[1]:
        return "no"
    return "finer" if new[1] > old[1] else "exact"


def _digits(decimal: re.Match[str]) -> tuple[int, int]:
    """Digits before and after the point."""
    return int(decimal[1]) - int(decimal[2]), int(decimal[2])
