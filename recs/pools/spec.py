"""What a pool is made of: ``[pools.<purpose>]`` of aisle.toml, checked."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from recs.errors import ConfigError
from recs.pools import PURPOSES, Purpose

Weight = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class PoolSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One purpose: candidates a shopper, proposals each channel may make, and what a channel's proposal weighs."""

    size: Count
    depth: Count
    channels: Annotated[dict[str, Weight], msgspec.Meta(min_length=1)]
    sample: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0  # share of shoppers whose whole pools are kept


def pool_specs(toml: Mapping[str, Any], known: Mapping[str, Any], *, file: str) -> dict[Purpose, PoolSpec]:
    """The spec of each purpose. ConfigError names the section and the field."""
    specs: dict[Purpose, PoolSpec] = {}
    for purpose in PURPOSES:
        section = toml.get("pools", {}).get(purpose)
        if section is None:
            raise ConfigError(f"{file} has no section [pools.{purpose}]", "add it with size, depth and channels")
        try:
            spec = msgspec.convert(section, PoolSpec, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{file}: [pools.{purpose}]: {error}", "correct the field that it names") from None
        unknown = sorted(set(spec.channels) - set(known))
        if unknown:
            problem = f"{file}: [pools.{purpose}] names the channel '{unknown[0]}'"
            raise ConfigError(problem, f"choose from {', '.join(sorted(known))}")
        specs[purpose] = spec
    return specs
