"""``aisle source check``: how the rows of a file would map, before anything lands."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import PROJECT
from recs.contracts import Contract, load_contracts
from recs.errors import ConfigError
from recs.ingest.preview import SAMPLE_ROWS, Preview, preview
from recs.ingest.source import Source, load_source


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="A source's YAML: what it would make of a file.", no_args_is_help=True)
    group.command("check")(check)
    group.callback()(lambda: None)  # else a group of one command would lose its name
    app.add_typer(group, name="source")


def check(
    file: Annotated[Path, typer.Argument(help="The YAML of a source.")],
    sample: Annotated[list[Path], typer.Option(help="A file to be landed; name several by saying it again.")],
    drop: Annotated[str, typer.Option(help="Read the files as this drop, whatever their names.")] = "",
    rows: Annotated[int, typer.Option(help="Rows to show, and broken rows.", min=1)] = 20,
    whole: Annotated[bool, typer.Option("--all", help=f"Judge every row, not the first {SAMPLE_ROWS:,}.")] = False,
    json: Json = False,
) -> None:
    """Read a file as a source would, and say what would be valid, what not, and what to change. Nothing lands.

    Exits with 1 where a file cannot be read, no drop takes it, or too many of its rows are bad.
    """
    contracts = load_contracts(PROJECT / "data_contracts")
    source = load_source(file, contracts)
    if drop and drop not in source.drops:
        raise ConfigError(f"{file} has no drop {drop!r}", f"choose from {', '.join(source.drops)}")
    documents: list[dict[str, Any]] = []
    is_ok = True
    for path in sample:
        found = _checked(source, contracts, path, drop, rows, whole)
        is_ok &= bool(found) and all(one.is_ok for one in found)
        documents.append({"file": str(path), "refused": _refusal(source, path, drop), "drops": found})
    if json:
        shown = [{**d, "drops": [_plain(one) for one in d["drops"]]} for d in documents]
        print_json({"source": source.name, "ok": is_ok, "files": shown})
    else:
        for document in documents:
            _show(source, document)
    if not is_ok:
        raise typer.Exit(1)


def _checked(
    source: Source, contracts: dict[str, Contract], path: Path, drop: str, rows: int, whole: bool
) -> list[Preview]:
    if not path.is_file():
        raise ConfigError(f"there is no file {path}", "name a file that the shop would send")
    today = datetime.now(UTC).date()
    return [
        preview(
            source,
            name,
            contracts[source.drops[name].feeds],
            path,
            today=today,
            rows=rows,
            sample=None if whole else SAMPLE_ROWS,
        )
        for name in ([drop] if drop else source.drops_of(path.name))
    ]


def _refusal(source: Source, path: Path, drop: str) -> str:
    """Why landing would not take the file; nothing where it would."""
    from recs.ingest.landing import days_of_arrival

    if not source.drops_of(path.name):
        patterns = ", ".join(f"{name} ({d.file})" for name, d in source.drops.items())
        hint = "" if drop else ", or read it as one of them with --drop"
        return f"no drop takes the name {path.name}: {patterns}. Rename the file or widen a drop's file{hint}"
    if not days_of_arrival(source, path, datetime.now(UTC).date()):
        return "its path has no date YYYY-MM-DD, and the source says arrival: path. Put it in a folder of its day"
    return ""


def _plain(one: Preview) -> dict[str, Any]:
    return {**asdict(one), "ok": one.is_ok}


def _show(source: Source, document: dict[str, Any]) -> None:
    if document["refused"]:
        out.print(f"{document['file']} would not be taken: {document['refused']}.")
    for one in document["drops"]:
        _show_one(source, one)


def _show_one(source: Source, one: Preview) -> None:
    seen = one.seen
    parted = f", parted by {seen.delimiter!r}" if seen.delimiter else ""
    looks = ", ".join(part for part in (seen.format, seen.encoding, f"packing {seen.compression}") if part)
    out.print(f"{one.file} is drop {one.drop}, which feeds {one.table}. It looks like {looks}{parted}.")
    for name, words in (("read", "columns read"), ("known", "known, not read"), ("not_read", "not read")):
        if one.columns[name]:
            out.print(f"  {words}: {', '.join(one.columns[name])}")
    if one.problem:
        out.print(f"  Nothing of it can be read: {one.problem}")
    else:
        _show_rows(source, one)
    for rule, fix in one.fixes.items():
        count = f" ({one.reasons[rule]:,})" if rule in one.reasons else ""
        out.print(f"  {rule}{count}: {fix}.")
    if one.is_over_bad_share:
        out.print("  That is more than the table's contract lets pass: a day like this would be held.")


def _show_rows(source: Source, one: Preview) -> None:
    good = [row for row in one.rows if row.status == "valid"]
    columns = _filled(source, one)
    if good:
        rows = [(row.line, *("" if row.values[c] is None else str(row.values[c]) for c in columns)) for row in good]
        print_table(f"First rows as {one.table}", ("line", *columns), rows)
    for row in one.broken:
        out.print(f"  line {row.line} breaks {row.rules}: {row.text}")
    part = "all rows" if one.is_whole else f"the first {one.read:,} rows"
    first, last = one.days or ("", "")
    when = f"{first}" if first == last else f"{first} to {last}"
    out.print(
        f"  Of {part}: {one.read:,} read = {one.valid:,} valid + {one.quarantined:,} quarantined + "
        f"{one.duplicate:,} duplicate, arriving on {when}."
    )


def _filled(source: Source, one: Preview) -> Sequence[str]:
    """The columns of the contract that some row shown has a value in."""
    names = next((row.values for row in one.rows if row.values), {})
    return [name for name in names if any(row.values.get(name) is not None for row in one.rows)]
