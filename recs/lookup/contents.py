"""What a release says of itself inside the store, so that an answer needs no configuration and no lake."""

import msgspec


class SurfaceEntry(msgspec.Struct, frozen=True):
    """A surface as the lookup needs it; its number is its place in the release's list."""

    name: str
    title: str
    keyed_by: str
    fallback: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The lists that can answer, narrowest first."""
        return (self.keyed_by, *self.fallback)


class ReleaseContents(msgspec.Struct, frozen=True):
    """The release's dictionaries: a code in a record is a place in one of these lists."""

    release_id: str
    as_of: str
    surfaces: list[SurfaceEntry]
    reasons: list[str]
    channels: list[str]
    variants: list[str]
