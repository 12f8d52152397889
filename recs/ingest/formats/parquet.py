"""Parquet. What an expression reads of a typed column is text, as in every other format."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recs.ingest.formats.block import Block, Unreadable, asked_unknown, problems
from recs.ingest.formats.texts import Texts, may_stay
from recs.ingest.source import Drop

BLOCK_ROWS = 250_000
MEMORY_BYTES = 200_000_000  # a larger file is read twice: once to see that it can be, once to be used


def blocks(file: BinaryIO, drop: Drop, needed: tuple[str, ...]) -> Iterator[Block]:
    """Blocks of some rows; ``_line`` is the number of the row. One damaged page makes the whole file unreadable."""
    try:
        found = pq.ParquetFile(file)
        unknown = _checked_columns(found.schema_arrow, drop, needed)
        batches = _batches(found)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise Unreadable("not_parquet", str(error).splitlines()[0]) from error
    start, texts = 0, Texts()
    for batch in batches:
        yield _block(pa.Table.from_batches([batch]), drop, needed, start, texts, unknown)
        start += batch.num_rows


def columns(file: BinaryIO, drop: Drop) -> list[str]:
    """The names of a file's columns, in its order. Unreadable where it is no Parquet."""
    try:
        return list(pq.ParquetFile(file).schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise Unreadable("not_parquet", str(error).splitlines()[0]) from error


def _batches(found: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    groups = (found.metadata.row_group(n).total_byte_size for n in range(found.metadata.num_row_groups))
    if sum(groups) <= MEMORY_BYTES:
        return iter(found.read().to_batches(BLOCK_ROWS))
    for _ in found.iter_batches(BLOCK_ROWS):
        pass
    return iter(found.iter_batches(BLOCK_ROWS))


def _checked_columns(schema: pa.Schema, drop: Drop, needed: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the drop neither reads nor knows, where it asks for them."""
    missing = [name for name in needed if name not in schema.names]
    if missing:
        raise Unreadable("missing_column", f"no column {', '.join(missing)}")
    twice = [name for name, times in Counter(schema.names).items() if times > 1 and name in needed]
    if twice:
        raise Unreadable("repeated_column", f"column {', '.join(twice)} more than once")
    return asked_unknown(schema.names, drop, needed)


def _block(
    rows: pa.Table, drop: Drop, needed: tuple[str, ...], start: int, as_text: Texts, unknown: tuple[str, ...]
) -> Block:
    def texts(numbers: Sequence[int]) -> list[str]:
        places = [number - start - 1 for number in numbers]
        columns = [as_text.values(_chosen(column, places)) for column in rows.columns]
        named = (dict(zip(rows.column_names, row, strict=True)) for row in zip(*columns, strict=True))
        return [json.dumps(row, ensure_ascii=False) for row in named]

    badly_encoded: set[int] = set()
    columns = {}
    for name in needed:
        if may_stay(rows[name], drop.alone.get(name)):
            columns[name] = rows[name]
            continue
        columns[name], bad = as_text.text(rows[name])
        badly_encoded.update(bad)
    columns["_line"] = pa.array(np.arange(start + 1, start + 1 + rows.num_rows), pa.int64())
    columns["_problem"] = problems(rows.num_rows, sorted(badly_encoded))
    return Block(pa.table(columns), texts, unknown)


def _chosen(column: pa.ChunkedArray, places: list[int]) -> pa.ChunkedArray:
    """Some rows of a column of any type; few types lack a way to take them at once."""
    try:
        return column.take(pa.array(places, pa.int64()))
    except pa.ArrowNotImplementedError:
        return pa.chunked_array([piece.chunk(0) for n in places for piece in [column.slice(n, 1)]], column.type)
