"""The acts on releases, each with its line in the audit trail: publish, promote, roll back, resume, verify, prune."""

from collections.abc import Mapping
from datetime import date

import msgspec

from recs.lake import Lake
from recs.releases.catalogue import Catalogue, Rejection, Verdict
from recs.releases.errors import ReleaseError, ReleaseRefusedError
from recs.releases.files import AuditLine
from recs.releases.manifest import Manifest, release_content, release_id, sealed
from recs.releases.readback import Loaded, RecordsHash, read_back_refusals, store_refusals
from recs.releases.records import release_records
from recs.releases.rules import Refusal, ReleaseRules, band_refusals, table_refusals
from recs.store import Pointer, Store
from recs.surfaces.spec import SurfaceSpec


class Act(msgspec.Struct, frozen=True):
    """When, by whom and why: what the clock and the login say is the caller's to know."""

    at: str  # UTC, ISO 8601
    who: str
    why: str = ""


class Published(msgspec.Struct, frozen=True):
    """``outcome``: promoted, in_force (it already was), held (after a rollback) or older (than the one in force)."""

    manifest: Manifest
    outcome: str
    records: int | None
    pruned: tuple[str, ...] = ()


class Releases:
    """Releases of one lake and one store."""

    def __init__(self, lake: Lake, store: Store, rules: ReleaseRules | None = None) -> None:
        self._lake = lake
        self._store = store
        self._rules = rules or ReleaseRules()
        self.catalogue = Catalogue(lake.root / "releases", store)

    def publish(
        self, as_of: date, specs: Mapping[str, SurfaceSpec], *, code_version: str, config_hash: str, act: Act
    ) -> Published:
        """Build, seal, load, validate and promote ``as_of``. The same content again is the same release and no work.

        ReleaseRefusedError when it breaks a rule or was rolled back; StaleFence when another publisher was quicker.
        """
        fence = self._begin()
        manifest = self.seal(as_of, specs, code_version=code_version, config_hash=config_hash, act=act)
        pointer = self._store.active()
        if pointer and pointer.release_id == manifest.id:
            loaded = self.load(manifest.id, act=act)
            return Published(manifest, "in_force", loaded.records)
        self._refuse_rejected(manifest)
        if pointer and manifest.as_of < self.catalogue.manifest(pointer.release_id).as_of:
            return Published(manifest, "older", None)
        self.validate(manifest.id, act=act)
        loaded = self.load(manifest.id, act=act)
        if pointer and pointer.held:
            return Published(manifest, "held", loaded.records)
        self._promote(manifest, act, fence=fence, held=False)
        return Published(manifest, "promoted", loaded.records, tuple(self.prune(act=act)))

    def seal(
        self, as_of: date, specs: Mapping[str, SurfaceSpec], *, code_version: str, config_hash: str, act: Act
    ) -> Manifest:
        """The sealed manifest of ``as_of`` as the lake has it now; one that exists is left as it is."""
        content = release_content(self._lake, as_of, specs, code_version=code_version, config_hash=config_hash)
        name = release_id(content)
        if self.catalogue.has(name):
            return self.catalogue.manifest(name)
        manifest = sealed(content, at=act.at, previous=self._in_force())
        self.catalogue.keep(manifest)
        self._record(act, "seal", name)
        return manifest

    def load(self, name: str, *, act: Act) -> Loaded:
        """Put a sealed release into the store, beside what is live. One that is there undamaged is left as it is."""
        manifest = self.catalogue.manifest(name)
        known = self.catalogue.loaded(name)
        if known and self._store.has(name) and self._store.fingerprint(name) == known.fingerprint:
            return known
        records = RecordsHash(release_records(self._lake, manifest))
        self._store.load(name, records)
        loaded = Loaded(records.count, records.hash, self._store.fingerprint(name))
        self.catalogue.note(name, "loaded", loaded)
        self._record(act, "load", name)
        return loaded

    def validate(self, name: str, *, act: Act) -> Verdict:
        """Check tables and coverage; when they pass, load it and check that. ReleaseRefusedError says what broke."""
        manifest = self.catalogue.manifest(name)
        before = self._in_force()
        in_force = self.catalogue.manifest(before) if before and before != name else None
        refusals = [*table_refusals(self._lake, manifest, self._rules), *band_refusals(manifest, in_force, self._rules)]
        if not refusals:
            self.load(name, act=act)
            refusals = self._loaded_refusals(manifest)
        self.catalogue.note(name, "verdict", Verdict(act.at, tuple(refusals)))
        self._record(act, "refuse" if refusals else "validate", name, "; ".join(map(str, refusals)) or act.why)
        if refusals:
            words = "".join(f"\n  - {refusal}" for refusal in refusals)
            raise ReleaseRefusedError(
                f"release {name} is refused, and {before or 'nothing'} stays in force:{words}",
                "correct these and publish again",
            )
        return Verdict(act.at)

    def promote(self, name: str, *, act: Act) -> Pointer:
        """Put a validated release in force by hand, also while promotion is held. Refuses rejected and older ones."""
        fence = self._begin()
        manifest = self.catalogue.manifest(name)
        pointer = self._store.active()
        if pointer and pointer.release_id == name:
            return pointer
        self._refuse_rejected(manifest)
        in_force = self.catalogue.manifest(pointer.release_id) if pointer else None
        if in_force and manifest.as_of < in_force.as_of:
            raise ReleaseRefusedError(
                f"release {name} is of {manifest.as_of}, older than {in_force.id} in force",
                "use `aisle releases rollback`",
            )
        self.validate(name, act=act)
        return self._promote(manifest, act, fence=fence, held=bool(pointer and pointer.held))

    def rollback(self, *, act: Act) -> Pointer:
        """Back to the release that was in force before; the bad one is rejected, and automatic promotion holds."""
        fence = self._begin()
        pointer = self._store.active()
        if pointer is None:
            raise ReleaseError("no release is in force, so none can be rolled back", "publish one first")
        earlier = self._earlier(pointer.release_id)
        if not earlier:
            raise ReleaseError(
                f"no earlier release than {pointer.release_id} is kept", "correct its cause and publish the day again"
            )
        # marked first: after a kill in between the same command finishes, and nothing promotes the bad one anew
        self.catalogue.note(pointer.release_id, "rejected", Rejection(act.at, act.who, act.why))
        back = Pointer(earlier[0], fence, act.at, previous=earlier[1] if len(earlier) > 1 else None, held=True)
        self._store.promote(back)
        self._record(act, "rollback", back.release_id, replaced=pointer.release_id)
        return back

    def resume(self, *, act: Act) -> Pointer:
        """Let automatic promotion go on after a rollback."""
        fence = self._begin()
        pointer = self._store.active()
        if pointer is None:
            raise ReleaseError("no release is in force, so nothing is held", "publish one first")
        if not pointer.held:
            return pointer
        resumed = self._store.promote(msgspec.structs.replace(pointer, fence=fence, held=False))
        self._record(act, "resume", resumed.release_id)
        return resumed

    def verify(self, name: str | None = None) -> list[str]:
        """What is wrong with a release (the one in force by default), in words; empty when all is well."""
        name = name or self._in_force()
        if name is None:
            raise ReleaseError("no release is in force", "publish one first, or name a release")
        manifest = self.catalogue.manifest(name)
        loaded = self.catalogue.loaded(name)
        if not self._store.has(name) or loaded is None:
            return [f"release {name} is sealed, but not in the store: publish {manifest.as_of} again to load it"]
        if self._store.fingerprint(name) != loaded.fingerprint:
            # damaged pages could end the process that follows them: the file is not opened
            fix = f"publish {manifest.as_of} again to load it anew, or roll back"
            return [f"release {name}: its files in the store are not as they were loaded: {fix}"]
        reader = self._store.reader(name)
        try:
            records = RecordsHash(reader.records())
            count = sum(1 for _ in records)
            problems = [str(refusal) for refusal in store_refusals(reader, manifest)]
        finally:
            reader.close()
        if (count, records.hash) != (loaded.records, loaded.records_hash):
            problems.append(f"release {name}: {count:,} records in the store are not the {loaded.records:,} loaded")
        return problems

    def prune(self, *, act: Act) -> list[str]:
        """Remove all but the newest releases from the store; never the one in force, nor the one before it."""
        pointer = self._store.active()
        spared = {pointer.release_id, pointer.previous} if pointer else set()
        loaded = [name for name in self.catalogue.ids() if self._store.has(name)]
        good = [name for name in loaded if not self.catalogue.rejection(name)]
        spared.update(good[: self._rules.keep])
        gone = [name for name in loaded if name not in spared]
        for name in gone:
            self._store.remove(name)
            self._record(act, "prune", name)
        return gone

    def _promote(self, manifest: Manifest, act: Act, *, fence: int, held: bool) -> Pointer:
        before = self._in_force()
        pointer = self._store.promote(Pointer(manifest.id, fence, act.at, previous=before, held=held))
        self._record(act, "promote", manifest.id, replaced=before)
        return pointer

    def _loaded_refusals(self, manifest: Manifest) -> list[Refusal]:
        reader = self._store.reader(manifest.id)
        try:
            found = store_refusals(reader, manifest)
            # lists that did not arrive whole need no second proof
            return found or read_back_refusals(self._lake, reader, manifest, keys=self._rules.read_back_keys)
        finally:
            reader.close()

    def _earlier(self, name: str) -> list[str]:
        """Kept releases that were in force before and are not rejected, the latest first."""
        known = self.catalogue.been_in_force()
        return [n for n in known if n != name and self._store.has(n) and not self.catalogue.rejection(n)]

    def _refuse_rejected(self, manifest: Manifest) -> None:
        rejection = self.catalogue.rejection(manifest.id)
        if rejection:
            why = f" ({rejection.why})" if rejection.why else ""
            raise ReleaseRefusedError(
                f"release {manifest.id} was rolled back by {rejection.who} at {rejection.at}{why}",
                "correct its cause: other content is another release",
            )

    def _begin(self) -> int:
        """The act's fence, taken first so that whatever is promoted meanwhile makes the act stale. Mends the trail."""
        pointer = self._store.active()
        if pointer is None:
            return 1
        if self.catalogue.been_in_force()[:1] != [pointer.release_id]:
            why = "recorded late: the run that put it in force was interrupted"
            line = AuditLine(pointer.promoted_at, "unknown", "promote", pointer.release_id, pointer.previous, why)
            self.catalogue.add_audit(line)
        return pointer.fence + 1

    def _in_force(self) -> str | None:
        pointer = self._store.active()
        return pointer.release_id if pointer else None

    def _record(self, act: Act, action: str, name: str, why: str | None = None, replaced: str | None = None) -> None:
        self.catalogue.add_audit(AuditLine(act.at, act.who, action, name, replaced, act.why if why is None else why))
