"""The folder of a batch: made whole beside its place, put there in one step, never changed after."""

import os
from collections import Counter
from datetime import date
from pathlib import Path

import msgspec
import polars as pl
import pyarrow.parquet as pq

from recs.email import DESTINATIONS
from recs.email.batch import Batch
from recs.email.manifest import BATCH_FILE, MANIFEST_FILE, SKIPPED_FILE, BatchManifest, file_entries
from recs.email.preview import PREVIEW_FILE, preview_page
from recs.email.spec import CampaignSpec
from recs.email.wide import wide
from recs.identity import PLAIN, Identity
from recs.identity.frames import with_shop_ids


def batch_folder(root: Path, campaign: str, send_date: date) -> Path:
    """Where a batch lies below ``root``."""
    return root / campaign / send_date.isoformat()


def write_files(
    folder: Path,
    batch: Batch,
    spec: CampaignSpec,
    *,
    send_date: date,
    as_of: date,
    release_id: str | None,
    inputs: dict[str, str],
    code_version: str,
    identity: Identity = PLAIN,
) -> BatchManifest:
    """Fill an empty folder and return its manifest, which is written last. EmailError when a destination objects.

    The two tables hold internal user ids; what leaves the house, the destinations and the preview, the shop's own.
    """
    rows = wide(batch.mails, spec, send_date=send_date, as_of=as_of, release_id=release_id)
    _write_parquet(rows, folder / BATCH_FILE)
    _write_parquet(batch.skipped, folder / SKIPPED_FILE)
    told = with_shop_ids(rows, identity).sort("user_id")
    for name in spec.destinations:
        (folder / name).mkdir()
        DESTINATIONS[name](told, folder / name, f"{spec.campaign}-{send_date}")
    page = preview_page(told, spec, send_date=send_date, as_of=as_of, skipped=batch.skipped.height)
    (folder / PREVIEW_FILE).write_text(page, encoding="utf-8")
    manifest = BatchManifest(
        campaign=spec.campaign,
        title=spec.title,
        send_date=send_date.isoformat(),
        as_of_date=as_of.isoformat(),
        release_id=release_id,
        audience=rows.height + batch.skipped.height,
        sent=rows.height,
        skipped=batch.skipped.height,
        skipped_by_rule=dict(sorted(Counter(batch.skipped["rule"].to_list()).items())),
        items=batch.mails.height,
        inputs=inputs,
        code_version=code_version,
        files=file_entries(folder),
    )
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1))
    _sync_below(folder)
    return manifest


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    pq.write_table(frame.to_arrow(), path, compression="zstd")


def _sync_below(folder: Path) -> None:
    """The swap syncs the folder's own files; those of the destinations lie one deeper."""
    for path in (path for path in folder.glob("*/*") if path.is_file()):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
