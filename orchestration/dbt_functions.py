"""Functions of ours that dbt models may call in SQL: a plugin of dbt-duckdb, named in profiles.yml."""

from typing import Any

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType

BASKETS = "STRUCT(items INTEGER[], weight INTEGER, is_recent BOOLEAN)[]"
PAIRS = (
    "STRUCT(item_code INTEGER, other_item_code INTEGER, basket_count INTEGER, recent_count INTEGER, weight BIGINT)[]"
)
_COUNTS = ("item_code", "other_item_code", "basket_count", "recent_count")
_PAIR = pa.struct([*((name, pa.int32()) for name in _COUNTS), ("weight", pa.int64())])
_NO_PAIRS = pa.array([], _PAIR)


class Plugin(BasePlugin):
    """Registers the functions on each connection of dbt."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        function: Any = _count_item_pairs  # declared for what is called with single values
        conn.create_function("count_item_pairs", function, [BASKETS, "INTEGER"], PAIRS, type=PythonUDFType.ARROW)


def _count_item_pairs(baskets: pa.ChunkedArray, min_baskets: pa.ChunkedArray) -> pa.Array:
    """``recs.models.item_pairs.count_item_pairs`` of each row's list of baskets, none of which may be null."""
    from recs.models.item_pairs import count_item_pairs

    counted, ends = [_NO_PAIRS], [0]  # DuckDB asks for no rows where a list is null
    for row, least in zip(baskets, min_baskets, strict=True):
        told = row.values
        lists = told.field("items")
        pairs = count_item_pairs(
            lists.offsets.to_numpy(),
            lists.values.to_numpy(),
            told.field("weight").to_numpy(),
            told.field("is_recent").to_numpy(zero_copy_only=False),
            min_baskets=least.as_py(),
        )
        counted.append(pa.StructArray.from_arrays([pa.array(column) for column in pairs], fields=list(_PAIR)))
        ends.append(ends[-1] + len(counted[-1]))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.concat_arrays(counted))
