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
    def of(keys: np.ndarray, codes: int) -> "Single":
        """keys: i64, the code of each row, -1 where it is of none."""
        row_of = np.full(codes, -1, np.int32)
        known = np.flatnonzero(keys >= 0)
        row_of[keys[known]] = known
        return Single(row_of)


@dataclass(frozen=True)
class Runs:
    """Rows of two codes each, sorted by both. starts: i64 [first codes + 1] into inner (i32), the second codes.

    first_row: the row of the first of them; those before it are of nobody.
    """

    starts: np.ndarray
    inner: np.ndarray
    first_row: int

    @staticmethod
    def of(keys: np.ndarray, firsts: int, size: int) -> "Runs":
        """keys: ascending i64, first code * size + second code, -1 where a row is of none."""
        unknown = int(np.searchsorted(keys, 0))
        known = keys[unknown:]
        starts = np.searchsorted(known, np.arange(firsts + 1, dtype=np.int64) * size)
        return Runs(starts.astype(np.int64), (known % max(size, 1)).astype(np.int32), unknown)


Places: TypeAlias = Single | Runs


@numba.njit(cache=True, nogil=True)
def rows_of_codes(row_of: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """i32 row of each code (i64), -1 where there is none."""
    rows = np.empty(len(codes), np.int32)
    for n in range(len(codes)):
        code = codes[n]
        rows[n] = row_of[code] if 0 <= code < len(row_of) else -1
    return rows


@numba.njit(cache=True, nogil=True)
def rows_of_pairs(
    starts: np.ndarray, inner: np.ndarray, first_row: int, firsts: np.ndarray, seconds: np.ndarray
) -> np.ndarray:
    """i32 row of each pair of codes (i64), -1 where there is none."""
    rows = np.empty(len(firsts), np.int32)
    for n in range(len(firsts)):
        first, second = firsts[n], seconds[n]
        rows[n] = -1
        if first < 0 or second < 0 or first + 1 >= len(starts):
            continue
        low, high = starts[first], starts[first + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if inner[middle] < second:
                low = middle + 1
            else:
                high = middle
        if low < end and inner[low] == second:
            rows[n] = first_row + low
    return rows


@numba.njit(cache=True, nogil=True)
def copy_rows(values: np.ndarray, rows: np.ndarray, out: np.ndarray, at: int) -> None:
    """Copy rows of values (f32 [any, columns]) into ``out`` from column ``at`` on; row -1 is the last one."""
    width, last = values.shape[1], values.shape[0] - 1
    for n in range(len(rows)):
        row = rows[n] if rows[n] >= 0 else last
        for column in range(width):
            out[n, at + column] = values[row, column]
