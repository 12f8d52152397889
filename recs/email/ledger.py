"""The send ledger: who was sent which items, one Parquet file a batch that is written once and never changed.

It decides what a later batch may still send, and outlives the batches' own folders.
"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from recs.email.errors import BatchRefusedError, EmailError
from recs.lake.swap import TMP_PREFIX

SENT = pl.Schema({"send_date": pl.Date, "user_id": pl.String, "item_id": pl.String})
_BATCH_KEY = b"batch_sha256"


class SendLedger:
    """The batches of one campaign, in the order of their send dates."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def send_dates(self) -> list[date]:
        """Oldest first."""
        return sorted(date.fromisoformat(path.stem) for path in self.folder.glob("[0-9]*.parquet"))

    def is_past(self, send_date: date) -> bool:
        """Whether a batch of a later day was sent, so that one of this day would be late and out of order."""
        return any(day > send_date for day in self.send_dates())

    def batch_sha256(self, send_date: date) -> str | None:
        """SHA-256 of the ``batch.parquet`` that was sent; None when none was. EmailError on damage."""
        path = self._path(send_date)
        if not path.exists():
            return None
        try:
            found: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
            return found[_BATCH_KEY].decode()
        except (OSError, pa.ArrowInvalid, KeyError) as error:
            raise EmailError(f"{path} cannot be read ({error})", "restore it from a backup") from None

    def sent(self, *, since: date, before: date) -> pl.DataFrame:
        """``SENT``: what was sent on the days in ``[since, before)``, sorted."""
        days = [day for day in self.send_dates() if since <= day < before]
        return pl.concat(
            [pl.DataFrame(schema=SENT), *(pl.read_parquet(self._path(d), hive_partitioning=False) for d in days)]
        )

    def inputs_hash(self, *, since: date, before: date) -> str:
        """One hash over the batches of the days in ``[since, before)``."""
        days = [day for day in self.send_dates() if since <= day < before]
        return hashlib.sha256("".join(f"{day}:{self.batch_sha256(day)}\n" for day in days).encode()).hexdigest()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the campaign's lock; a second writer waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def refuse_other(self, send_date: date, batch_sha256: str) -> None:
        """BatchRefusedError when another batch than this one was sent on the day."""
        known = self.batch_sha256(send_date)
        if known not in (None, batch_sha256):
            raise BatchRefusedError(
                f"{self.folder.name} of {send_date} was sent already, with other mails than its inputs make now",
                "restore its folder from a backup, or export under a later send date",
            )

    def append(self, send_date: date, mails: pl.DataFrame, batch_sha256: str) -> None:
        """Note one batch, durable on return; the same batch again changes nothing. Call inside ``writing``.

        mails: user_id, item_id. BatchRefusedError when another batch of the day stands there.
        """
        self.refuse_other(send_date, batch_sha256)
        if self.batch_sha256(send_date) is not None:
            return
        rows = mails.select(pl.lit(send_date).alias("send_date"), "user_id", "item_id").sort("user_id", "item_id")
        table = rows.cast(SENT).to_arrow()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _BATCH_KEY: batch_sha256})
        fresh = self.folder / f"{TMP_PREFIX}{send_date}-{uuid.uuid4().hex[:8]}"
        with fresh.open("wb") as out:
            pq.write_table(table, out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(self._path(send_date))
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _path(self, send_date: date) -> Path:
        return self.folder / f"{send_date.isoformat()}.parquet"
