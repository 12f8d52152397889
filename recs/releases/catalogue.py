"""What is known of every release: its sealed files, its verdict, its state. Reads; acting on it is the board's."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from recs.releases.errors import ReleaseError
from recs.releases.files import AuditLine, append_audit, read_audit, write_whole
from recs.releases.manifest import Manifest, read_manifest, write_manifest
from recs.releases.readback import Loaded
from recs.releases.rules import Refusal
from recs.store import Store

Note = TypeVar("Note", bound=msgspec.Struct)


class Verdict(msgspec.Struct, frozen=True):
    """The last validation of a release."""

    at: str
    refusals: tuple[Refusal, ...] = ()


class Rejection(msgspec.Struct, frozen=True):
    """Why a release must never go in force again."""

    at: str
    who: str
    why: str


class Catalogue:
    """``lake/releases``: one folder a release, and the audit trail. The pointer and what is loaded are the store's."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store

    def ids(self) -> list[str]:
        """Sealed releases, newest as-of day first, then newest sealed first."""
        found = [self.manifest(path.parent.name) for path in self._folder.glob("*/manifest.json")]
        return [manifest.id for manifest in sorted(found, key=lambda m: (m.as_of, m.sealed_at, m.id), reverse=True)]

    def has(self, release_id: str) -> bool:
        return (self._folder / release_id / "manifest.json").is_file()

    def manifest(self, release_id: str) -> Manifest:
        """ReleaseError when there is none, or when it was changed after it was sealed."""
        if not release_id or "/" in release_id or release_id.startswith("."):
            raise ReleaseError(f"'{release_id}' is no release id", "see `aisle releases list` for the ids")
        return read_manifest(self._folder / release_id / "manifest.json")

    def keep(self, manifest: Manifest) -> None:
        write_manifest(self._folder / manifest.id / "manifest.json", manifest)

    def loaded(self, release_id: str) -> Loaded | None:
        return self._note(release_id, "loaded", Loaded)

    def verdict(self, release_id: str) -> Verdict | None:
        return self._note(release_id, "verdict", Verdict)

    def rejection(self, release_id: str) -> Rejection | None:
        return self._note(release_id, "rejected", Rejection)

    def note(self, release_id: str, name: str, value: msgspec.Struct) -> None:
        """Write a note beside the manifest: loaded, verdict or rejected."""
        write_whole(
            self._folder / release_id / f"{name}.json", msgspec.json.format(msgspec.json.encode(value), indent=1)
        )

    def audit(self) -> list[AuditLine]:
        return read_audit(self._folder / "audit.jsonl")

    def add_audit(self, line: AuditLine) -> None:
        append_audit(self._folder / "audit.jsonl", line)

    def been_in_force(self) -> list[str]:
        """Releases that were put in force, the latest first, each once."""
        acts = [line.release_id for line in self.audit() if line.action in ("promote", "rollback")]
        return list(dict.fromkeys(reversed(acts)))

    def state(self, release_id: str) -> str:
        """sealed, loaded, validated, active, retired or rejected."""
        pointer = self._store.active()
        if pointer and pointer.release_id == release_id:
            return "active"
        verdict = self.verdict(release_id)
        if self.rejection(release_id) or (verdict and verdict.refusals):
            return "rejected"
        if release_id in self.been_in_force():
            return "retired"
        if not self._store.has(release_id):
            return "sealed"
        return "validated" if verdict else "loaded"

    def listing(self) -> list[dict[str, Any]]:
        """`aisle releases list --json`: newest first."""
        return [self._row(self.manifest(release_id)) for release_id in self.ids()]

    def description(self, release_id: str) -> dict[str, Any]:
        """`aisle releases show ID --json`: the row of the listing, the manifest's content, and all notes."""
        manifest = self.manifest(release_id)
        notes = {"loaded": self.loaded(release_id), "verdict": self.verdict(release_id)}
        rejection = self.rejection(release_id)
        return {
            **self._row(manifest),
            "previous": manifest.previous,
            "content": msgspec.to_builtins(manifest.content),
            **{name: None if note is None else msgspec.to_builtins(note) for name, note in notes.items()},
            "rejection": None if rejection is None else msgspec.to_builtins(rejection),
            "history": [msgspec.to_builtins(line) for line in self.audit() if line.release_id == release_id],
        }

    def status(self) -> dict[str, Any]:
        """The part of `aisle status --json` that releases answer."""
        pointer = self._store.active()
        if pointer is None:
            return {"active_release": None, "previous_release": None, "promotion_held": False}
        content = self.manifest(pointer.release_id).content
        active = {
            "id": pointer.release_id,
            "as_of_date": content.as_of_date,
            "promoted_at": pointer.promoted_at,
            "surfaces": {surface.name: {"rows": surface.rows, "keys": surface.keys} for surface in content.surfaces},
        }
        return {"active_release": active, "previous_release": pointer.previous, "promotion_held": pointer.held}

    def _row(self, manifest: Manifest) -> dict[str, Any]:
        return {
            "id": manifest.id,
            "as_of_date": manifest.content.as_of_date,
            "state": self.state(manifest.id),
            "sealed_at": manifest.sealed_at,
            "content_hash": manifest.content_hash,
        }

    def _note(self, release_id: str, name: str, kind: type[Note]) -> Note | None:
        try:
            return msgspec.json.decode((self._folder / release_id / f"{name}.json").read_bytes(), type=kind)
        except FileNotFoundError:
            return None
