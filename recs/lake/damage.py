"""Partitions that are not what their sidecar says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs.lake.hashing import content_hash, with_files
from recs.lake.lake import Lake
from recs.lake.partition import DATA_FILE, PARTITION_FILE, PartitionInfo


@dataclass(frozen=True)
class Damage:
    """One damaged partition folder and what is wrong with it."""

    folder: Path
    problem: str


def damaged_partitions(lake: Lake) -> Iterator[Damage]:
    """Reads every partition again: a missing file, an unreadable one, or rows or files that do not hash as recorded."""
    for folder in sorted({path.parent for name in (DATA_FILE, PARTITION_FILE) for path in lake.root.rglob(name)}):
        if any(part.startswith(".tmp-") for part in folder.relative_to(lake.root).parts):
            continue
        problem = _problem(folder)
        if problem:
            yield Damage(folder, problem)


def _problem(folder: Path) -> str | None:
    try:
        info = PartitionInfo.read(folder)
    except (ValueError, TypeError) as error:
        return f"{PARTITION_FILE} cannot be read ({error})"
    if info is None:
        return f"has no {PARTITION_FILE}"
    try:
        rows = pq.read_table(folder / DATA_FILE, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        return f"{DATA_FILE} cannot be read ({error})"
    if info.deleted_rows is not None:
        return f"retention has deleted its rows, and {rows.num_rows} are there" if rows.num_rows else None
    files = info.extra.get("file_hashes", {})
    for name, recorded in files.items():
        beside = folder / name
        if not beside.exists() or hashlib.sha256(beside.read_bytes()).hexdigest() != recorded:
            return f"{name} is missing or does not hash as recorded"
    if with_files(content_hash(rows), files) != info.content_hash:
        return f"its {rows.num_rows} rows do not hash as recorded"
    return None
