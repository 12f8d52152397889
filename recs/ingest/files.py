"""Files that appear whole or not at all, and their hashes."""

import hashlib
import os
import uuid
from pathlib import Path

TMP_PREFIX = ".tmp-"


def sha256_file(path: Path) -> str:
    """Hash of a file's bytes, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def written_whole(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write beside and rename into place. Without ``sync``, a power cut may lose the file, a killed process may not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TMP_PREFIX}{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as handle:
            handle.write(data)
            if sync:
                handle.flush()
                os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
