"""What every store backend does, the pointer to the release in force, and the store's stated failures."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Protocol

import msgspec

from recs.errors import AisleError

Records = Iterable[tuple[bytes, bytes]]


class StoreError(AisleError):
    """A store, or a release in it, that cannot be used."""


class StaleFence(StoreError):
    """A publisher that started before the release now in force was promoted."""


class BadRecord(StoreError):
    """A record whose checksum or format does not hold: it counts as missing, never as an answer."""


class Pointer(msgspec.Struct, frozen=True):
    """Which release is in force. ``fence`` only grows; ``held`` stops automatic promotion until a person resumes it."""

    release_id: str
    fence: int
    promoted_at: str
    previous: str | None = None
    held: bool = False


class Reader(Protocol):
    """One release, read only. ``get`` and ``records`` raise StoreError when the backend is gone. For one thread."""

    release_id: str

    def get(self, key: bytes) -> bytes | None: ...

    def records(self) -> Iterator[tuple[bytes, bytes]]: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Whole releases beside each other, and one pointer."""

    def load(self, release_id: str, records: Records) -> int:
        """Write a release whole, keys strictly ascending, replacing one of that id; returns the record count."""

    def has(self, release_id: str) -> bool:
        """Whether a complete release is there."""

    def releases(self) -> list[str]:
        """Ids of the complete releases, ascending."""

    def reader(self, release_id: str) -> Reader:
        """StoreError when the release is not loaded or cannot be opened."""

    def fingerprint(self, release_id: str) -> str:
        """A hash of the release as it is stored, taken without interpreting it, so that damage cannot mislead it."""

    def remove(self, release_id: str) -> None:
        """Drop a release; one that is not there is fine. StoreError for the one in force."""

    def active(self) -> Pointer | None:
        """The pointer, or None before the first promotion."""

    def promote(self, pointer: Pointer) -> Pointer:
        """Put the pointer in place if its fence is the highest yet, else StaleFence; the release must be loaded."""

    def stamp(self) -> Hashable:
        """Cheap to ask for; changes whenever the pointer changes."""

    def leftovers(self) -> list[str]:
        """What interrupted loads have left behind."""

    def clean(self) -> list[str]:
        """Remove the leftovers and return what they were."""


def check_fence(new: Pointer, current: Pointer | None) -> None:
    """StaleFence unless ``new`` was made after ``current``."""
    at = current.fence if current else 0
    if new.fence <= at:
        raise StaleFence(
            f"release '{new.release_id}' came with fence {new.fence}, the store is at {at}",
            "somebody else has promoted or rolled back meanwhile: look at `aisle releases list` and run again",
        )


def check_order(previous: bytes | None, key: bytes) -> None:
    """StoreError unless keys ascend, which sorted append needs and duplicates would break."""
    if previous is not None and key <= previous:
        raise StoreError(
            f"record key {key!r} came after {previous!r}", "load records in ascending key order, each once"
        )


def missing(release_id: str) -> StoreError:
    """The failure of reading or promoting what is not there."""
    return StoreError(f"release '{release_id}' is not in the store", "publish that as-of day again, which loads it")
