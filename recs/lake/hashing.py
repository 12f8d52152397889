"""A hash of a table's logical rows: the same for the same values, however they are chunked, encoded or compressed."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_hash(table: pa.Table) -> str:
    """SHA-256 over column names, types, nulls and values, in row order. Raises TypeError on nested columns."""
    digest = hashlib.sha256(str(table.num_rows).encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        plain = _plain(column)
        digest.update(f"\0{name}\0{plain.type}\0".encode())
        if not len(plain):
            continue
        digest.update(np.packbits(pc.is_valid(plain).to_numpy(zero_copy_only=False)).data)
        for part in _values(plain) if plain.null_count < len(plain) else ():
            digest.update(part)
    return digest.hexdigest()


def with_files(rows_hash: str, hashes: Mapping[str, str]) -> str:
    """The hash of rows and of the files beside them (SHA-256 by name); of the rows alone where there are none."""
    if not hashes:
        return rows_hash
    lines = [rows_hash, *(f"{name} {hashes[name]}" for name in sorted(hashes))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One array of a canonical type: text as large_string, days and times as int64, dictionaries decoded."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    if pa.types.is_date(column.type):
        column = column.cast(pa.date32()).cast(pa.int32())
    if pa.types.is_nested(column.type):
        raise TypeError(f"a lake table holds scalar columns only, got {column.type}")
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _values(array: pa.Array) -> list[Any]:
    """Buffers with the values' bytes, nulls replaced by zeros so that what lies behind a null never counts."""
    if pa.types.is_boolean(array.type):
        return [np.packbits(pc.fill_null(array, False).to_numpy(zero_copy_only=False))]
    if pa.types.is_large_string(array.type):
        filled = pc.fill_null(array, "") if array.null_count else array
        offsets = np.frombuffer(filled.buffers()[1], np.int64, len(filled) + 1, filled.offset * 8)
        lengths, text = np.diff(offsets).astype(np.uint32), filled.buffers()[2]
        return [lengths, text.slice(offsets[0], offsets[-1] - offsets[0]) if text else b""]
    filled = pc.fill_null(array, pa.scalar(0, array.type)) if array.null_count else array
    width = array.type.byte_width
    return [filled.buffers()[1].slice(filled.offset * width, len(filled) * width)]
