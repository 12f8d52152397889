"""One title, one place: two items that read the same never stand in one list."""

import polars as pl


def title_codes(dim_item: pl.DataFrame) -> pl.DataFrame:
    """item_code, title_code (u32, dense): equal for titles that read the same, whatever their case and spaces."""
    read = pl.col("title").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    return dim_item.select("item_code", title_code=read.rank("dense").cast(pl.UInt32)).filter(
        pl.col("title_code").is_not_null()
    )


def new_titles(candidates: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """The first candidate of each title that its list does not show yet, in the order given (best first).

    Both frames: list_code, title_code. An item has one title, so this also keeps an item from standing in a list twice.
    """
    fresh = candidates.join(
        taken.select("list_code", "title_code"), on=["list_code", "title_code"], how="anti", maintain_order="left"
    )
    return fresh.filter(pl.struct("list_code", "title_code").is_first_distinct())


def without_echo(candidates: pl.DataFrame, titles: pl.DataFrame) -> pl.DataFrame:
    """Candidates that do not read like their own reason ("Because you bought tea": tea), in the order given.

    candidates: title_code, reason_item_code (-1 = none). titles: item_code, title_code.
    """
    reasons = titles.select(reason_item_code="item_code", reason_title_code="title_code")
    told = candidates.join(reasons, on="reason_item_code", how="left", maintain_order="left")
    return told.filter(pl.col("title_code").ne_missing(pl.col("reason_title_code"))).drop("reason_title_code")
