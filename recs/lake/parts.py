"""A partition written part by part: rows that do not fit in memory at once, or hours that are added to an open day."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recs.lake.hashing import content_hash, with_files
from recs.lake.lake import Lake
from recs.lake.partition import PARTITION_FILE, PartitionInfo, Provenance
from recs.lake.swap import TMP_PREFIX, put_in_place

PART_ROWS = 4_000_000


@dataclass(frozen=True)
class Part:
    """One file of rows inside a partition."""

    rows: int
    bytes: int
    content_hash: str


class PartitionDraft:
    """A partition in the making, beside the one that readers see. ``commit`` puts it in place, ``discard`` removes it.

    Parts are named in the order in which their rows are read; the files are ``data-<name>.parquet``.
    """

    def __init__(self, lake: Lake, table: str, day: date) -> None:
        self.lake, self.table, self.day = lake, table, day
        self.folder = lake.root / f"{TMP_PREFIX}draft-{table.replace('/', '-')}-{day}-{uuid.uuid4().hex[:8]}"
        self.parts: dict[str, Part] = {}

    def path(self, name: str) -> Path:
        """Where the rows of a part lie until the commit."""
        return self.folder / f"data-{name}.parquet"

    def add(
        self, name: str, rows: pa.Table, files: Mapping[str, bytes] | None = None, unlike: Collection[str] = ()
    ) -> None:
        """Write one part, its rows in the order given, and further files that belong to it.

        unlike: columns whose values hardly ever repeat, for which a dictionary would only cost time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = _with_own_dictionaries(rows)
        repeating = [column for column in rows.column_names if column not in unlike]
        told = [field.name for field in rows.schema if not _is_text(field.type)]  # nobody prunes by ranges of text
        options = {"use_dictionary": repeating, "write_statistics": told, "store_schema": False}
        pq.write_table(rows, self.path(name), compression="zstd", **options)
        for file, content in (files or {}).items():
            (self.folder / file).write_bytes(content)
        self.parts[name] = Part(rows.num_rows, self.path(name).stat().st_size, content_hash(rows))

    def keep(self, name: str, files: tuple[str, ...] = ()) -> None:
        """Take over a part of the partition that readers see now, without copying."""
        there = self.lake.folder(self.table, self.day)
        info = PartitionInfo.read(there)
        if info is None or name not in info.parts:
            raise KeyError(f"{self.table} {self.day} has no part {name}")
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in (f"data-{name}.parquet", *(f for f in files if (there / f).exists())):
            os.link(there / file, self.folder / file)
        self.parts[name] = Part(**info.parts[name])

    def files(self) -> list[Path]:
        """The Parquet files of the parts."""
        return [self.path(name) for name in sorted(self.parts)]

    def content_hash(self, beside: Mapping[str, str] | None = None) -> str:
        """The content hash that a commit would record."""
        return with_files(parts_hash({name: part.content_hash for name, part in self.parts.items()}), beside or {})

    def commit(
        self,
        *,
        inputs: Mapping[str, str],
        provenance: Provenance,
        extra: Mapping[str, Any],
        beside: Mapping[str, str] | None = None,
        table: str = "",
    ) -> PartitionInfo:
        """Put the partition in place in one step, as one of ``table`` where that is named.

        beside: hashes of other partitions without which the rows do not say all; the content hash covers them.
        """
        table = table or self.table
        info = PartitionInfo(
            table=table,
            day=self.day.isoformat(),
            rows=sum(part.rows for part in self.parts.values()),
            bytes=sum(part.bytes for part in self.parts.values()),
            content_hash=self.content_hash(beside),
            inputs=dict(inputs),
            code_version=provenance.code_version,
            config_hash=provenance.config_hash,
            run_id=provenance.run_id,
            extra={**extra, **({"beside": dict(beside)} if beside else {})},
            parts={name: part.__dict__ for name, part in sorted(self.parts.items())},
        )
        (self.folder / PARTITION_FILE).write_text(info.to_json())
        put_in_place(self.folder, self.lake.folder(table, self.day))
        return info

    def discard(self) -> None:
        """Remove what a commit has not put in place; nothing is left to remove after one."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_in_parts(
    draft: PartitionDraft,
    batches: Iterable[pa.RecordBatch],
    *,
    inputs: Mapping[str, str],
    provenance: Provenance,
    extra: Mapping[str, Any],
    rows: int | None = None,
) -> PartitionInfo:
    """Commit sorted rows that do not fit in memory, ``rows`` (``PART_ROWS``) a part, however large the batches are."""
    rows = rows or PART_ROWS
    waiting: list[pa.RecordBatch] = []
    try:
        for batch in batches:
            waiting.append(batch)
            while sum(map(len, waiting)) >= rows:
                table = pa.Table.from_batches(waiting)
                draft.add(f"{len(draft.parts):05d}", table.slice(0, rows).combine_chunks())
                waiting = table.slice(rows).to_batches()
        if waiting or not draft.parts:
            draft.add(f"{len(draft.parts):05d}", pa.Table.from_batches(waiting))
        return draft.commit(inputs=inputs, provenance=provenance, extra=extra)
    finally:
        draft.discard()


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) or pa.types.is_string(kind)


def _with_own_dictionaries(rows: pa.Table) -> pa.Table:
    """Dictionaries of no more than the part's own values: those of its chunk would be written into every part of it."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type) and not rows[place].null_count:
            rows = rows.set_column(place, field, _own_dictionary(rows[place].unify_dictionaries().combine_chunks()))
    return rows


def _own_dictionary(column: pa.DictionaryArray) -> pa.DictionaryArray:
    places = column.indices.to_numpy()
    used = np.flatnonzero(np.bincount(places, minlength=len(column.dictionary)))
    values = column.dictionary.take(pa.array(used)).dictionary_encode()
    moved = np.zeros(len(column.dictionary), np.int32)
    moved[used] = values.indices.to_numpy()
    return pa.DictionaryArray.from_arrays(pa.array(moved[places]), values.dictionary)


def parts_hash(hashes: Mapping[str, str]) -> str:
    """The content hash of a partition from those of its parts."""
    return hashlib.sha256("\n".join(f"{name} {hashes[name]}" for name in sorted(hashes)).encode()).hexdigest()
