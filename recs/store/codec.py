"""Keys and records of a release, standard library only. Every record ends in a checksum over its key and body."""

import math
import struct
import zlib
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from recs.store.base import BadRecord, StoreError

FORMAT = 1
NO_ITEM = 0xFFFFFFFF
SOURCE_LETTERS = {"global": b"g", "item": b"i", "region": b"r", "user": b"u"}
LONGEST_KEY = 255  # bytes of an id kept as they are; LMDB allows 511 for the whole key

_LIST_HEAD = struct.Struct("<BBHff")  # format, has seeds, length, lowest score, step of a score
_ITEM_HEAD = struct.Struct("<BIIII")  # format, bytes of id, title, category and metadata
_CRC = struct.Struct("<I")
_STEPS = 65535


class ListRecord(NamedTuple):
    """One list, best first. Codes refer to the release's own dictionaries; ``seeds`` are the reasons' items."""

    items: tuple[int, ...]
    seeds: tuple[int, ...]  # NO_ITEM where a reason names no item
    reasons: tuple[int, ...]
    channels: tuple[int, ...]
    scores: tuple[float, ...]


class ItemRecord(NamedTuple):
    """What an answer shows of an item. ``metadata`` is a JSON object, ready to be joined into an answer."""

    item_id: str
    title: str  # '' when unknown
    category: str  # '' when unknown
    metadata: bytes


def item_key(code: int) -> bytes:
    return b"i" + code.to_bytes(4, "big")


def meta_key(name: str) -> bytes:
    return b"m" + name.encode()


def list_key(surface: int, variant: int, source: str, key: str) -> bytes:
    """Key of a list: codes of surface and variant, letter of the source, then the id (a hash of it when it is long)."""
    text = key.encode()
    if len(text) > LONGEST_KEY:
        text = b"\xff" + blake2b(text, digest_size=32).digest()  # \xff is in no UTF-8 text, so no id can look like it
    return b"l" + bytes((surface, variant)) + SOURCE_LETTERS[source] + text


def encode_list(key: bytes, rows: ListRecord) -> bytes:
    """Scores are kept in 65,536 even steps between the list's lowest and highest. StoreError when one is not finite."""
    length = len(rows.items)
    if not all(map(math.isfinite, rows.scores)):
        raise StoreError(f"a score of list {key!r} is not a finite number", "correct the channel that made it")
    low, high = min(rows.scores, default=0.0), max(rows.scores, default=0.0)
    step = (high - low) / _STEPS
    levels = [int((score - low) / step + 0.5) for score in rows.scores] if step > 0 else [0] * length
    has_seeds = rows.seeds.count(NO_ITEM) < length
    seeds = rows.seeds if has_seeds else ()
    body = _LIST_HEAD.pack(FORMAT, has_seeds, length, low, step)
    return _sealed(
        key, body + _columns(length, has_seeds).pack(*rows.items, *seeds, *levels, *rows.reasons, *rows.channels)
    )


def decode_list(key: bytes, record: bytes) -> ListRecord:
    """BadRecord when the checksum or the format does not hold."""
    body = _checked(key, record)
    try:
        version, has_seeds, n, low, step = _LIST_HEAD.unpack_from(body)
        values = _columns(n, bool(has_seeds)).unpack_from(body, _LIST_HEAD.size)
    except struct.error:
        raise _bad(key, "is shorter than it says") from None
    if version != FORMAT:
        raise _bad(key, f"has format {version}, this version reads {FORMAT}")
    rest = values[2 * n :] if has_seeds else values[n:]
    seeds = values[n : 2 * n] if has_seeds else (NO_ITEM,) * n
    scores = tuple([low + level * step for level in rest[:n]])
    return ListRecord(values[:n], seeds, rest[n : 2 * n], rest[2 * n :], scores)


def list_length(key: bytes, record: bytes) -> int:
    """Rows of a list record, checksum looked at, columns left alone."""
    return int(_LIST_HEAD.unpack_from(_checked(key, record))[2])


def encode_item(key: bytes, item: ItemRecord) -> bytes:
    parts = (item.item_id.encode(), item.title.encode(), item.category.encode(), item.metadata)
    return _sealed(key, _ITEM_HEAD.pack(FORMAT, *map(len, parts)) + b"".join(parts))


def decode_item(key: bytes, record: bytes) -> ItemRecord:
    """BadRecord when the checksum or the format does not hold."""
    body = _checked(key, record)
    if len(body) < _ITEM_HEAD.size:
        raise _bad(key, "is shorter than it says")
    version, item_id, title, category, metadata = _ITEM_HEAD.unpack_from(body)
    if version != FORMAT:
        raise _bad(key, f"has format {version}, this version reads {FORMAT}")
    a = _ITEM_HEAD.size + item_id
    b = a + title
    c = b + category
    return ItemRecord(
        body[_ITEM_HEAD.size : a].decode(), body[a:b].decode(), body[b:c].decode(), body[c : c + metadata]
    )


def encode_meta(key: bytes, document: bytes) -> bytes:
    return _sealed(key, document)


def decode_meta(key: bytes, record: bytes) -> bytes:
    """BadRecord when the checksum does not hold."""
    return _checked(key, record)


def check_record(key: bytes, record: bytes) -> None:
    """BadRecord when the checksum does not hold."""
    _checked(key, record)


@lru_cache(maxsize=4096)
def _columns(length: int, has_seeds: bool) -> struct.Struct:
    """Item codes, seed codes, score levels, reason codes, channel codes: one column after the other."""
    seeds = f"{length}I" if has_seeds else ""
    return struct.Struct(f"<{length}I{seeds}{length}H{length}B{length}B")


def _sealed(key: bytes, body: bytes) -> bytes:
    return body + _CRC.pack(zlib.crc32(body, zlib.crc32(key)))


def _checked(key: bytes, record: bytes) -> bytes:
    body = record[:-4]
    if len(record) < 4 or _CRC.unpack_from(record, len(record) - 4)[0] != zlib.crc32(body, zlib.crc32(key)):
        raise _bad(key, "fails its checksum")
    return body


def _bad(key: bytes, problem: str) -> BadRecord:
    return BadRecord(f"record {key!r} {problem}", "verify the release, and roll back or publish again")
