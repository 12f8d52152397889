"""The manifest of a batch: how many were sent and skipped, from what, and the hash of every file."""

import hashlib
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from recs.email.errors import EmailError

MANIFEST_FILE = "manifest.json"
BATCH_FILE = "batch.parquet"
SKIPPED_FILE = "skipped.parquet"
_FIX = "restore the folder from a backup, or remove it and export the day again: the same inputs give the same bytes"


class FileEntry(msgspec.Struct, frozen=True):
    """One file of the folder, by its path inside it."""

    name: str
    bytes: int
    sha256: str


class BatchManifest(msgspec.Struct, frozen=True):
    """``inputs``: content hash of all that decides the mails; code and release are told and decide nothing later."""

    campaign: str
    title: str
    send_date: str
    as_of_date: str
    release_id: str | None
    audience: int
    sent: int
    skipped: int
    skipped_by_rule: dict[str, int]
    items: int
    inputs: dict[str, str]
    code_version: str
    files: tuple[FileEntry, ...]

    def file(self, name: str) -> FileEntry:
        return next(entry for entry in self.files if entry.name == name)


def file_entries(folder: Path) -> tuple[FileEntry, ...]:
    """All files below ``folder`` but the manifest, by name."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST_FILE)
    return tuple(FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path)) for path in found)


def read_manifest(folder: Path) -> BatchManifest | None:
    """The manifest of a batch's folder, or None where there is no batch. EmailError when it cannot be read."""
    path = folder / MANIFEST_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=BatchManifest)
    except FileNotFoundError:
        if folder.exists():
            raise EmailError(f"{folder} has no {MANIFEST_FILE}", _FIX) from None
        return None
    except msgspec.DecodeError as error:
        raise EmailError(f"{path} cannot be read ({error})", _FIX) from None


def check_files(folder: Path, manifest: BatchManifest) -> None:
    """EmailError when a file is not what the manifest says, is missing, or is one too many."""
    told, there = {entry.name: entry for entry in manifest.files}, {entry.name: entry for entry in file_entries(folder)}
    for name in sorted(told.keys() | there.keys()):
        if told.get(name) != there.get(name):
            state = "is missing" if name not in there else "is not of the batch" if name not in told else "was changed"
            raise EmailError(f"{folder / name} {state}", _FIX)


def is_conserved(folder: Path, manifest: BatchManifest) -> bool:
    """Whether audience = sent + skipped, by the manifest and by the rows of the files themselves."""
    sent, skipped = (pq.read_metadata(folder / name).num_rows for name in (BATCH_FILE, SKIPPED_FILE))
    counted = (sent, skipped) == (manifest.sent, manifest.skipped)
    by_rule = sum(Counter(manifest.skipped_by_rule).values()) == manifest.skipped
    return counted and by_rule and manifest.audience == manifest.sent + manifest.skipped


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
