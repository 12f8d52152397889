"""Files of a public split: pairs with weights, and item ids. Whatever cannot be used is named with its file."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from recs.errors import ConfigError

PAIR = ["user_id", "item_id"]


def read_weights(path: Path) -> pl.DataFrame:
    """user_id, item_id (text), weight (f32; the sum where a pair repeats, 1 a row where the file has none), sorted."""
    rows = _read(path, PAIR)
    if "weight" not in rows.columns:
        rows = rows.with_columns(weight=1.0)
    weight = pl.col("weight").cast(pl.Float64, strict=False)
    wrong = rows.filter(~(weight.is_finite() & (weight > 0)).fill_null(False)).height
    if wrong:
        raise ConfigError(
            f"{path}: column 'weight' holds {wrong} values that are not a number above 0",
            "leave those rows out, or drop the column to count every row as 1",
        )
    return rows.group_by(PAIR).agg(weight.sort().sum().cast(pl.Float32)).sort(PAIR)


def read_pairs(path: Path) -> pl.DataFrame:
    """user_id, item_id (text), each pair once, sorted."""
    return _read(path, PAIR).select(PAIR).unique().sort(PAIR)


def read_items(path: Path) -> pl.Series:
    """item_id (text), each once, sorted."""
    return _read(path, ["item_id"])["item_id"].unique().sort()


def _read(path: Path, ids: Sequence[str]) -> pl.DataFrame:
    """All rows, ``ids`` as text. ConfigError for a file that is missing, unreadable, empty or lacks one of ``ids``."""
    rows = _frame(path)
    for name in ids:
        if name not in rows.columns:
            raise ConfigError(
                f"{path} has no column '{name}' (it has: {', '.join(rows.columns)})",
                f"rename the column that holds it to {name}",
            )
        empty = rows.filter(pl.col(name).is_null() | (pl.col(name).cast(pl.String) == "")).height
        if empty:
            raise ConfigError(f"{path}: column '{name}' is empty in {empty} rows", "fill it, or leave those rows out")
    if rows.is_empty():
        raise ConfigError(f"{path} holds no rows", "name a file with at least one")
    return rows.with_columns(pl.col(ids).cast(pl.String))


def _frame(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise ConfigError(f"{path} is not a file", "give the path of a Parquet or CSV file")
    if not path.name.endswith((".parquet", ".csv", ".csv.gz")):
        raise ConfigError(f"{path} is neither .parquet nor .csv", "convert it, or give it the ending of what it is")
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"{path} cannot be read: {reason}", "check that it is whole and that its ending is right"
        ) from None
