"""Exporting a batch: built once, kept when asked for again, refused when it would contradict what was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import polars as pl

from recs.email.batch import Batch, email_batch
from recs.email.errors import BatchRefusedError, EmailError
from recs.email.files import batch_folder, write_files
from recs.email.ledger import SendLedger
from recs.email.manifest import BATCH_FILE, BatchManifest, check_files, read_manifest
from recs.email.spec import CampaignSpec
from recs.email.tables import Tables
from recs.email.wide import mail_items
from recs.identity import PLAIN, Identity
from recs.lake.swap import replaced_folder


@dataclass(frozen=True)
class Exported:
    """``built`` now, or ``kept``: it had been built from the same inputs."""

    outcome: Literal["built", "kept"]
    folder: Path
    manifest: BatchManifest


def export_batch(
    spec: CampaignSpec,
    root: Path,
    ledger: SendLedger,
    *,
    as_of: date,
    send_date: date,
    inputs: Mapping[str, str],
    release_id: str | None,
    code_version: str,
    tables: Callable[[], Tables],
    identity: Identity = PLAIN,
) -> Exported:
    """The batch of a campaign and day below ``root``. ``tables`` is called only when it has to be built.

    inputs: content hash by table and of the spec. identity: for the files that senders take, which hold the shop's own
    ids. EmailError when the lists are too old or a batch is damaged; BatchRefusedError when other mails were sent on
    that day, or any on a later one.
    """
    folder = batch_folder(root, spec.campaign, send_date)
    with ledger.writing():
        settle(root, spec.campaign, ledger)
        since = send_date - timedelta(days=spec.looks_back_days)
        inputs = {**inputs, "ledger": ledger.inputs_hash(since=since, before=send_date)}
        manifest = read_manifest(folder)
        if manifest is not None:
            check_files(folder, manifest)
            _refuse_other_inputs(folder, manifest, inputs)
            return Exported("kept", folder, manifest)
        _refuse_late(spec, ledger, as_of, send_date)
        batch = _batch(spec, tables(), ledger.sent(since=since, before=send_date), send_date, identity)
        with replaced_folder(folder) as fresh:
            manifest = write_files(
                fresh,
                batch,
                spec,
                send_date=send_date,
                as_of=as_of,
                release_id=release_id,
                inputs=inputs,
                code_version=code_version,
                identity=identity,
            )
            ledger.refuse_other(send_date, manifest.file(BATCH_FILE).sha256)
        ledger.append(send_date, batch.mails, manifest.file(BATCH_FILE).sha256)
    return Exported("built", folder, manifest)


def settle(root: Path, campaign: str, ledger: SendLedger) -> None:
    """Note batches that lie in their place and not in the ledger: a kill came between the two. Inside ``writing``."""
    known = set(ledger.send_dates())
    for folder in sorted((root / campaign).glob("[0-9]*")):
        send_date = date.fromisoformat(folder.name)
        manifest = read_manifest(folder)
        if send_date in known or manifest is None:
            continue
        check_files(folder, manifest)
        ledger.append(send_date, _mailed(pl.read_parquet(folder / BATCH_FILE)), manifest.file(BATCH_FILE).sha256)


def is_due(root: Path, campaign: str, ledger: SendLedger, send_date: date) -> bool:
    """Whether a batch of this day is still to be built: neither it nor a later one has been."""
    built = [path.name for path in (root / campaign).glob("[0-9]*") if path.name >= send_date.isoformat()]
    return not built and not ledger.is_past(send_date) and send_date not in ledger.send_dates()


def _batch(spec: CampaignSpec, tables: Tables, mailed: pl.DataFrame, send_date: date, identity: Identity) -> Batch:
    return email_batch(
        spec,
        tables.members,
        tables.lists,
        dim_item=tables.dim_item,
        dim_user=tables.dim_user,
        bought=tables.bought,
        mailed=mailed,
        send_date=send_date,
        identity=identity,
    )


def _refuse_other_inputs(folder: Path, manifest: BatchManifest, inputs: Mapping[str, str]) -> None:
    changed = sorted(n for n in inputs.keys() | manifest.inputs.keys() if inputs.get(n) != manifest.inputs.get(n))
    if changed:
        raise BatchRefusedError(
            f"{folder} was built from other inputs ({', '.join(changed)}), and a batch is never changed",
            "use it as it is, or export under a later send date",
        )


def _refuse_late(spec: CampaignSpec, ledger: SendLedger, as_of: date, send_date: date) -> None:
    if ledger.is_past(send_date) and ledger.batch_sha256(send_date) is None:
        raise BatchRefusedError(
            f"{spec.campaign} was sent on {ledger.send_dates()[-1]}, and {send_date} is before that",
            "export under a later send date",
        )
    age_days = (send_date - as_of).days
    if not 0 < age_days <= spec.max_age_days:
        raise EmailError(
            f"the newest lists before {send_date} are of {as_of}; {spec.campaign} mails lists of 1 to "
            f"{spec.max_age_days} days ago",
            f"run {send_date - timedelta(days=1)} first, or change max_age_days in {spec.campaign}.yaml",
        )


def _mailed(rows: pl.DataFrame) -> pl.DataFrame:
    """user_id, item_id of a batch in its canonical shape."""
    pairs = [(row["user_id"], item["item_id"]) for row in rows.iter_rows(named=True) for item in mail_items(row)]
    return pl.DataFrame(pairs, schema={"user_id": pl.String, "item_id": pl.String}, orient="row")
