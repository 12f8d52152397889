"""The lake: one folder a table, one folder a partition inside it, written whole or not at all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from recs.errors import LakeError
from recs.lake.hashing import content_hash, with_files
from recs.lake.partition import DATA_FILE, DATA_FILES, PARTITION_FILE, PartitionInfo, Provenance, partition_column
from recs.lake.swap import replaced_folder


class Lake:
    """Parquet tables under ``root``. A table is named ``<stage>/<name>``; its partitions are days."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, table: str, day: date | None = None) -> Path:
        """The folder of a table, or of one of its partitions."""
        folder = self.root / table
        return folder if day is None else folder / f"{partition_column(table)}={day.isoformat()}"

    def info(self, table: str, day: date) -> PartitionInfo | None:
        """The sidecar of a partition, or None where there is none."""
        return PartitionInfo.read(self.folder(table, day))

    def days(self, table: str, *, since: date | None = None, until: date | None = None) -> list[date]:
        """The days of a table's partitions inside ``[since, until]``, oldest first."""
        prefix = f"{partition_column(table)}="
        days = (date.fromisoformat(path.name[len(prefix) :]) for path in self.folder(table).glob(f"{prefix}*"))
        return sorted(d for d in days if (since is None or d >= since) and (until is None or d <= until))

    def files(self, table: str, *, until: date, since: date | None = None) -> list[Path]:
        """The Parquet files of a table's partitions inside ``[since, until]``, oldest first."""
        return [file for day in self.days(table, since=since, until=until) for file in self.day_files(table, day)]

    def day_files(self, table: str, day: date) -> list[Path]:
        """The Parquet files of one partition, in the order of its rows."""
        return sorted(self.folder(table, day).glob(DATA_FILES))

    def read(self, table: str, day: date, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """One partition. Raises LakeError where there is none."""
        files = self.day_files(table, day)
        if not files:
            raise LakeError(f"{table} has no partition {day}", f"materialize {table} for {day} first")
        frame = pl.read_parquet(files, columns=list(columns) if columns else None, hive_partitioning=False)
        if frame.is_empty() and table.startswith("features/"):
            info = self.info(table, day)
            if info is not None and info.deleted_rows:
                raise LakeError(
                    f"retention has pruned {table} of {day}", f"aisle backfill --from {day} --to {day} --select {table}"
                )
        return frame

    def read_window(
        self, table: str, *, until: date, since: date | None = None, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """All partitions inside ``[since, until]`` as one frame, oldest first. LakeError where the table has none."""
        files = self.files(table, since=since, until=until)
        if not files:
            known = self.days(table)
            if not known:
                raise LakeError(f"{table} has no partitions", f"materialize {table} first")
            return self.read(table, known[0], columns).clear()
        frame = pl.read_parquet(files, hive_partitioning=False, columns=list(columns) if columns else None)
        return frame.rechunk()

    def inputs_hash(self, table: str, *, until: date, since: date | None = None) -> str:
        """One hash over the content hashes of the partitions inside ``[since, until]``."""
        infos = ((day, self.info(table, day)) for day in self.days(table, since=since, until=until))
        return window_hash((day, info.content_hash if info else "") for day, info in infos)

    def write_partition(
        self,
        table: str,
        day: date,
        frame: pa.Table | pl.DataFrame,
        *,
        sort_by: Sequence[str],
        inputs: Mapping[str, str],
        provenance: Provenance,
        extra: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> PartitionInfo:
        """Write one partition whole, sorted by ``sort_by``, replacing what was there in one step.

        ``files``, such as a model's text and card, lie beside the rows; the content hash covers them too, and the
        sidecar holds the SHA-256 of each. Raises LakeError when the frame's partition column names another day.
        """
        if {DATA_FILE, PARTITION_FILE} & set(files or {}):
            raise LakeError(f"{table} was given a file named as its own", f"name it other than {DATA_FILE}")
        rows = _sorted(frame, sort_by)
        self._check_day(table, day, rows)
        with replaced_folder(self.folder(table, day)) as folder:
            pq.write_table(rows, folder / DATA_FILE, compression="zstd")
            for name, content in (files or {}).items():
                (folder / name).write_bytes(content)
            hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted((files or {}).items())}
            info = PartitionInfo(
                table=table,
                day=day.isoformat(),
                rows=rows.num_rows,
                bytes=(folder / DATA_FILE).stat().st_size,
                content_hash=with_files(content_hash(rows), hashes),
                inputs=dict(inputs),
                code_version=provenance.code_version,
                config_hash=provenance.config_hash,
                run_id=provenance.run_id,
                extra={**(extra or {}), **({"file_hashes": hashes} if hashes else {})},
            )
            (folder / PARTITION_FILE).write_text(info.to_json())
        return info

    def _check_day(self, table: str, day: date, rows: pa.Table) -> None:
        column = partition_column(table)
        if column not in rows.column_names:
            raise LakeError(f"{table} has no column {column}", f"add {column} to what writes {table}")
        others = [d for d in rows[column].unique().to_pylist() if d != day]
        if others:
            raise LakeError(f"{table} partition {day} got rows of {column} {others[0]}", "write each day on its own")


def window_hash(hashes: Iterable[tuple[date, str]]) -> str:
    """One hash of the content hashes of some days."""
    digest = hashlib.sha256()
    for day, each in hashes:
        digest.update(f"{day}:{each}\n".encode())
    return digest.hexdigest()


def _sorted(frame: pa.Table | pl.DataFrame, sort_by: Sequence[str]) -> pa.Table:
    if isinstance(frame, pa.Table) and frame.num_rows < 2:
        return frame
    ordered = pl.DataFrame(pl.from_arrow(frame)) if isinstance(frame, pa.Table) else frame
    if _is_sorted(ordered, sort_by):
        return ordered.to_arrow()
    return ordered.sort(list(sort_by), nulls_last=True, maintain_order=True).to_arrow()


def _is_sorted(frame: pl.DataFrame, sort_by: Sequence[str]) -> bool:
    """Whether a frame is in order already: far cheaper to see than to sort. A null in a key says no."""
    keys = frame.select(sort_by)
    if any(column.null_count() for column in keys):
        return False
    tied = pl.repeat(True, max(0, frame.height - 1), eager=True)
    for column in keys:
        before, after = column.head(-1), column.tail(-1)
        if (tied & (before > after)).any():
            return False
        tied &= before == after
    return True
