"""Codes and times of the simulation as columns of text and dates, made without a Python object a value."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recs.simulate.items import NEVER
from recs.simulate.spec import DAY_MS

if TYPE_CHECKING:
    import polars as pl


def fixed_texts(table: np.ndarray) -> Any:
    """(n, width) bytes as an Arrow array of text."""
    import pyarrow as pa

    n, width = table.shape
    ends = np.arange(n + 1, dtype=np.int64) * width
    return pa.LargeStringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(table)))


def ids(table: np.ndarray) -> "pl.Series":
    """(n, width) bytes of ids as text."""
    import polars as pl

    return pl.Series(fixed_texts(table), dtype=pl.String)


def words(names: Sequence[str], codes: np.ndarray) -> "pl.Series":
    """The name of each code."""
    import polars as pl

    return pl.Series(list(names), dtype=pl.String).gather(codes.astype(np.uint32))


def times(ms: np.ndarray) -> "pl.Series":
    """Milliseconds since 1970 as times in UTC."""
    import polars as pl

    return pl.Series(np.asarray(ms, np.int64)).cast(pl.Datetime("ms", "UTC"))


def dates(start_ms: int, days: np.ndarray) -> "pl.Series":
    """Days of the run as dates; NEVER is null."""
    import polars as pl

    numbers = pl.Series(start_ms // DAY_MS + days.astype(np.int64))
    return numbers.set(pl.Series(days == NEVER), None).cast(pl.Int32).cast(pl.Date)
