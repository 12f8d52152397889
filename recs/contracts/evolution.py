"""What changed between two versions of a contract: in words, and whether what met the old one still meets the new."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from recs.contracts.model import Contract, Field, Rule
from recs.contracts.widening import widening

Level = Literal["breaking", "additive", "wording"]
LEVELS: tuple[Level, ...] = ("breaking", "additive", "wording")

_LOWEST = {"minimum", "exclusiveMinimum", "minLength"}  # tighter when raised
_HIGHEST = {"maximum", "exclusiveMaximum", "maxLength"}  # tighter when lowered
_TABLE = "*"
_COMPARED = {"name", "type", "description", "required", "key_position", "rules"}
# a condition of these words alone is null where the column is: it turns away no row that lacks it
_PASSES_NULL = {"json_valid", "length", "lower", "upper", "trim", "abs", "round", "regexp_matches", "cast"}
_CATCHES_NULL = {"or", "and", "not", "is", "case", "in", "exists", "select", "if"}


@dataclass(frozen=True)
class Change:
    """One difference; ``field`` is a column, or ``*`` for the table."""

    field: str
    what: str
    level: Level


def changes(released: Contract, current: Contract) -> list[Change]:
    """Every difference between two versions of one table's contract, the breaking ones first.

    Breaking: a row that met the released version may not meet the current one, or a column means something else.
    Additive: every such row still does. Wording: nothing but text.
    """
    found = [*_table(released, current), *_columns(released, current)]
    return sorted(found, key=lambda change: LEVELS.index(change.level))  # stable: else in the contract's order


def needed_bump(found: Sequence[Change]) -> str | None:
    """The part of the version that has to be raised: major, minor, patch, or None where nothing changed."""
    parts = {"breaking": "major", "additive": "minor", "wording": "patch"}
    return next((parts[level] for level in LEVELS if any(change.level == level for change in found)), None)


def _table(old: Contract, new: Contract) -> Iterator[Change]:
    if old.key != new.key:
        yield Change(_TABLE, f"the key was {_names(old.key)} and is {_names(new.key)}", "breaking")
    if old.deduplicate != new.deduplicate:
        yield Change(_TABLE, f"deduplicate was {old.deduplicate} and is {new.deduplicate}", "breaking")
    if old.max_bad_share != new.max_bad_share:
        level: Level = "breaking" if new.max_bad_share < old.max_bad_share else "additive"
        yield Change(_TABLE, f"maxBadShare was {old.max_bad_share} and is {new.max_bad_share}", level)
    if (old.description, old.prose) != (new.description, new.prose):
        yield Change(_TABLE, "described in other words", "wording")


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = {f.name: f for f in old.fields}, {f.name: f for f in new.fields}
    for name in before:
        if name not in after:
            yield Change(name, "column removed", "breaking")
        else:
            yield from _column(before[name], after[name], new)
    for name in after:
        if name not in before:
            yield _added(after[name])


def _added(field: Field) -> Change:
    """A column that sources do not fill yet is empty: whatever an empty one may break is breaking."""
    if field.flags is not None:
        return Change(field.name, f"column added, made from {field.flags}", "additive")
    if field.required:
        return Change(field.name, "required column added", "breaking")
    strict = [rule.name for rule in field.rules if rule.stated is None and not _passes_null(field, rule)]
    if strict:
        told = f"column added with a rule that an empty one may break ({_names(strict)})"
        return Change(field.name, told, "breaking")
    return Change(field.name, "optional column added", "additive")


def _passes_null(field: Field, rule: Rule) -> bool:
    """Whether a condition is surely null where the column is. Not sure counts as no."""
    text = re.sub(r"'[^']*'", "''", rule.condition.lower())
    words, called = set(re.findall(r"\w+", text)), set(re.findall(r"(\w+)\s*\(", text))
    return field.name.lower() in words and not words & _CATCHES_NULL and called <= _PASSES_NULL


def _column(old: Field, new: Field, contract: Contract) -> Iterator[Change]:
    yield from _type(old, new, contract)
    if new.required and not old.required:
        yield Change(new.name, "is required now", "breaking")
    if old.required and not new.required:
        yield Change(new.name, "is no longer required", "additive")
    yield from _rules(old, new)
    if old.description != new.description:
        yield Change(new.name, "described in other words", "wording")
    if old.references is None and new.references is not None and new.flags == old.flags:
        yield Change(new.name, f"refers to {'.'.join(new.references)} now", "additive")
    elif old.references != new.references:
        yield Change(new.name, f"referred to {_plain(old.references)}, now to {_plain(new.references)}", "breaking")
    for name in (f.name for f in fields(Field) if f.name not in {*_COMPARED, "references"}):
        # whatever else a column may come to say is taken for breaking until it is judged here
        if getattr(old, name) != getattr(new, name):
            told = f"{name} was {_plain(getattr(old, name))} and is {_plain(getattr(new, name))}"
            yield Change(new.name, told, "breaking")


def _type(old: Field, new: Field, contract: Contract) -> Iterator[Change]:
    told = f"type was {old.type} and is {new.type}"
    match widening(old.type, new.type):
        case "exact":
            yield Change(new.name, told, "additive")
        case "finer" if not _is_ruled(new, contract):
            yield Change(new.name, told, "additive")
        case "finer":  # 5.0000001 is 5 as FLOAT, and meets `at most 5`
            yield Change(new.name, f"{told}, so its rules see digits that were rounded off before", "breaking")
        case "no":
            yield Change(new.name, told, "breaking")


def _is_ruled(field: Field, contract: Contract) -> bool:
    others = (rule.condition for f in contract.fields for rule in f.rules if rule.stated is None)
    return bool(field.rules) or any(re.search(rf"\b{re.escape(field.name)}\b", text) for text in others)


def _rules(old: Field, new: Field) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    for name, rule in before.items():
        if name not in after:
            yield Change(new.name, f"rule {rule.name} removed", "additive")
        else:
            yield from _rule(new.name, rule, after[name])
    for name, rule in after.items():
        if name not in before:
            yield Change(new.name, f"rule {rule.name} added", "breaking")


def _by_name(field: Field) -> Mapping[tuple[str, int], Rule]:
    """Rules by name and, where a name is used again, by its occurrence."""
    found: dict[tuple[str, int], Rule] = {}
    for rule in field.rules:
        times = sum(name == rule.name for name, _ in found)
        found[rule.name, times] = rule
    return found


def _rule(field: str, old: Rule, new: Rule) -> Iterator[Change]:
    if old.description != new.description:
        yield Change(field, f"rule {new.name} described in other words", "wording")
    if (old.stated is None) != (new.stated is None):
        yield Change(field, f"rule {new.name} changed", "breaking")
    elif new.stated is None:
        if old.condition.strip() != new.condition.strip():
            yield Change(field, f"rule {new.name} was `{old.condition}` and is `{new.condition}`", "breaking")
    elif new.name == "valid_values":
        yield from _values(field, set(old.stated), set(new.stated))
    elif old.stated != new.stated:
        told = f"{new.name} was {old.stated} and is {new.stated}"
        yield Change(field, told, "additive" if _is_looser(new.name, old.stated, new.stated) else "breaking")


def _values(field: str, old: set[str], new: set[str]) -> Iterator[Change]:
    if gone := sorted(old - new):
        yield Change(field, f"no longer takes {_names(gone)}", "breaking")
    if come := sorted(new - old):
        yield Change(field, f"takes {_names(come)} too", "additive")


def _is_looser(option: str, old: Any, new: Any) -> bool:
    return (option in _LOWEST and new < old) or (option in _HIGHEST and new > old)


def _names(names: Any) -> str:
    return ", ".join(names) or "nothing"


def _plain(value: Any) -> str:
    return "nothing" if value is None else ".".join(value) if isinstance(value, tuple) else str(value)
