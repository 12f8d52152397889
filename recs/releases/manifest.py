"""The manifest: what one release pins together. Its content decides the release's id; times and neighbours do not."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from recs.lake import Lake
from recs.releases.errors import ReleaseError
from recs.releases.files import write_whole
from recs.surfaces.spec import SurfaceSpec

ITEM_TABLE = "features/dim_item"


class PinnedTable(msgspec.Struct, frozen=True):
    """One lake partition, by the hash of its rows."""

    table: str
    content_hash: str
    rows: int


class PinnedSurface(msgspec.Struct, frozen=True):
    """One surface's lists: ``keys`` of all sources together, ``lists`` by source, ``items`` that differ."""

    name: str
    table: str
    content_hash: str
    rows: int
    keys: int
    items: int
    lists: dict[str, int]
    spec: SurfaceSpec


class Content(msgspec.Struct, frozen=True):
    """All that the release's identity depends on."""

    as_of_date: str
    code_version: str
    config_hash: str
    items: PinnedTable
    surfaces: tuple[PinnedSurface, ...]
    models: tuple[PinnedTable, ...] = ()  # which ranker and models the lists were made with


class Manifest(msgspec.Struct, frozen=True):
    """A sealed release. ``sealed_at`` and ``previous`` say how it came about and are no part of its identity."""

    id: str
    content_hash: str
    sealed_at: str
    previous: str | None
    content: Content

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.content.as_of_date)

    def surface(self, name: str) -> PinnedSurface | None:
        return next((surface for surface in self.content.surfaces if surface.name == name), None)


def surface_table(name: str) -> str:
    """The lake table of a surface."""
    return f"surfaces/{name}"


def model_tables(lake: Lake, as_of: date) -> list[str]:
    """The models that have a partition of the day."""
    names = sorted(folder.name for folder in (lake.root / "models").glob("[!.]*"))
    return [table for table in (f"models/{name}" for name in names) if lake.info(table, as_of)]


def release_content(
    lake: Lake, as_of: date, specs: Mapping[str, SurfaceSpec], *, code_version: str, config_hash: str
) -> Content:
    """What a release would pin. LakeError or ReleaseError when a table's partition is not there."""
    return Content(
        as_of_date=as_of.isoformat(),
        code_version=code_version,
        config_hash=config_hash,
        items=_pinned(lake, ITEM_TABLE, as_of),
        surfaces=tuple(_pinned_surface(lake, specs[name], as_of) for name in sorted(specs)),
        models=tuple(_pinned(lake, table, as_of) for table in model_tables(lake, as_of)),
    )


def content_hash(content: Content | Mapping[str, Any]) -> str:
    """SHA-256 of the content, or of what its JSON holds, as canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def release_id(content: Content) -> str:
    """Day and content: ``20171126-0f3c9a12bd``."""
    return _release_id(content.as_of_date, content_hash(content))


def _release_id(as_of_date: str, digest: str) -> str:
    return f"{as_of_date.replace('-', '')}-{digest[:10]}"


def sealed(content: Content, *, at: str, previous: str | None) -> Manifest:
    return Manifest(release_id(content), content_hash(content), at, previous, content)


def write_manifest(path: Path, manifest: Manifest) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def read_manifest(path: Path) -> Manifest:
    """ReleaseError when the file is missing, damaged, or says another content than its hash."""
    try:
        stored = path.read_bytes()
        manifest = msgspec.json.decode(stored, type=Manifest)
        digest = content_hash(msgspec.json.decode(stored)["content"])  # as written: this version may know more fields
    except FileNotFoundError:
        raise ReleaseError(
            f"there is no release '{path.parent.name}'", "see `aisle releases list` for the ids"
        ) from None
    except msgspec.DecodeError as error:
        raise ReleaseError(f"{path} cannot be read ({error})", "remove that folder and publish the day again") from None
    if digest != manifest.content_hash or _release_id(manifest.content.as_of_date, digest) != manifest.id:
        raise ReleaseError(
            f"{path} has been changed after it was sealed", "remove that folder and publish the day again"
        )
    return manifest


def _pinned(lake: Lake, table: str, as_of: date) -> PinnedTable:
    info = lake.info(table, as_of)
    if info is None:
        raise ReleaseError(f"{table} has no partition {as_of}", f"materialize {table} for {as_of} first")
    return PinnedTable(table, info.content_hash, info.rows)


def _pinned_surface(lake: Lake, spec: SurfaceSpec, as_of: date) -> PinnedSurface:
    table = surface_table(spec.surface)
    pinned = _pinned(lake, table, as_of)
    frame = lake.read(table, as_of, ["source", "key", "variant", "item_id"])
    lists = frame.select("source", "key", "variant").unique().group_by("source").len().sort("source")
    return PinnedSurface(
        name=spec.surface,
        table=table,
        content_hash=pinned.content_hash,
        rows=pinned.rows,
        keys=int(lists["len"].sum()),
        items=frame.select(pl.col("item_id").n_unique()).item(),
        lists={source: int(count) for source, count in lists.iter_rows()},
        spec=spec,
    )
