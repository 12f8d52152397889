"""Putting a finished folder in place in one step, so that a reader sees the old one or the new one, never half."""

import ctypes
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TMP_PREFIX = ".tmp-"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside ``target``; on success it takes the target's place, else it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.parent / f"{TMP_PREFIX}{target.name}-{uuid.uuid4().hex[:8]}"
    fresh.mkdir()
    try:
        yield fresh
        put_in_place(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def put_in_place(fresh: Path, target: Path) -> None:
    """Give a finished folder of the same file system the place of ``target`` in one step; the old one is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sync(fresh)
    _swap(fresh, target)
    shutil.rmtree(fresh, ignore_errors=True)


def remove_folder(target: Path) -> None:
    """Remove a folder in one step as readers see it; a kill leaves only a temporary folder."""
    aside = target.parent / f"{TMP_PREFIX}{target.name}-{uuid.uuid4().hex[:8]}"
    target.rename(aside)
    shutil.rmtree(aside)


def leftovers(root: Path) -> list[Path]:
    """Temporary folders and files that a killed run left under ``root``."""
    return sorted(path for path in root.rglob(f"{TMP_PREFIX}*") if TMP_PREFIX not in str(path.parent.relative_to(root)))


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        # without an exchange a kill between the two renames leaves the old folder under its temporary name
        aside = fresh.with_name(f"{fresh.name}-old")
        target.rename(aside)
        fresh.rename(target)
        shutil.rmtree(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders' names in one system call (renameat2); False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _sync(folder: Path) -> None:
    """Put the files' bytes on disk before their name changes; a lost rename only means an older, whole partition."""
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
