"""Partitions that are not what their sidecar says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs.lake.hashing import content_hash, with_files
from recs.lake.lake import Lake
from recs.lake.partition import DATA_FILE, DATA_FILES, PARTITION_FILE, PartitionInfo
from recs.lake.parts import parts_hash


@dataclass(frozen=True)
class Damage:
    """One damaged partition folder and what is wrong with it."""

    folder: Path
    problem: str


def damaged_partitions(lake: Lake) -> Iterator[Damage]:
    """Reads every partition again: a missing file, an unreadable one, or rows or files that do not hash as recorded."""
    for folder in sorted({path.parent for name in (DATA_FILES, PARTITION_FILE) for path in lake.root.rglob(name)}):
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
        found = _found_hash(folder, info)
    except (OSError, pa.ArrowInvalid) as error:
        return f"its rows cannot be read ({error})"
    if info.deleted_rows is not None:
        back = sum(pq.read_metadata(file).num_rows for file in folder.glob(DATA_FILES))
        return f"retention has deleted its rows, and {back} are there" if back else None
    files = info.extra.get("file_hashes", {})
    for name, recorded in files.items():
        beside = folder / name
        if not beside.exists() or hashlib.sha256(beside.read_bytes()).hexdigest() != recorded:
            return f"{name} is missing or does not hash as recorded"
    found = with_files(found, {**files, **info.extra.get("beside", {})})
    return None if found == info.content_hash else f"its {info.rows} rows do not hash as recorded"


def _found_hash(folder: Path, info: PartitionInfo) -> str:
    """The content hash of the rows that lie there."""
    if not info.parts:
        return content_hash(pq.read_table(folder / DATA_FILE, partitioning=None))
    parts = {name: pq.read_table(folder / f"data-{name}.parquet", partitioning=None) for name in info.parts}
    return parts_hash({name: content_hash(rows) for name, rows in parts.items()})
