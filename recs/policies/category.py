"""Category rules of a product's lists: alternatives share its category, companions come from others."""

from typing import Literal

import polars as pl

CategoryRule = Literal["any", "same", "other"]


def by_category(candidates: pl.DataFrame, rule: CategoryRule) -> pl.DataFrame:
    """Candidates that the rule lets through, in the order given; lists without a key item pass untouched.

    candidates: category_code, key_item_code (null on lists that no item keys), key_category_code.
    An unknown category (-1) is neither the same as another nor different from it, so both rules leave it out.
    """
    if rule == "any":
        return candidates
    mine, theirs = pl.col("key_category_code"), pl.col("category_code")
    fits = (mine == theirs) if rule == "same" else (mine != theirs)
    return candidates.filter(pl.col("key_item_code").is_null() | ((mine >= 0) & (theirs >= 0) & fits))


def without_key_item(candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates that do not read like the item whose page they are on: neither itself nor its title again."""
    return candidates.filter(pl.col("title_code").ne_missing(pl.col("key_title_code")))
