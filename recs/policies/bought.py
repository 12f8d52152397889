"""Already-bought rules: what a shopper owns is left out of discovery, and is all there is in repeat lists."""

from typing import Literal

import polars as pl

BoughtRule = Literal["exclude", "only", "allow"]


def by_bought(candidates: pl.DataFrame, bought: pl.DataFrame, rule: BoughtRule) -> pl.DataFrame:
    """Candidates of shoppers' lists that the rule lets through, in the order given; other lists pass untouched.

    candidates: user_code (null or -1 on lists that are nobody's), item_code.
    bought: user_code, item_code, each pair once.
    """
    if rule == "allow":
        return candidates
    pair = ["user_code", "item_code"]
    owned = candidates.join(bought.select(*pair, owned=True), on=pair, how="left", maintain_order="left")
    nobodys, owns = pl.col("user_code").fill_null(-1) < 0, pl.col("owned").fill_null(False)
    return owned.filter(nobodys | (owns if rule == "only" else ~owns)).drop("owned")
