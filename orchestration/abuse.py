"""``[abuse]`` of aisle.toml: the thresholds by which dbt's models find suspects, as variables of a dbt run."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from orchestration.settings import Settings

PREFIX = "abuse_"
Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Unset = msgspec.UnsetType
UNSET = msgspec.UNSET


class Abuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shop may set; what it leaves out is as ``dbt_project.yml`` says. docs/suspected-bots.md explains each."""

    window_days: Count | Unset = UNSET
    trusted_users: list[str] | Unset = UNSET
    events_per_day: Count | Unset = UNSET
    events_per_hour: Count | Unset = UNSET
    item_events_per_day: Count | Unset = UNSET
    purchases_per_day: Count | Unset = UNSET
    item_purchases_per_day: Count | Unset = UNSET
    regular_gaps: Annotated[int, msgspec.Meta(ge=2)] | Unset = UNSET
    regular_variation: Positive | Unset = UNSET
    no_dwell_views: Annotated[int, msgspec.Meta(ge=2)] | Unset = UNSET
    no_dwell_s: Positive | Unset = UNSET
    burst_buyers: Annotated[int, msgspec.Meta(ge=2)] | Unset = UNSET
    burst_hours: Count | Unset = UNSET
    burst_share: Share | Unset = UNSET
    burst_fresh_days: Count | Unset = UNSET
    burst_items: Count | Unset = UNSET


def abuse_variables(settings: Settings) -> dict[str, Any]:
    """What the shop has set, by the name of the dbt variable. ConfigError names the field."""
    told = msgspec.to_builtins(settings.section("abuse", Abuse))
    return {PREFIX + name: sorted(value) if isinstance(value, list) else value for name, value in told.items()}


def variables_of(sql: str) -> tuple[str, ...]:
    """The variables of this section that a model's SQL (its Jinja) names."""
    return tuple(sorted(set(re.findall(rf"var\(['\"]({PREFIX}\w+)['\"]\)", sql))))


def chosen(variables: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Those of ``variables`` that a model's rows depend on."""
    return {name: variables[name] for name in names if name in variables}
