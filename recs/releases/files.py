"""Small files that are written whole or not at all, and the append-only audit trail."""

import os
import uuid
from pathlib import Path

import msgspec


class AuditLine(msgspec.Struct, frozen=True, rename={"release_id": "release", "replaced": "from"}):
    """One act: who did what to which release, when and why. ``replaced``: the release in force before."""

    at: str
    who: str
    action: str
    release_id: str
    replaced: str | None = None
    why: str = ""


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one step, durable on return."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".tmp-{path.name}-{uuid.uuid4().hex[:8]}")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_audit(path: Path, line: AuditLine) -> None:
    """Add one line, durable on return. Nothing is ever rewritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as out:
        size = out.seek(0, os.SEEK_END)
        if size:
            out.seek(size - 1)
            torn = out.read(1) != b"\n"  # a kill in mid-write must not spoil the next line too
        else:
            torn = False
        out.write((b"\n" if torn else b"") + msgspec.json.encode(line) + b"\n")
        out.flush()
        os.fsync(out.fileno())


def read_audit(path: Path) -> list[AuditLine]:
    """Every whole line, oldest first."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_bytes().splitlines():
        try:
            lines.append(msgspec.json.decode(text, type=AuditLine))
        except msgspec.DecodeError:
            continue
    return lines
