"""Frames of the lake on their way out of the house, with the shop's user ids in place of internal ones."""

import polars as pl

from recs.identity.identity import Identity


def with_shop_ids(rows: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    """Rows in their order, ``user_id`` opened. IdentityError for an id of another key."""
    if not identity.is_sealed:
        return rows
    ids = identity.outside(rows["user_id"].cast(pl.String).to_arrow())
    return rows.with_columns(pl.Series("user_id", pl.from_arrow(ids), dtype=pl.String))
