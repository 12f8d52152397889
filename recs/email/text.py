"""Text that every destination can carry: one line, no control characters, nothing that reads as a missing value."""

import polars as pl

NULL_WORDS = ("null", "nan", "none", "nat", "<na>", "\\n")  # senders and spreadsheets read these as "no value"
CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"


def clean(column: str) -> pl.Expr:
    """The column's text on one line; null where nothing is left, or what is left reads as a missing value."""
    line = pl.col(column).cast(pl.String).str.replace_all(rf"{CONTROL}+", " ").str.strip_chars()
    unfit = (line == "") | line.str.to_lowercase().is_in(list(NULL_WORDS))
    return pl.when(~unfit).then(line).alias(column)


def is_clean(column: str) -> pl.Expr:
    """Whether the column's text can stand as it is, which ids have to."""
    return clean(column).eq_missing(pl.col(column)) & pl.col(column).is_not_null()
