"""Page tokens: where a walk through lists stands. Opaque text, bound to its release and to its question.

A token holds no secret: whoever forges one only picks a place in lists that are public to that question.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2s

import msgspec

from recs.lookup.query import Query, QueryError

_LONGEST = 1024
_DIGEST_BYTES = 8
_FORMAT = 1
_RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Walk(msgspec.Struct, frozen=True, array_like=True):
    """A place in one release: for each surface asked for, the source that answers ('' for none) and the rows behind."""

    version: int
    release_id: str
    places: tuple[tuple[str, int], ...]


def page_token(release_id: str, places: tuple[tuple[str, int], ...], query: Query) -> str:
    """The text that continues ``query`` behind ``places``."""
    payload = msgspec.msgpack.encode(Walk(_FORMAT, release_id, places))
    return urlsafe_b64encode(_digest(payload, query) + payload).decode().rstrip("=")


def read_token(query: Query) -> Walk:
    """The place that ``query.page_token`` names. QueryError when it is malformed or belongs to another question."""
    text = query.page_token or ""
    try:
        if not 0 < len(text) <= _LONGEST:
            raise ValueError("length")
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        walk = msgspec.msgpack.decode(payload, type=Walk)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise _foreign("is not a page token") from None
    if digest != _digest(payload, query):
        raise _foreign("belongs to another question")
    if walk.version != _FORMAT or not _RELEASE_ID.fullmatch(walk.release_id) or len(walk.places) != len(query.surfaces):
        raise _foreign("is not a page token of this version")
    return walk


def _digest(payload: bytes, query: Query) -> bytes:
    """Covers all of the question but its count, which may change from page to page."""
    asked = (query.surfaces, query.together, query.user_id, query.session_id, query.item_id, query.region)
    return blake2s(payload + msgspec.msgpack.encode(asked), digest_size=_DIGEST_BYTES).digest()


def _foreign(problem: str) -> QueryError:
    return QueryError("page_token", problem, "the next_page_token of an answer to the same parameters, unchanged")
