"""The rows that broke their contract, with their whole source text and every rule that they broke."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from recs.ingest.ledger import Entry
from recs.ingest.records import FIELD_COUNT, FileRows, record_texts

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("source_file", pa.string()),
        ("source_line", pa.int64()),  # 0 for a file that cannot be read at all
        ("source_text", pa.string()),
        ("rules", pa.string()),  # "; "-joined
        ("arrival_date", pa.date32()),
        ("arrival_hour", pa.int8()),
    ]
)


def quarantine_rows(
    entries: Sequence[Entry], parsed: dict[str, FileRows], bad: pa.Table, delimiters: dict[str, str]
) -> pa.Table:
    """One row a bad record, and one with line 0 a file that cannot be read (its text says why), sorted.

    bad: source_file, source_line and rules of the records that the gate turned away.
    """
    rows = [
        (entry.file.split("/", 1)[0], entry.file, line, text, rules, entry.day, entry.arrival_hour)
        for entry in entries
        for line, text, rules in _of_file(parsed[entry.file], _broken(bad, entry.file), delimiters[entry.file])
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _broken(bad: pa.Table, file: str) -> dict[int, str]:
    mine = bad.filter(pc.equal(bad["source_file"], file))
    return dict(zip(mine["source_line"].to_pylist(), mine["rules"].to_pylist(), strict=True))


def _of_file(found: FileRows, broken: dict[int, str], delimiter: str) -> list[tuple[int, str, str]]:
    """(line, source text, rules) of a file's bad records."""
    if found.failure:
        rule, detail = found.failure
        return [(0, detail, rule)]
    rules = broken | dict.fromkeys(found.malformed, FIELD_COUNT)
    if not rules:
        return []
    texts = record_texts(found.text, delimiter)
    return [(line, texts[line - 1], rules[line]) for line in sorted(rules)]
