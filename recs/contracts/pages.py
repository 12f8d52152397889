"""The documentation page of every arriving table, written from its contract.

``python -m recs.contracts.pages data_contracts docs/tables`` writes one a table and README.md.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from recs.contracts.model import ENGINE_FIELDS, Contract, Field, Rule
from recs.contracts.reading import load_contracts

INDEX = "README.md"
_HEAD = "<!-- Written from data_contracts by `make generate`; edit the contracts. -->\n"
_REPEATED = {
    "first_arrival": "Rows with the same key are one, on whatever day they come: the earliest arrival counts, the"
    " others are counted as duplicates.",
    "identical_in_day": "Rows that are alike in every column count once a day. Rows with the same key that differ are"
    " kept, as versions; the newest is in force.",
}
_WORDS = {
    "minimum": "is at least {}",
    "maximum": "is at most {}",
    "exclusiveMinimum": "is more than {}",
    "exclusiveMaximum": "is less than {}",
    "minLength": "has at least {} characters",
    "maxLength": "has at most {} characters",
    "pattern": "matches `{}`",
}
_KINDS = {
    "VARCHAR": "text",
    "TINYINT": "a whole number, -128 to 127",
    "SMALLINT": "a whole number, -32,768 to 32,767",
    "INTEGER": "a whole number, -2,147,483,648 to 2,147,483,647",
    "BIGINT": "a whole number of 64 bits",
    "BOOLEAN": "true or false",
    "DATE": "a day",
    "TIMESTAMP": "a time; one without an offset is read in the source's zone",
    "FLOAT": "a number",
    "DOUBLE": "a number",
}
_INTRO = """What a shop delivers, table by table. Each page is written from its contract in `data_contracts/`, the only
place that states a table: the row gate of ingestion and dbt's sources are made from the same file.
"""
_FURTHER = """[Onboard your shop](../onboard-your-shop.md) says how a source fills them,
[What happens to a bad row](../what-happens-to-a-bad-row.md) what becomes of a row that breaks a rule, and
[Change a contract](../change-a-contract.md) how to ask for something else.
"""
_RULES = """A row that breaks a rule goes to quarantine, where `rules` names it as in the first column. Only `required`
minds an empty value. `type` also stands for an expression of the source that failed on the row. What a file or a line
as a whole can break is in [What happens to a bad row](../what-happens-to-a-bad-row.md).
"""


def pages(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """File name -> text: the index, and a page for each table."""
    return {INDEX: _index(contracts.values())} | {f"{c.table}.md": _page(c, contracts) for c in contracts.values()}


def write_pages(contracts: Mapping[str, Contract], folder: Path) -> None:
    """Write the pages, and remove those of tables that are gone; a page that was not written here stays."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages(contracts)
    for old in folder.glob("*.md"):
        if old.name not in made and old.read_text(encoding="utf-8").startswith(_HEAD):
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index(contracts: Iterable[Contract]) -> str:
    rows = [
        (f"[{c.table}]({c.table}.md)", c.prose.purpose or c.description, _code(c.key), c.version)
        for c in sorted(contracts, key=lambda c: c.table)
    ]
    table = _markdown(("table", "what it is for", "key", "version"), rows)
    return "\n".join([_HEAD, "# Tables that arrive\n", _INTRO, *table, "", _FURTHER])


def _page(contract: Contract, contracts: Mapping[str, Contract]) -> str:
    lines = [_HEAD, f"# {contract.table}\n", f"{contract.description}\n"]
    lines += [*_markdown(("", ""), list(_facts(contract))), "", "## Columns\n"]
    columns = [(f"`{f.name}`", f.type, _need(f, contract), _meaning(f, contract, contracts)) for f in contract.fields]
    lines += [*_markdown(("column", "type", "", "meaning"), columns), "", "## What every row must meet\n"]
    lines += [_RULES, *_markdown(("rule", "the row meets it when"), list(_rules(contract))), "", "## What Aisle adds\n"]
    added = [(f"`{f.name}`", f.type, f.description) for f in ENGINE_FIELDS]
    return "\n".join([*lines, *_markdown(("column", "type", "meaning"), added), ""])


def _facts(contract: Contract) -> Iterator[tuple[str, str]]:
    prose = contract.prose
    told = (
        ("purpose", prose.purpose),
        ("grain", prose.granularity),
        ("use", prose.usage),
        ("limits", prose.limitations),
    )
    yield from ((name, text) for name, text in told if text)
    yield "key", _code(contract.key)
    yield "repeated rows", _REPEATED[contract.deduplicate]
    share = f"{contract.max_bad_share:.1%}".replace(".0%", "%").replace("%", " %")
    yield (
        "bad days",
        f"A day is held back when more than {share} of its rows are quarantined.",
    )
    yield "contract", f"`data_contracts/{contract.path}`, version {contract.version}"


def _need(field: Field, contract: Contract) -> str:
    if field.flags is not None:
        return "made by Aisle"
    key = ", key" if field.name in contract.key else ""
    return ("required" if field.required else "optional") + key


def _meaning(field: Field, contract: Contract, contracts: Mapping[str, Contract]) -> str:
    if field.references is None:
        return field.description
    table, column = field.references
    link = f"[{table}.{column}]({table}.md)" if table in contracts else f"{table}.{column}"
    flag = next((f.name for f in contract.fields if f.flags == field.name), None)
    unknown = f"where it is unknown, `{flag}` is true" if flag else "one that is unknown is not marked"
    return f"{field.description} Refers to {link}; {unknown}, and the row is kept."


def _rules(contract: Contract) -> Iterator[tuple[str, str]]:
    """(rule as quarantine names it, in words), in the order in which the gate lists them."""
    for field in contract.arriving:
        if field.type != "VARCHAR":
            yield f"`{field.name}:type`", f"`{field.name}` is {_kind(field.type)}"
        if field.required:
            yield f"`{field.name}:required`", f"`{field.name}` is there"
        for rule in field.rules:
            yield f"`{field.name}:{rule.name}`", _words(field, rule)


def _kind(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        whole, scale = kind.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return f"a number of up to {int(whole) - int(scale)} digits before the point; rounded to {int(scale)} after it"
    return _KINDS[kind]


def _words(field: Field, rule: Rule) -> str:
    if rule.name == "valid_values" and rule.stated is not None:
        return f"`{field.name}` is one of {_code(rule.stated)}"
    if rule.stated is not None:
        words = "is not empty" if (rule.name, rule.stated) == ("minLength", 1) else _WORDS[rule.name]
        return f"`{field.name}` {words.format(rule.stated)}"
    said = f"{rule.description} " if rule.description else ""
    return f"{said}In SQL: `{' '.join(rule.condition.split())}`"


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; in cells, what would end one is escaped."""
    cells = [[" ".join(cell.replace("|", "\\|").split()) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return ["| " + " | ".join(line) + " |" for line in lines]


if __name__ == "__main__":
    write_pages(load_contracts(Path(sys.argv[1])), Path(sys.argv[2]))
