"""Key-value stores of finished releases: a backend is one file and a line in SCHEMES. Records are the codec's."""

from pathlib import Path
from urllib.parse import urlsplit

from recs.store.base import BadRecord, Pointer, Reader, StaleFence, Store, StoreError
from recs.store.lmdb_store import LmdbStore
from recs.store.memory import MemoryStore

SCHEMES = ("lmdb", "memory")

__all__ = ["SCHEMES", "BadRecord", "Pointer", "Reader", "StaleFence", "Store", "StoreError", "open_store", "store_at"]


def store_at(root: Path) -> Store:
    """The embedded store under a folder, which is created on the first load."""
    return LmdbStore(Path(root))


def open_store(url: str) -> Store:
    """The store of a URL: ``lmdb:///folder`` or ``memory://`` (a new, empty one). StoreError for another scheme."""
    parts = urlsplit(url)
    if parts.scheme == "lmdb":
        return store_at(Path(parts.netloc + parts.path))
    if parts.scheme == "memory":
        return MemoryStore()
    raise StoreError(f"no store backend is called '{parts.scheme}'", f"use one of: {', '.join(SCHEMES)}")
