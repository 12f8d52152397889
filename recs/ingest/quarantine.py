"""The rows that broke their contract, with their whole source text and every rule that they broke."""

from collections.abc import Mapping

import pyarrow as pa

from recs.ingest.plan import Part

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


def quarantine_rows(part: Part, bad: Mapping[int, Mapping[int, str]]) -> pa.Table:
    """One row a bad record of a part, and one with line 0 a file that cannot be read (its text says why), in order.

    bad: place of the file in the part -> line -> rules.
    """
    found: list[tuple[int, int, str, str]] = []
    for place, (_, problem) in enumerate(part.files):
        if problem is not None:
            found.append((place, 0, problem.detail, problem.rule))
    for place, block in part.blocks:
        rules = bad.get(place, {})
        if not rules:
            continue
        first, last = block.rows["_line"][0].as_py(), block.rows["_line"][-1].as_py()
        lines = sorted(line for line in rules if first <= line <= last)
        found += [(place, line, text, rules[line]) for line, text in zip(lines, block.texts(lines), strict=True)]
    rows = []
    for place, line, text, broken in sorted(found, key=lambda row: row[:2]):
        entry = part.files[place][0]
        source = entry.file.split("/", 1)[0]
        rows.append((source, entry.file, line, text, broken, part.day, entry.arrival_hour))
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
