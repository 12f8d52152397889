"""Rows of feature tables found by dense code and copied into one matrix: one pass, without a join."""

from dataclasses import dataclass
from typing import TypeAlias

import numba
import numpy as np


@dataclass(frozen=True)
class Single:
    """Rows of one code each. row_of: i32 by code, -1 where a code has no row."""

    row_of: np.ndarray

    @staticmethod
    def of(codes: np.ndarray, count: int) -> "Single":
        """codes: i32 of each row, below ``count``; -1 where a row is of none."""
        row_of = np.full(count, -1, np.int32)
        known = np.flatnonzero(codes >= 0)
        row_of[codes[known]] = known
        return Single(row_of)


@dataclass(frozen=True)
class Runs:
    """Rows of two codes each, those of a first code together: starts (i64 [first codes + 1]) into seconds (i32).

    order: i64, the rows of a table in the order of ``seconds``; None where that is the table's own.
    """

    starts: np.ndarray
    seconds: np.ndarray
    order: np.ndarray | None

    @staticmethod
    def of(firsts: np.ndarray, seconds: np.ndarray, count: int) -> "Runs":
        """firsts, seconds: i32 of each row, firsts below ``count``; -1 where a row is of none."""
        order = None
        if (firsts[1:] < firsts[:-1]).any():
            order = np.argsort(firsts, kind="stable")
            firsts, seconds = firsts[order], seconds[order]
        starts = np.searchsorted(firsts, np.arange(count + 1, dtype=firsts.dtype))
        return Runs(starts.astype(np.int64), seconds, order)


Places: TypeAlias = Single | Runs


@numba.njit(cache=True, nogil=True)
def rows_of_codes(row_of: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """i32 row of each code, -1 where there is none."""
    rows = np.empty(len(codes), np.int32)
    for n in range(len(codes)):
        code = codes[n]
        rows[n] = row_of[code] if 0 <= code < len(row_of) else -1
    return rows


@numba.njit(cache=True, nogil=True)
def rows_of_pairs(
    starts: np.ndarray, own: np.ndarray, firsts: np.ndarray, seconds: np.ndarray, row_of: np.ndarray
) -> np.ndarray:
    """i32 row of each pair of codes, -1 where there is none. Fast where pairs of a first code stand together.

    own: the second codes of a table's rows. row_of: i32 by second code, all -1, and so again afterwards.
    """
    rows = np.full(len(firsts), -1, np.int32)
    n = 0
    while n < len(firsts):
        first, start = firsts[n], n
        while n < len(firsts) and firsts[n] == first:
            n += 1
        if first < 0 or first + 1 >= len(starts):
            continue
        for row in range(starts[first + 1] - 1, starts[first] - 1, -1):  # backwards: the first of equal pairs stays
            if own[row] >= 0:
                row_of[own[row]] = row
        for at in range(start, n):
            if 0 <= seconds[at] < len(row_of):
                rows[at] = row_of[seconds[at]]
        for row in range(starts[first], starts[first + 1]):
            if own[row] >= 0:
                row_of[own[row]] = -1
    return rows


@numba.njit(cache=True, nogil=True)
def copy_rows(values: np.ndarray, rows: np.ndarray, out: np.ndarray, at: int) -> None:
    """Copy rows of values (f32 [any, columns]) into ``out`` from column ``at`` on; NaN for row -1."""
    # unsigned, as a sign would be looked at with each number; four are loaded before one is stored, to be moved at once
    width, first = np.uint64(values.shape[1]), np.uint64(at)
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for number in range(len(rows)):
        n, column = np.uint64(number), np.uint64(0)
        if rows[number] < 0:
            for nothing in range(width):
                out[n, first + nothing] = np.nan
            continue
        row = np.uint64(rows[number])
        while column + four <= width:
            a, b = values[row, column], values[row, column + one]
            c, d = values[row, column + two], values[row, column + three]
            to = first + column
            out[n, to], out[n, to + one], out[n, to + two], out[n, to + three] = a, b, c, d
            column += four
        while column < width:
            out[n, first + column] = values[row, column]
            column += one
