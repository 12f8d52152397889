"""The key file: outside everything that Aisle writes, readable by its owner alone, 64 bytes as hex or base64."""

import os
import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path
from typing import Literal

import msgspec

from recs.errors import ConfigError
from recs.identity.identity import KEY_BYTES, PLAIN, Identity

_FORM = f"{KEY_BYTES} random bytes as hex or base64; aisle identity new-key FILE writes such a file"
_FEWEST_DIFFERENT_BYTES = 24  # of 64 random bytes, 57 are different on average


class IdentitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[identity]`` of aisle.toml."""

    mode: Literal["plain", "sealed"] = "plain"
    key_file: str | None = None


def load_identity(settings: IdentitySettings, *, home: Path, file: Path) -> Identity:
    """The border that ``[identity]`` of the file asks for. ConfigError for a key that is misplaced or unsafe."""
    if settings.mode == "plain":
        if settings.key_file is not None:
            fix = 'set mode = "sealed", or take key_file out'
            raise ConfigError(f"{file}: identity.key_file is set, and identity.mode is plain", fix)
        return PLAIN
    if settings.key_file is None:
        raise ConfigError(f"{file}: identity.mode is sealed, and identity.key_file is missing", "name the key's file")
    path = Path(settings.key_file)
    if not path.is_absolute():
        raise ConfigError(f"{file}: identity.key_file is {str(path)!r}", "give its whole path, which begins with /")
    if path.resolve().is_relative_to(home.resolve()):
        fix = f"move it out of {home}, so that who copies the lake does not copy its key"
        raise ConfigError(f"{file}: identity.key_file lies inside the shop's home", fix)
    return identity_of(path)


def identity_of(key_file: Path | None) -> Identity:
    """The border of a key's file, or the plain one without. ConfigError as ``read_key`` says."""
    return PLAIN if key_file is None else Identity(read_key(key_file))


def read_key(path: Path) -> bytes:
    """The key of a file. ConfigError, which never shows what the file holds, when it is none or others can read it."""
    try:
        with path.open("rb") as file:
            mode, text = os.fstat(file.fileno()).st_mode, file.read(1024)
    except FileNotFoundError:
        raise ConfigError(f"there is no key file {path}", f"bring it back, or for a new shop: {_new(path)}") from None
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be read ({error.strerror})", "let its owner run Aisle") from None
    if mode & 0o077:
        raise ConfigError(f"the key file {path} can be used by others (mode {mode & 0o777:o})", f"chmod 600 {path}")
    key = _decoded(text)
    if key is None or len(set(key)) < _FEWEST_DIFFERENT_BYTES:
        raise ConfigError(f"the key file {path} holds no key", f"it takes {_FORM}")
    return key


def write_new_key(path: Path) -> None:
    """Write a new random key that its owner alone can read. ConfigError where something lies already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fix = "choose another path: a lake that was sealed with a lost key stays closed"
        raise ConfigError(f"{path} exists, and a key is never overwritten", fix) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror})", "choose a folder that exists") from None
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _decoded(text: bytes) -> bytes | None:
    try:
        told = text.decode("ascii").strip()
        key = (
            bytes.fromhex(told)
            if len(told) == 2 * KEY_BYTES
            else b64decode(told, altchars=_altchars(told), validate=True)
        )
    except (ValueError, NotBase64):
        return None
    return key if len(key) == KEY_BYTES else None


def _altchars(text: str) -> bytes:
    return b"-_" if "-" in text or "_" in text else b"+/"


def _new(path: Path) -> str:
    return f"aisle identity new-key {path}"
