"""What entities did in the week after an as-of day: the label that a feature is held against."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Outcome:
    """``rows`` holds the columns ``by`` and ``outcome`` (f64) of every entity that did anything; the others did 0."""

    by: tuple[str, ...]
    what: str
    rows: pl.DataFrame

    def of(self, keys: pl.DataFrame) -> pl.Series:
        """The outcome of each row of ``keys``, in their order."""
        joined = keys.select(self.by).join(self.rows, on=self.by, how="left", maintain_order="left")
        return joined["outcome"].fill_null(0.0)


def outcome_of(entity: str, level: str, bought: pl.DataFrame, items: pl.DataFrame) -> Outcome | None:
    """The outcome of an entity; None for one that nothing is bought by, such as a pair of items.

    bought: user_id, item_id, purchase_count of the days after. items: item_id and the columns of the levels.
    """
    if entity in ("category", "user_category"):
        bought = bought.join(items.select("item_id", level), on="item_id").drop_nulls(level)
    columns, what = {
        "user_item": (("user_id", "item_id"), "whether the shopper bought the item"),
        "user": (("user_id",), "the shopper's purchase lines"),
        "item": (("item_id",), "the item's purchase lines"),
        "category": ((level,), f"the purchase lines of the {level}"),
        "user_category": (("user_id", level), f"whether the shopper bought of the {level}"),
    }.get(entity, ((), ""))
    if not columns:
        return None
    lines = bought.group_by(columns).agg(pl.col("purchase_count").sum())
    told = lines.filter(pl.col("purchase_count") > 0)  # a correction may have taken all of it back
    value = pl.lit(1.0) if what.startswith("whether") else pl.col("purchase_count").cast(pl.Float64)
    return Outcome(columns, what, told.select(*columns, outcome=value))
