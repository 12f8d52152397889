"""The rows of a table before and after a change, matched by their keys; and a sample of shoppers to compare by."""

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

_HASHES = 2**64


@dataclass(frozen=True)
class MatchedRows:
    """``at_before[i]`` and ``at_after[i]`` are the places of the i-th row that both tables have."""

    rows_before: int
    rows_after: int
    at_before: np.ndarray
    at_after: np.ndarray

    @property
    def kept(self) -> int:
        return len(self.at_before)

    @property
    def removed(self) -> int:
        return self.rows_before - self.kept

    @property
    def added(self) -> int:
        return self.rows_after - self.kept


def matched_rows(before: pl.DataFrame, after: pl.DataFrame) -> MatchedRows:
    """Match rows by all their columns, nulls being equal; of rows alike, the first goes with the first, and so on.

    Tables with other key columns, or keys of other types, have no row in common.
    """
    if before.schema != after.schema or not before.width:
        none = np.empty(0, np.int64)
        return MatchedRows(before.height, after.height, none, none)
    keys = before.columns
    sides = [
        frame.with_columns(pl.int_range(pl.len()).over(keys).alias(".nth")).with_row_index(name)
        for frame, name in ((before, ".before"), (after, ".after"))
    ]
    both = sides[0].join(sides[1], on=[*keys, ".nth"], nulls_equal=True, maintain_order="left")
    return MatchedRows(before.height, after.height, both[".before"].to_numpy(), both[".after"].to_numpy())


def sampled(ids: pl.Series, share: float) -> pl.Series:
    """About ``share`` of the ids, each once: those whose hash is low, so an id's luck is the same everywhere."""
    limit, known = int(share * _HASHES), ids.unique().drop_nulls().sort()
    return known.filter(pl.Series([_hash(one) < limit for one in known], dtype=pl.Boolean))


def _hash(one: str) -> int:
    return int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "big")
