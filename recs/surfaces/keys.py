"""Whose lists a surface has: one row a list, with the codes that its candidates are found by."""

import polars as pl

from recs.policies.titles import title_codes
from recs.surfaces.spec import Source, SurfaceSpec

SCHEMA = pl.Schema(
    {
        "source": pl.String,
        "key": pl.String,
        "user_code": pl.Int32,
        "region_code": pl.Int32,
        "everyone_code": pl.Int32,
        "key_item_code": pl.Int32,
        "key_category_code": pl.Int32,
        "key_title_code": pl.UInt32,
    }
)

# Where a list of each source looks in a channel, nearest first: (entity, column of its code). A product's list never
# takes what is popular everywhere: the lookup falls back to the global list for that, and says so.
TIERS: dict[Source, tuple[tuple[str, str], ...]] = {
    "user": (("user", "user_code"), ("region", "region_code"), ("all", "everyone_code")),
    "region": (("region", "region_code"), ("all", "everyone_code")),
    "global": (("all", "everyone_code"),),
    "item": (("item", "key_item_code"), ("category", "key_category_code")),
}


def list_keys(
    spec: SurfaceSpec, dim_item: pl.DataFrame, dim_user: pl.DataFrame, dim_region: pl.DataFrame
) -> pl.DataFrame:
    """Every list of the surface (``SCHEMA`` plus list_code, i32, dense in the order source, key)."""
    frames = {
        "user": lambda: dim_user.select("user_code", "region_code", key="user_id", everyone_code=0),
        "region": lambda: dim_region.select("region_code", key="region", everyone_code=0),
        "global": lambda: pl.DataFrame({"key": [""], "everyone_code": [0]}),
        "item": lambda: _item_keys(dim_item),
    }
    parts = [_typed(frames[source](), source) for source in spec.sources]
    keys = pl.concat(parts).sort("source", "key")
    return keys.with_columns(list_code=pl.int_range(pl.len(), dtype=pl.Int32))


def _item_keys(dim_item: pl.DataFrame) -> pl.DataFrame:
    shown = dim_item.filter(pl.col("is_recommendable")).join(title_codes(dim_item), on="item_code")
    return shown.select(
        key="item_id", key_item_code="item_code", key_category_code="category_code", key_title_code="title_code"
    )


def _typed(keys: pl.DataFrame, source: Source) -> pl.DataFrame:
    keys = keys.with_columns(source=pl.lit(source))
    return keys.select(
        (pl.col(name) if name in keys.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )
