"""A table before and after a change of the model that makes it, column by column."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from recs.features.distribution import Distribution, distribution, stability_index
from recs.features.keys import MatchedRows, matched_rows
from recs.features.outcome import Outcome
from recs.features.ranks import rank_correlation


def compared(
    before: pl.LazyFrame, after: pl.LazyFrame, keys: Sequence[str], outcome: Outcome | None = None
) -> dict[str, Any]:
    """What changed between two versions of a table whose rows are told apart by ``keys``; columns are read one by one.

    Returns changed (whether anything at all); rows {before, after, kept, added, removed}; columns_added,
    columns_removed; columns: by name type, changed, changed_share (of the rows kept; None where none is), psi, and of
    before and after null_share, and for numbers mean, quantiles and correlation (with ``outcome``). A column that one
    side lacks is None on that side.
    """
    types_before, types_after = before.collect_schema(), after.collect_schema()
    rows = matched_rows(*(_keys(side, keys).collect() for side in (before, after)))
    names = [name for name in (*types_after, *(n for n in types_before if n not in types_after)) if name not in keys]
    outcomes = [_outcomes(side, outcome) for side in (before, after)]
    columns = {name: _column(_read(before, name), _read(after, name), rows, outcomes) for name in names}
    counts = {"before": rows.rows_before, "after": rows.rows_after}
    return {
        "changed": bool(rows.added or rows.removed or any(column["changed"] for column in columns.values())),
        "rows": {**counts, "kept": rows.kept, "added": rows.added, "removed": rows.removed},
        "columns_added": [name for name in names if name not in types_before],
        "columns_removed": [name for name in names if name not in types_after],
        "columns": columns,
    }


def _keys(side: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    there = side.collect_schema()
    return side.select(key for key in keys if key in there)


def _read(side: pl.LazyFrame, name: str) -> pl.Series | None:
    return side.select(name).collect().to_series() if name in side.collect_schema() else None


def _outcomes(side: pl.LazyFrame, outcome: Outcome | None) -> pl.Series | None:
    if outcome is None or not set(outcome.by) <= set(side.collect_schema()):
        return None
    return outcome.of(side.select(outcome.by).collect())


def _column(
    before: pl.Series | None, after: pl.Series | None, rows: MatchedRows, outcomes: Sequence[pl.Series | None]
) -> dict[str, Any]:
    share = _changed_share(before, after, rows)
    types = [None if side is None else str(side.dtype) for side in (before, after)]
    spread = [_distribution(side) for side in (before, after)]
    told = [_told(*one) for one in zip((before, after), spread, outcomes, strict=True)]
    return {
        "type": dict(zip(("before", "after"), types, strict=True)),
        "changed": types[0] != types[1] or bool(share),
        "changed_share": share,
        "psi": stability_index(spread[0], spread[1]) if spread[0] and spread[1] else None,
        "before": told[0],
        "after": told[1],
    }


def _changed_share(before: pl.Series | None, after: pl.Series | None, rows: MatchedRows) -> float | None:
    if before is None or after is None or not rows.kept:
        return None
    was, is_now = before.gather(rows.at_before), after.gather(rows.at_after)
    if was.dtype != is_now.dtype:
        shared = pl.Float64 if was.dtype.is_numeric() and is_now.dtype.is_numeric() else pl.String
        was, is_now = was.cast(shared), is_now.cast(shared)
    return float(was.ne_missing(is_now).sum()) / rows.kept


def _distribution(column: pl.Series | None) -> Distribution | None:
    is_number = column is not None and (column.dtype.is_numeric() or column.dtype == pl.Boolean)
    return distribution(column) if column is not None and is_number else None


def _told(
    column: pl.Series | None, spread: Distribution | None, outcomes: pl.Series | None
) -> dict[str, float | None] | None:
    if column is None:
        return None
    if spread is None:
        return {"null_share": column.null_count() / len(column) if len(column) else None}
    return {**spread.told(), "correlation": None if outcomes is None else rank_correlation(column, outcomes)}
