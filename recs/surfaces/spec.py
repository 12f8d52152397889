"""The surface spec: one YAML file a surface in config/surfaces/. Light to import: msgspec and yaml only."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from recs.errors import ConfigError

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Source = Literal["user", "region", "global", "item"]
KeyedBy = Literal["user", "region", "item"]

# Which lists may stand in for a missing one: a wider audience, never another shopper's or another product's list.
WIDER: dict[str, tuple[Source, ...]] = {"user": ("region", "global"), "item": ("global",), "region": ("global",)}


class ChannelQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A channel and how many places it may fill before the next channel's turn."""

    name: Name
    quota: Annotated[int, msgspec.Meta(ge=1)]


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in a list. ``already_bought`` looks at the user, ``category`` at the item that keys the list."""

    already_bought: Literal["exclude", "only", "allow"] = "allow"
    max_per_category: Annotated[int, msgspec.Meta(ge=1)] | None = None
    category: Literal["any", "same", "other"] = "any"


class SurfaceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One surface: who it is keyed by, how many places a list has, and which channels fill them in order."""

    surface: Name
    title: Annotated[str, msgspec.Meta(min_length=1)]
    keyed_by: KeyedBy
    slots: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    channels: Annotated[tuple[ChannelQuota, ...], msgspec.Meta(min_length=1)]
    ranking: Literal["discover", "repeat"] | None = None  # fills first, on shoppers' lists
    rules: Rules = Rules()
    fallback: tuple[Source, ...] = ()
    min_items: Annotated[int, msgspec.Meta(ge=1)] = 1

    @property
    def sources(self) -> tuple[Source, ...]:
        """The lists that can answer, narrowest first: the key's own, then the fallbacks."""
        return (self.keyed_by, *self.fallback)


def surface_spec(fields: Any, *, file: str) -> SurfaceSpec:
    """The checked spec of one parsed YAML document; ConfigError names the file, the field and what is allowed."""
    try:
        spec = msgspec.convert(fields, SurfaceSpec, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {error}", "correct the field that the message names") from None
    for problem, fix in _contradictions(spec):
        raise ConfigError(f"{file}: {problem}", fix)
    return spec


def read_spec(path: Path) -> SurfaceSpec:
    """The spec in one file, whose name must be its surface's name."""
    spec = surface_spec(yaml_document(path), file=str(path))
    if spec.surface != path.stem:
        raise ConfigError(f"{path}: field 'surface' is '{spec.surface}'", f"name the file {spec.surface}.yaml")
    return spec


def read_specs(folder: Path) -> dict[str, SurfaceSpec]:
    """Every surface of a shop, by name in alphabetical order. ConfigError when the folder holds none."""
    specs = {path.stem: read_spec(path) for path in sorted(folder.glob("*.yaml"))}
    if not specs:
        raise ConfigError(
            f"{folder}: no surface is described here", "add one YAML file a surface, for example home.yaml"
        )
    return specs


def yaml_document(path: Path) -> Any:
    """What one YAML file holds. ConfigError when it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML ({error})", "correct the file") from None


def _contradictions(spec: SurfaceSpec) -> list[tuple[str, str]]:
    """(problem, fix) pairs of fields that are fine alone and make no sense together."""
    found = []
    names = [channel.name for channel in spec.channels]
    if len(set(names)) != len(names):
        found.append((f"field 'channels' names a channel twice: {', '.join(names)}", "give each channel one quota"))
    allowed = WIDER[spec.keyed_by]
    if list(spec.fallback) != [source for source in allowed if source in spec.fallback]:
        wider = ", ".join(allowed)
        found.append(
            (
                f"field 'fallback' is {list(spec.fallback)}",
                f"a {spec.keyed_by} list falls back to some of [{wider}] in that order",
            )
        )
    if spec.rules.already_bought != "allow" and spec.keyed_by != "user":
        found.append(("field 'rules.already_bought' needs a list keyed by user", "remove the rule or set it to allow"))
    if spec.rules.category != "any" and spec.keyed_by != "item":
        found.append(("field 'rules.category' needs a list keyed by item", "remove the rule or set it to any"))
    if spec.min_items > spec.slots:
        found.append((f"field 'min_items' ({spec.min_items}) is above 'slots' ({spec.slots})", "lower min_items"))
    return found
