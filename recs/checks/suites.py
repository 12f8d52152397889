"""Expectation suites as plain values, generated from a contract and the rules over its days; never written by hand."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from recs.checks.config import CONTRACT, Checks, Rule, rules
from recs.contracts import Contract, Field
from recs.contracts import Rule as RowRule

SEVERITIES = {"warn": "warning", "error": "critical"}  # as Great Expectations names them


@dataclass(frozen=True)
class Expectation:
    """One expectation: its type and arguments as GX spells them, and which of our checks it belongs to."""

    type: str
    kwargs: dict[str, Any]
    check: str
    severity: str
    notes: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Suite:
    """Expectations over one frame. ``index``: the column whose values name what fails."""

    name: str
    index: str
    expectations: list[Expectation] = field(default_factory=list)


def days_suite(contract: Contract, checks: Checks) -> Suite:
    """Over one row a day and one column a metric: each day's metrics lie within the rules."""
    return Suite(f"{contract.table}.days", "day", [_of_rule(rule) for rule in rules(contract, checks)])


def rows_suite(contract: Contract) -> Suite:
    """Over rows as they were committed: required values, sets, ranges, lengths, patterns, keys and conditions in SQL.

    A condition is a column ``<field>:<rule>`` of the frame: what the condition said of the row.
    """
    found = [_contract("expect_column_values_to_not_be_null", field) for field in contract.fields if field.required]
    found += [_of_row_rule(field, rule) for field in contract.arriving for rule in field.rules]
    if contract.deduplicate == "first_arrival":
        found.append(_unique(contract.key))
    return Suite(f"{contract.table}.rows", "source_line", found)


def columns_suite(contract: Contract) -> Suite:
    """Over one row a column, with its ``type`` in the lake and its ``contract_type``: the two are the same."""
    kwargs = {"column_A": "type", "column_B": "contract_type", "ignore_row_if": "neither"}
    same = Expectation("expect_column_pair_values_to_be_equal", kwargs, CONTRACT, SEVERITIES["error"])
    return Suite(f"{contract.table}.columns", "column", [same])


def conditions(contract: Contract) -> dict[str, str]:
    """Column of the rows' frame -> the condition in SQL, for the rules that only SQL can say."""
    return {
        condition_column(field, rule): rule.condition
        for field in contract.arriving
        for rule in field.rules
        if rule.stated is None
    }


def condition_column(field: Field, rule: RowRule) -> str:
    """The column that holds what a condition said."""
    return f"{field.name}:{rule.name}"


def _of_rule(rule: Rule) -> Expectation:
    kwargs = {"column": rule.metric, "min_value": rule.low, "max_value": rule.high}
    told = f"{rule.check}: {rule.words}"
    return Expectation("expect_column_values_to_be_between", kwargs, rule.check, SEVERITIES[rule.severity], told)


def _of_row_rule(field: Field, rule: RowRule) -> Expectation:
    value = rule.stated
    types: dict[str, tuple[str, dict[str, Any]]] = {
        "minimum": ("expect_column_values_to_be_between", {"min_value": value}),
        "maximum": ("expect_column_values_to_be_between", {"max_value": value}),
        "exclusiveMinimum": ("expect_column_values_to_be_between", {"min_value": value, "strict_min": True}),
        "exclusiveMaximum": ("expect_column_values_to_be_between", {"max_value": value, "strict_max": True}),
        "minLength": ("expect_column_value_lengths_to_be_between", {"min_value": value}),
        "maxLength": ("expect_column_value_lengths_to_be_between", {"max_value": value}),
        "pattern": ("expect_column_values_to_match_regex", {"regex": value}),
        "valid_values": ("expect_column_values_to_be_in_set", {"value_set": value}),
    }
    if value is None:
        column = condition_column(field, rule)
        return _contract("expect_column_values_to_be_in_set", field, rule.description, column=column, value_set=[True])
    kind, kwargs = types[rule.name]
    return _contract(kind, field, rule.description, **kwargs)


def _contract(kind: str, field: Field, notes: str = "", **kwargs: Any) -> Expectation:
    told = notes or field.description
    return Expectation(kind, {"column": field.name, **kwargs}, CONTRACT, SEVERITIES["error"], told)


def _unique(key: Sequence[str]) -> Expectation:
    kind, kwargs = "expect_compound_columns_to_be_unique", dict[str, Any](column_list=list(key))
    if len(key) == 1:
        kind, kwargs = "expect_column_values_to_be_unique", {"column": key[0]}
    return Expectation(kind, kwargs, CONTRACT, SEVERITIES["error"], "An event counts once.")
