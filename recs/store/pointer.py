"""The pointer as a file, replaced in one step under a lock: of two publishers one wins and the other is told."""

import fcntl
import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from recs.store.base import Pointer, StoreError, check_fence

POINTER_FILE = "active.json"
LOCK_FILE = "active.lock"


def read_pointer(root: Path) -> Pointer | None:
    """The pointer under a store's folder, or None before the first promotion. StoreError when it is damaged."""
    path = root / POINTER_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pointer)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"{path} cannot be read ({error})", "remove it and promote a release again") from None


def pointer_stamp(root: Path) -> Hashable:
    """Inode and time of the pointer file: one system call, no read."""
    try:
        status = (root / POINTER_FILE).stat()
    except OSError:
        return None  # a reader goes on with the release it has
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def swap_pointer(root: Path, pointer: Pointer, check: Callable[[], None]) -> Pointer:
    """Compare-and-set: ``check`` and the fence are looked at, and the file replaced and synced, under one lock."""
    root.mkdir(parents=True, exist_ok=True)
    with locked(root):
        check()
        check_fence(pointer, read_pointer(root))
        fresh = root / f".tmp-{POINTER_FILE}"  # one name is enough: only the holder of the lock writes it
        with fresh.open("wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(pointer), indent=1))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(root / POINTER_FILE)
        sync_folder(root)
    return pointer


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """The store's one writer lock; it goes with the process that holds it."""
    with (root / LOCK_FILE).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
