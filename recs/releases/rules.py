"""What a release must be before it goes in force, looked at in its tables. Each refusal says what would allow it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
import polars as pl

from recs.errors import ConfigError
from recs.lake import Lake
from recs.policies.reasons import REASONS
from recs.releases.manifest import ITEM_TABLE, Manifest, PinnedSurface

LIST = ["source", "key", "variant"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ReleaseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section [releases] of aisle.toml. Ratios compare with the release in force; they hold for each surface."""

    keep: Annotated[int, msgspec.Meta(ge=1)] = 3
    max_short_share: Share = 0.5
    min_keys_ratio: Annotated[float, msgspec.Meta(ge=0)] = 0.7
    max_keys_ratio: Annotated[float, msgspec.Meta(ge=1)] = 3.0
    min_items_ratio: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    read_back_keys: Annotated[int, msgspec.Meta(ge=1)] = 1000


class Refusal(msgspec.Struct, frozen=True):
    """One rule that a release breaks: where, the number, and what would allow it."""

    rule: str
    surface: str
    number: float
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.surface}: {self.problem} [{self.rule}]. Allowed when: {self.fix}"


def release_rules(fields: Mapping[str, Any]) -> ReleaseRules:
    """Rules from the parsed section. ConfigError names the field and what is allowed."""
    try:
        return msgspec.convert(dict(fields), ReleaseRules)
    except msgspec.ValidationError as error:
        names = ", ".join(ReleaseRules.__struct_fields__)
        raise ConfigError(f"aisle.toml [releases]: {error}", f"correct it; the fields are {names}") from None


def table_refusals(lake: Lake, manifest: Manifest, rules: ReleaseRules) -> list[Refusal]:
    """Every rule that the surface tables break on their own."""
    items = lake.read(ITEM_TABLE, manifest.as_of, ["item_id", "title", "is_recommendable"])
    found: list[Refusal] = []
    for surface in manifest.content.surfaces:
        rows = lake.read(surface.table, manifest.as_of).join(items, on="item_id", how="left")
        found += _empty(surface)
        if rows.height:
            found += [*_short(rows, surface, rules), *_row_rules(rows, surface), *_list_rules(rows, surface)]
    return found


def band_refusals(manifest: Manifest, in_force: Manifest | None, rules: ReleaseRules) -> list[Refusal]:
    """Surfaces whose coverage is far from that of the release in force, and surfaces that have gone."""
    found = []
    for before in in_force.content.surfaces if in_force else ():
        now = manifest.surface(before.name)
        if now is None:
            problem = f"the release in force ({in_force.id if in_force else ''}) serves it, this one does not"
            found.append(Refusal("surface_gone", before.name, 0, problem, "its file is back in config/surfaces"))
            continue
        found += _band("keys", now.keys, before.keys, before.name, rules.min_keys_ratio, rules.max_keys_ratio)
        found += _band("items", now.items, before.items, before.name, rules.min_items_ratio, None)
    return found


def _empty(surface: PinnedSurface) -> Iterator[Refusal]:
    if not surface.rows:
        fix = f"{surface.table} has rows: look at the channels in its spec"
        yield Refusal("not_empty", surface.name, 0, "it has no list at all", fix)
    elif "global" in surface.spec.fallback and not surface.lists.get("global"):
        fix = "the channels of its spec make an 'all' list"
        yield Refusal("global_list", surface.name, 0, "it falls back to a global list, and has none", fix)


def _short(rows: pl.DataFrame, surface: PinnedSurface, rules: ReleaseRules) -> Iterator[Refusal]:
    short = rows.group_by(LIST).len().filter(pl.col("len") < surface.spec.min_items).height
    share = short / surface.keys
    if share > rules.max_short_share:
        problem = (
            f"{short:,} of {surface.keys:,} lists ({share:.1%}) are shorter than min_items = {surface.spec.min_items}"
        )
        fix = (
            f"at most {rules.max_short_share:.1%} are: raise releases.max_short_share in aisle.toml, "
            f"lower min_items in config/surfaces/{surface.name}.yaml, or give the surface another channel"
        )
        yield Refusal("short_lists", surface.name, share, problem, fix)


def _row_rules(rows: pl.DataFrame, surface: PinnedSurface) -> Iterator[Refusal]:
    """Rules that a single row can break."""
    broken = {
        "known_item": (pl.col("is_recommendable").is_null(), "items that the item table does not know"),
        "recommendable": (~pl.col("is_recommendable"), "items that are blocked or not available"),
        "known_reason": (~pl.col("reason").is_in(REASONS), "reasons outside recs/policies/reasons.py"),
        "finite_score": (~pl.col("score").is_finite(), "scores that are no number"),
        "propensity": (~pl.col("propensity").is_between(0, 1, closed="right"), "propensities outside ]0, 1]"),
        "slots": (pl.col("position") > surface.spec.slots, f"places behind the {surface.spec.slots} slots"),
    }
    for rule, (condition, words) in broken.items():
        bad = rows.filter(condition.fill_null(rule != "recommendable"))
        if bad.height:
            yield _example(rule, surface, bad, f"{bad.height:,} rows with {words}")


def _list_rules(rows: pl.DataFrame, surface: PinnedSurface) -> Iterator[Refusal]:
    """Rules on a list as a whole."""
    for rule, column in (("item_twice", "item_id"), ("title_twice", "title")):
        bad = rows.filter(pl.col(column).is_not_null() & pl.struct(*LIST, column).is_duplicated())
        if bad.height:
            yield _example(rule, surface, bad, f"{bad.height:,} rows whose {column} stands twice in one list")
    ends = rows.group_by(LIST).agg(
        pl.len(),
        pl.col("position").n_unique().alias("places"),
        pl.col("position").max().alias("last"),
        pl.first("item_id"),
    )
    bad = ends.filter((pl.col("len") != pl.col("places")) | (pl.col("len") != pl.col("last")))
    if bad.height:
        yield _example("positions", surface, bad, f"{bad.height:,} lists whose positions are not 1, 2, 3, ...")


def _example(rule: str, surface: PinnedSurface, bad: pl.DataFrame, words: str) -> Refusal:
    first = bad.sort(*LIST).row(0, named=True)
    where = f"the {first['source']} list of '{first['key']}'" if first["key"] else f"the {first['source']} list"
    problem = f"{words}, such as item '{first['item_id']}' in {where}"
    return Refusal(rule, surface.name, bad.height, problem, f"there is none: correct what writes {surface.table}")


def _band(what: str, now: int, before: int, surface: str, low: float, high: float | None) -> Iterator[Refusal]:
    ratio = now / before if before else 1.0
    problem = f"{now:,} {what} against {before:,} in the release in force ({ratio:.2f} of them)"
    if ratio < low:
        fix = f"the ratio is at least {low:g}: find what is missing, or lower releases.min_{what}_ratio in aisle.toml"
        yield Refusal(f"min_{what}_ratio", surface, ratio, problem, fix)
    if high is not None and ratio > high:
        fix = f"the ratio is at most {high:g}: find what came twice, or raise releases.max_{what}_ratio in aisle.toml"
        yield Refusal(f"max_{what}_ratio", surface, ratio, problem, fix)
