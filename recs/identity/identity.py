"""A shop's user ids to internal ones and back: as they are (plain), or encrypted so that equal ids stay equal (sealed).

Sealed is AES-SIV (RFC 5297): the same id always gives the same text, so joins work, and nobody opens or forges one
without the key. The associated data names the purpose, so a sealed line never passes for a sealed id.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

from recs.identity.errors import IdentityError

if TYPE_CHECKING:
    import pyarrow as pa  # the lookup asks for single ids, and loads no such thing

Texts = TypeVar("Texts", "pa.Array", "pa.ChunkedArray")

KEY_BYTES = 64
PREFIX = "s1."  # the version of the form; a changed one gets another number
USER, TEXT, FINGERPRINT = b"aisle/user_id", b"aisle/source_text", b"aisle/fingerprint"
_FIX = "name in [identity] of aisle.toml the key that they were sealed with, or restore what was damaged"


class Identity:
    """The border of one shop: ``plain`` without a key, ``sealed`` with one of 64 bytes. It shows its key to nobody."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes | None = None) -> None:
        self._cipher: Any = None
        if key is not None:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV

            if len(key) != KEY_BYTES:
                raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(key)}")
            self._cipher = AESSIV(key)

    @property
    def mode(self) -> Literal["plain", "sealed"]:
        return "plain" if self._cipher is None else "sealed"

    @property
    def is_sealed(self) -> bool:
        return self._cipher is not None

    @property
    def fingerprint(self) -> str | None:
        """What tells one key from another and gives neither away; None for plain."""
        if self._cipher is None:
            return None
        return hashlib.sha256(self._cipher.encrypt(b"aisle", [FINGERPRINT])).hexdigest()[:32]

    def inside(self, ids: Texts) -> Texts:
        """The internal ids of a shop's: null and '' stay, and so does what this key has sealed already."""
        return self._each(ids, self.inside_one)

    def outside(self, ids: Texts) -> Texts:
        """The shop's ids of internal ones. IdentityError for an id that this key has not sealed."""
        return self._each(ids, self.outside_one)

    def inside_one(self, user_id: str) -> str:
        """The internal id of one of the shop's."""
        return self._inside(user_id, USER)

    def outside_one(self, user_id: str) -> str:
        """The shop's id of an internal one. IdentityError when this key has not sealed it."""
        return self._outside(user_id, USER, "user id")

    def sealed_text(self, texts: Texts) -> Texts:
        """Whole lines of a source, which may hold an id anywhere; null, '' and what is sealed already stay."""
        return self._each(texts, lambda text: self._inside(text, TEXT))

    def opened_text(self, texts: Texts) -> Texts:
        """The lines behind ``sealed_text``. IdentityError for one that this key has not sealed."""
        return self._each(texts, lambda text: self._outside(text, TEXT, "source line"))

    def _each(self, texts: Texts, change: Callable[[str], str]) -> Texts:
        """``change`` of every text, called once for each that is different."""
        if self._cipher is None or len(texts) == 0:
            return texts
        import pyarrow as pa

        flat = texts.cast(pa.large_string())
        if isinstance(flat, pa.ChunkedArray):
            flat = flat.combine_chunks()
        flat = pa.concat_arrays(flat.chunks) if isinstance(flat, pa.ChunkedArray) else flat
        coded = flat.dictionary_encode()
        changed = pa.array([change(text) for text in coded.dictionary.to_pylist()], pa.large_string())
        kind = texts.type.value_type if pa.types.is_dictionary(texts.type) else texts.type
        done = changed.take(coded.indices).cast(kind)
        return pa.chunked_array([done]) if isinstance(texts, pa.ChunkedArray) else done

    def _inside(self, text: str, purpose: bytes) -> str:
        # a seal is authentic, so nothing of the shop's own can pass for what is sealed already
        if self._cipher is None or not text or self._opened(text, purpose) is not None:
            return text
        return PREFIX + urlsafe_b64encode(self._cipher.encrypt(text.encode(), [purpose])).decode().rstrip("=")

    def _outside(self, text: str, purpose: bytes, what: str) -> str:
        if self._cipher is None or not text:
            return text
        opened = self._opened(text, purpose)
        if opened is None:
            raise IdentityError(f"a {what} cannot be opened: it is damaged, not sealed, or of another key", _FIX)
        return opened

    def _opened(self, text: str, purpose: bytes) -> str | None:
        """What was sealed, or None. Only the one spelling that sealing gives is opened: else an id would have two."""
        from cryptography.exceptions import InvalidTag

        if not text.startswith(PREFIX):
            return None
        body = text[len(PREFIX) :]
        try:
            data = urlsafe_b64decode(body.encode("ascii") + b"=" * (-len(body) % 4))
            if urlsafe_b64encode(data).decode().rstrip("=") != body:
                return None
            return str(self._cipher.decrypt(data, [purpose]).decode())
        except (NotBase64, InvalidTag, ValueError):
            return None

    def __repr__(self) -> str:
        return f"Identity({self.mode})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an Identity holds a key and is not pickled or copied: load it where it is used")


PLAIN = Identity()
