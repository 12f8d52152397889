"""What a change of a contract is called, and the law behind it: what met the old contract meets an additive new one."""

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from recs.contracts import Contract, gate_sql, load_contract
from recs.contracts.evolution import changes, needed_bump
from recs.contracts.released import check
from recs.contracts.widening import widening

CONTRACTS = Path(__file__).parents[2] / "data_contracts"

BASE = """
apiVersion: v3.1.0
kind: DataContract
id: shop-visits
version: 1.0.0
status: active
description: {purpose: Visits.}
schema:
  - name: visits
    description: One visit.
    customProperties: [{property: deduplicate, value: first_arrival}, {property: maxBadShare, value: 0.05}]
    properties:
      - {name: visit_id, physicalType: VARCHAR, description: Its id., required: true, primaryKey: true}
      - name: action
        physicalType: VARCHAR
        description: What was done.
        quality:
          - {type: library, metric: invalidValues, mustBe: 0, arguments: {validValues: [view, click]}}
      - name: units
        physicalType: INTEGER
        description: How many.
        logicalTypeOptions: {minimum: 1, maximum: 10}
      - name: price
        physicalType: DECIMAL(9,2)
        description: For one.
      - name: stars
        physicalType: FLOAT
        description: Given.
        logicalTypeOptions: {maximum: 5}
      - name: code
        physicalType: VARCHAR
        description: A code.
        logicalTypeOptions: {maxLength: 9, pattern: "^[A-Z]+$"}
        quality:
          - type: custom
            name: filled
            engine: aisle
            description: Views have one.
            implementation: code is not null or action <> 'view'
      - name: item_id
        physicalType: VARCHAR
        description: The item.
        relationships: [{type: foreignKey, to: items.item_id}]
      - name: is_unknown_item
        physicalType: BOOLEAN
        description: Not in the catalogue.
        customProperties: [{property: flags, value: item_id}]
"""
NEW = "      - {name: colour, physicalType: VARCHAR, description: Its colour."
JSON = "quality: [{type: custom, name: json, engine: aisle, implementation: json_valid(colour)}]"
NEVER_EMPTY = "quality: [{type: custom, name: filled, engine: aisle, implementation: colour is not null or units > 1}]"
END = "        customProperties: [{property: flags, value: item_id}]\n"


def read(folder: Path, text: str, name: str = "visits") -> Contract:
    (folder / f"{name}.yaml").write_text(text)
    return load_contract(folder / f"{name}.yaml")


@pytest.mark.parametrize(
    ("old", "new", "field", "level", "said"),
    [
        ("physicalType: INTEGER", "physicalType: BIGINT", "units", "additive", "type was INTEGER and is BIGINT"),
        ("physicalType: INTEGER", "physicalType: SMALLINT", "units", "breaking", "type was INTEGER and is SMALLINT"),
        ("physicalType: INTEGER", "physicalType: DOUBLE", "units", "breaking", "type was INTEGER and is DOUBLE"),
        ("DECIMAL(9,2)", "DECIMAL(11,4)", "price", "additive", "type was DECIMAL(9,2) and is DECIMAL(11,4)"),
        ("DECIMAL(9,2)", "DECIMAL(9,4)", "price", "breaking", "type was DECIMAL(9,2) and is DECIMAL(9,4)"),
        ("physicalType: FLOAT", "physicalType: DOUBLE", "stars", "breaking", "rounded off before"),
        ("description: Its id., required: true", "description: Its id.", "visit_id", "additive", "no longer required"),
        ("description: How many.", "{}\n        required: true", "units", "breaking", "is required now"),
        (END, f"{END}{NEW}}}\n", "colour", "additive", "optional column added"),
        (END, f"{END}{NEW}, logicalTypeOptions: {{minLength: 1}}}}\n", "colour", "additive", "optional column added"),
        (END, f"{END}{NEW}, {JSON}}}\n", "colour", "additive", "optional column added"),
        (END, f"{END}{NEW}, {NEVER_EMPTY}}}\n", "colour", "breaking", "an empty one may break (filled)"),
        (END, f"{END}{NEW}, required: true}}\n", "colour", "breaking", "required column added"),
        ("name: price", "name: paid", "price", "breaking", "column removed"),
        ("[view, click]", "[view, click, buy]", "action", "additive", "takes buy too"),
        ("[view, click]", "[view]", "action", "breaking", "no longer takes click"),
        ("{minimum: 1, maximum: 10}", "{minimum: 2, maximum: 10}", "units", "breaking", "minimum was 1 and is 2"),
        ("{minimum: 1, maximum: 10}", "{minimum: 0, maximum: 10}", "units", "additive", "minimum was 1 and is 0"),
        ("{minimum: 1, maximum: 10}", "{minimum: 1, maximum: 9}", "units", "breaking", "maximum was 10 and is 9"),
        ("{minimum: 1, maximum: 10}", "{minimum: 1}", "units", "additive", "rule maximum removed"),
        ("maxLength: 9", "maxLength: 8", "code", "breaking", "maxLength was 9 and is 8"),
        ("maxLength: 9", "maxLength: 90", "code", "additive", "maxLength was 9 and is 90"),
        ("maxLength: 9", "maxLength: 9, minLength: 2", "code", "breaking", "rule minLength added"),
        ("^[A-Z]+$", "^[A-Z]{3}$", "code", "breaking", "pattern was ^[A-Z]+$ and is ^[A-Z]{3}$"),
        ("action <> 'view'", "action <> 'click'", "code", "breaking", "rule filled was `code is not null"),
        ("first_arrival", "identical_in_day", "*", "breaking", "deduplicate was first_arrival"),
        ("value: 0.05", "value: 0.01", "*", "breaking", "maxBadShare was 0.05 and is 0.01"),
        ("value: 0.05", "value: 0.1", "*", "additive", "maxBadShare was 0.05 and is 0.1"),
        (
            "name: action",
            "name: action\n        primaryKey: true\n        primaryKeyPosition: 2",
            "*",
            "breaking",
            "key",
        ),
        ("to: items.item_id", "to: goods.item_id", "item_id", "breaking", "referred to items.item_id"),
        ("value: item_id", "value: code", "is_unknown_item", "breaking", "flags was item_id and is code"),
        ("Views have one.", "A view has one.", "code", "wording", "rule filled described in other words"),
        ("One visit.", "A visit.", "*", "wording", "described in other words"),
        ("{purpose: Visits.}", "{purpose: All visits.}", "*", "wording", "described in other words"),
        ("How many.", "Units.", "units", "wording", "described in other words"),
    ],
)
def test_a_change_is_found_named_and_judged(tmp_path, old, new, field, level, said):
    assert old in BASE
    text = BASE.replace(old, new.replace("{}", old), 1)
    first = changes(read(tmp_path, BASE), read(tmp_path, text))[0]
    assert (first.field, first.level) == (field, level)
    assert said in first.what


def test_every_version_of_our_own_contracts_says_what_changed_since_its_release():
    wrong = [f"{found.table}: version {found.problem}. Fix: {found.fix}" for found in check(CONTRACTS) if found.problem]
    assert wrong == []


def test_what_is_only_written_differently_is_no_change(tmp_path):
    text = BASE.replace("[view, click]", "[click, view]").replace("minimum: 1,", "minimum: 1.0,")
    assert changes(read(tmp_path, BASE), read(tmp_path, "# a comment\n" + text)) == []


def test_breaking_changes_come_first_and_decide(tmp_path):
    text = BASE.replace("How many.", "Units.").replace("[view, click]", "[click, buy]")
    found = changes(read(tmp_path, BASE), read(tmp_path, text))
    assert [change.level for change in found] == ["breaking", "additive", "wording"]
    assert [needed_bump(found[n:]) for n in range(4)] == ["major", "minor", "patch", None]


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ("TINYINT", "BIGINT", "exact"),
        ("BIGINT", "INTEGER", "no"),
        ("FLOAT", "DOUBLE", "finer"),
        ("DOUBLE", "FLOAT", "no"),
        ("DECIMAL(9,2)", "DECIMAL(9, 2)", "same"),
        ("DECIMAL(9,2)", "DECIMAL(18,2)", "exact"),
        ("DECIMAL(9,2)", "DECIMAL(18,4)", "finer"),
        ("DECIMAL(9,2)", "DECIMAL(18,1)", "no"),
        ("INTEGER", "DECIMAL(18,0)", "no"),  # 0x1F
        ("INTEGER", "VARCHAR", "no"),
        ("VARCHAR", "INTEGER", "no"),
        ("TIMESTAMP", "DATE", "no"),
        ("DATE", "TIMESTAMP", "no"),  # midnight where?
    ],
)
def test_a_type_is_widened_only_where_every_value_stays_what_it_was(old, new, how):
    assert widening(old, new) == how


# The law, on contracts and rows that are made up.

FAMILIES = {
    "whole": ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"],
    "float": ["FLOAT", "DOUBLE"],
    "decimal": ["DECIMAL(5,0)", "DECIMAL(7,2)", "DECIMAL(9,2)", "DECIMAL(9,4)", "DECIMAL(12,4)"],
    "text": ["VARCHAR"],
    "other": ["BOOLEAN", "DATE", "TIMESTAMP"],
}
NUMBERS = ["-2", "-1", "0", "1", "2", "3", "5", "6", "1.5", "4.999", "5.00000001", "-0.004", "-0.00001", "0x1F", "300"]
NUMBERS += ["70000", "3000000000", "1e2", "1_000", "99999.995", "inf", "nan", "1e40"]
TEXTS = ["", "a", "b", "ab", "zzz", "Z" * 11, "true", "2017-01-01", "2017-03-01 10:00:00", "2017-02-30"]
BOUNDS = st.sampled_from([-1, 0, 1, 2, 5])
OPTIONS = {
    "whole": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "text": ["minLength", "maxLength"],
    "other": [],
}
CONDITIONS = ["{0} is not null or b is null", "{0}::varchar <> '5.0'", "coalesce({0}::varchar, '') <> 'x'"]
VALID = st.lists(st.sampled_from(["", "a", "b", "ab", "5"]), min_size=1, max_size=5, unique=True)


@st.composite
def column(draw: st.DrawFn, name: str, family: str) -> dict[str, Any]:
    options = OPTIONS.get(family, OPTIONS["whole"])
    chosen = draw(st.lists(st.sampled_from(options), max_size=2, unique=True)) if options else []
    made: dict[str, Any] = {"name": name, "physicalType": draw(st.sampled_from(FAMILIES[family])), "quality": []}
    made["logicalTypeOptions"] = {option: draw(BOUNDS) for option in chosen}
    made["required"] = draw(st.booleans())
    if family == "text" and draw(st.booleans()):
        arguments = {"validValues": draw(VALID)}
        made["quality"].append({"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": arguments})
    if draw(st.integers(0, 3)) == 0:
        condition = draw(st.sampled_from(CONDITIONS)).format(name)
        made["quality"].append({"type": "custom", "name": "own", "engine": "aisle", "implementation": condition})
    return made


@st.composite
def columns(draw: st.DrawFn) -> list[dict[str, Any]]:
    families = [draw(st.sampled_from(sorted(FAMILIES))) for _ in "ab"]
    return [draw(column(name, family)) for name, family in zip("ab", families, strict=True)]


def additive_change(draw: st.DrawFn, made: list[dict[str, Any]]) -> None:
    """Change the columns in one way that is additive by its kind."""
    one = draw(st.sampled_from(made))
    options, kind = one["logicalTypeOptions"], one["physicalType"]
    valid = [q["arguments"]["validValues"] for q in one["quality"] if "arguments" in q]
    what = draw(st.sampled_from(["type", "optional", "looser", "fewer", "value", "rule", "column", "words"]))
    if what == "type" and kind in FAMILIES["whole"]:
        one["physicalType"] = draw(st.sampled_from(FAMILIES["whole"][FAMILIES["whole"].index(kind) :]))
    elif what == "type" and kind == "DECIMAL(7,2)":
        one["physicalType"] = "DECIMAL(9,2)"
    elif what == "optional":
        one["required"] = False
    elif what == "looser":
        for option in options:
            options[option] += -1 if option.lower().endswith(("minimum", "minlength")) else 1
    elif what == "fewer" and options:
        options.pop(draw(st.sampled_from(sorted(options))))
    elif what == "value" and valid:
        valid[0].append("zzz")
    elif what == "rule":
        one["quality"] = one["quality"][1:]
    elif what == "column" and len(made) == 2:
        made.append({"name": "c", "physicalType": "TINYINT", "logicalTypeOptions": {"minimum": 1}, "quality": []})
    elif what == "words":
        one["description"] = "Other words."


def any_change(draw: st.DrawFn, made: list[dict[str, Any]]) -> None:
    """Change the columns in one way, for better or worse."""
    one = draw(st.sampled_from(made))
    family = next(name for name, kinds in FAMILIES.items() if one["physicalType"] in kinds)
    options = one["logicalTypeOptions"]
    what = draw(st.sampled_from(["type", "required", "bound", "option", "quality", "column"]))
    if what == "type":
        one["physicalType"] = draw(st.sampled_from(FAMILIES[family]))
    elif what == "required":
        one["required"] = not one["required"]
    elif what == "bound" and options:
        options[draw(st.sampled_from(sorted(options)))] = draw(BOUNDS)
    elif what == "option":
        one["logicalTypeOptions"] = draw(column("a", family))["logicalTypeOptions"]
    elif what == "quality":
        one["quality"] = draw(column(one["name"], family))["quality"]
    elif what == "column":
        made.append(draw(column("c", draw(st.sampled_from(sorted(FAMILIES))))))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> "Bench":
    return Bench(tmp_path_factory.mktemp("contracts"))


class Bench:
    """Reads made-up contracts, and says which rows meet them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.document = folder, yaml.safe_load(BASE)
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'Europe/Berlin'")
        values = ", ".join(
            f"({'null' if value is None else repr(value)}::varchar)" for value in (None, *NUMBERS, *TEXTS)
        )
        self.connection.execute(f"create table every as select v from (values {values}) t(v)")

    def read(self, made: list[dict[str, Any]]) -> Contract:
        table = self.document["schema"][0] | {"properties": made}
        return read(self.folder, json.dumps(self.document | {"schema": [table]}))

    def met(self, contract: Contract) -> set[tuple[str | None, str | None]]:
        """The pairs of values with which a row meets the contract; a column beside a and b is not delivered."""
        rest = "".join(f', null::varchar as "{f.name}"' for f in contract.fields[2:])
        given = f"x.v as a, y.v as b, x.v as raw_a, y.v as raw_b{rest}, date '2017-03-01' as arrival_date"
        relation = f"select {given}, []::varchar[] as _thrown from every x, every y"
        gated = f"select raw_a, raw_b from ({gate_sql(contract, f'({relation})')}) where len(_rules) = 0"
        return set(self.connection.execute(gated).fetchall())


@settings(max_examples=60)
@given(st.data(), columns())
def test_an_additive_change_is_never_called_breaking_and_turns_no_row_away(bench, data, old):
    new = copy.deepcopy(old)
    for _ in range(data.draw(st.integers(1, 3))):
        additive_change(data.draw, new)
    before, after = bench.read(old), bench.read(new)
    assert [change for change in changes(before, after) if change.level == "breaking"] == []
    assert bench.met(before) - bench.met(after) == set()


@settings(max_examples=120)
@given(st.data(), columns())
def test_one_change_that_is_not_called_breaking_turns_no_row_away(bench, data, old):
    new = copy.deepcopy(old)
    any_change(data.draw, new)
    before, after = bench.read(old), bench.read(new)
    found = needed_bump(changes(before, after))
    event(f"needs {found}")
    if found != "major":
        assert bench.met(before) - bench.met(after) == set()
