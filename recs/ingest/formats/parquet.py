"""Parquet: rows with the types of the file. What an expression reads of them is text, as in every other format."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recs.ingest.formats.block import Block, Unreadable
from recs.ingest.source import Drop

BLOCK_ROWS = 250_000
MEMORY_BYTES = 200_000_000  # a larger file is read twice: once to see that it can be, once to be used


def blocks(file: BinaryIO, drop: Drop, needed: tuple[str, ...]) -> Iterator[Block]:
    """Blocks of some rows; ``_line`` is the number of the row. One damaged page makes the whole file unreadable."""
    try:
        found = pq.ParquetFile(file)
        _check_columns(found.schema_arrow, drop, needed)
        batches = _batches(found)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise Unreadable("not_parquet", str(error).splitlines()[0]) from error
    start = 0
    for batch in batches:
        yield _block(pa.Table.from_batches([batch]), needed, start)
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


def _check_columns(schema: pa.Schema, drop: Drop, needed: tuple[str, ...]) -> None:
    missing = [name for name in needed if name not in schema.names]
    if missing:
        raise Unreadable("missing_column", f"no column {', '.join(missing)}")
    twice = [name for name, times in Counter(schema.names).items() if times > 1 and name in needed]
    if twice:
        raise Unreadable("repeated_column", f"column {', '.join(twice)} more than once")
    unknown = sorted(set(schema.names) - {*needed, *drop.known_columns})
    if unknown and drop.unknown_columns == "refuse":
        raise Unreadable("unknown_column", f"column {', '.join(unknown)} is in neither columns nor known_columns")


def _block(rows: pa.Table, needed: tuple[str, ...], start: int) -> Block:
    def texts(numbers: Sequence[int]) -> list[str]:
        chosen = rows.take(pa.array([number - start - 1 for number in numbers], pa.int64())).to_pylist()
        return [json.dumps(row, default=str, ensure_ascii=False) for row in chosen]

    numbers = pa.array(np.arange(start + 1, start + 1 + rows.num_rows), pa.int64())
    used = rows.select(list(needed)).append_column("_line", numbers)
    return Block(used.append_column("_problem", pa.nulls(rows.num_rows, pa.string())), texts)
