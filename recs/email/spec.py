"""The campaign spec: one YAML file a campaign in config/campaigns/."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from recs.email import DESTINATIONS
from recs.errors import ConfigError
from recs.surfaces.spec import Name, yaml_document

Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]


class SurfaceQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A surface keyed by user, and how many places it may fill before the next surface's turn."""

    name: Name
    quota: Annotated[int, msgspec.Meta(ge=1)]


class AudienceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Members of the shop's own campaigns: ``active`` on the send date, or of any that is ``known``."""

    campaigns: Literal["active", "known"]


class CampaignSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One campaign: whom it is for, what its mails hold, and what keeps a mail or an item back. None: no such rule."""

    campaign: Name
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    audience: AudienceSpec
    surfaces: Annotated[tuple[SurfaceQuota, ...], msgspec.Meta(min_length=1)]
    items: Annotated[int, msgspec.Meta(ge=1, le=50)]
    min_items: Annotated[int, msgspec.Meta(ge=1)] = 1
    every_days: Days | None = None
    not_bought_days: Days | None = None
    not_sent_days: Days | None = None
    hold_out_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0
    max_age_days: Days = 3
    locale: Literal["en"] = "en"
    destinations: tuple[str, ...] = ()

    @property
    def looks_back_days(self) -> int:
        """How far back what was sent still matters."""
        return max(self.every_days or 0, self.not_sent_days or 0)


_DAYS = "a whole number from 1 to 3650, or leave it out"
ALLOWED = {
    "campaign": "a name of a-z, 0-9 and _ that begins with a letter, the same as the file's",
    "title": "a text of 1 to 200 characters",
    "audience": "{campaigns: active} or {campaigns: known}",
    "surfaces": "a list such as [{name: home, quota: 4}], each quota from 1 and no higher than items",
    "items": "a whole number from 1 to 50",
    "min_items": "a whole number from 1, no higher than items",
    "every_days": _DAYS,
    "not_bought_days": _DAYS,
    "not_sent_days": _DAYS,
    "hold_out_pct": "a number from 0 to 100",
    "max_age_days": "a whole number from 1 to 3650",
    "locale": "en",
    "destinations": f"a list of some of: {', '.join(sorted(DESTINATIONS))}",
}


def campaign_spec(fields: Any, *, file: str) -> CampaignSpec:
    """The checked spec of one parsed YAML document; ConfigError names the file, the field and what is allowed."""
    try:
        spec = msgspec.convert(fields, CampaignSpec, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {error}", _allowed(str(error))) from None
    for field, problem in _contradictions(spec):
        raise ConfigError(f"{file}: field '{field}' {problem}", f"{field} takes {ALLOWED[field]}")
    return spec


def read_campaign(path: Path) -> CampaignSpec:
    """The spec in one file, whose name must be its campaign's name."""
    spec = campaign_spec(yaml_document(path), file=str(path))
    if spec.campaign != path.stem:
        raise ConfigError(f"{path}: field 'campaign' is '{spec.campaign}'", f"name the file {spec.campaign}.yaml")
    return spec


def read_campaigns(folder: Path, surfaces: Collection[str]) -> dict[str, CampaignSpec]:
    """Every campaign of a shop by name, none when there is no such folder. surfaces: those keyed by user."""
    specs = {}
    for path in sorted(folder.glob("*.yaml")):
        spec = specs[path.stem] = read_campaign(path)
        for drawn in spec.surfaces:
            if drawn.name not in surfaces:
                raise ConfigError(
                    f"{path}: field 'surfaces' names '{drawn.name}', which is no surface keyed by user",
                    f"name some of: {', '.join(sorted(surfaces))}",
                )
    return specs


def _allowed(message: str) -> str:
    """What the field takes that a validation message names by its path, ``$.audience.campaigns``."""
    unknown = "unknown field" in message
    found = re.search(r"at `\$\.(\w+)", message) or (None if unknown else re.search(r"field `(\w+)`", message))
    if found and found.group(1) in ALLOWED:
        return f"{found.group(1)} takes {ALLOWED[found.group(1)]}"
    return f"the fields are {', '.join(ALLOWED)}"


def _contradictions(spec: CampaignSpec) -> list[tuple[str, str]]:
    """(field, problem) pairs of values that are fine alone and make no sense together."""
    found = []
    names = [drawn.name for drawn in spec.surfaces]
    if len(set(names)) != len(names):
        found.append(("surfaces", f"names a surface twice: {', '.join(names)}"))
    for drawn in spec.surfaces:
        if drawn.quota > spec.items:
            found.append(("surfaces", f"gives '{drawn.name}' a quota of {drawn.quota} in a mail of {spec.items} items"))
    if spec.min_items > spec.items:
        found.append(("min_items", f"({spec.min_items}) is above items ({spec.items})"))
    unknown = [name for name in spec.destinations if name not in DESTINATIONS]
    if unknown:
        found.append(("destinations", f"names '{unknown[0]}'"))
    if len(set(spec.destinations)) != len(spec.destinations):
        found.append(("destinations", "names one twice"))
    return found
