"""The rows that broke their contract, with their whole source text and every rule that they broke."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from recs.ingest.formats import Block
from recs.ingest.ledger import Entry
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
_SAME = ("source", "source_file", "arrival_date", "arrival_hour")  # in all rows of a file


def quarantine_rows(part: Part, bad: Mapping[int, Mapping[int, str]]) -> pa.Table:
    """One row a bad record of a part, and one with line 0 a file that cannot be read (its text says why), in order.

    bad: place of the file in the part -> line -> rules.
    """
    blocks: dict[int, list[Block]] = {}
    for place, block in part.blocks:
        blocks.setdefault(place, []).append(block)
    found = [SCHEMA.empty_table()]
    for place, (entry, problem) in enumerate(part.files):
        if problem is not None:
            found.append(_rows(part, entry, [0], [problem.detail], [problem.rule]))
        rules = bad.get(place, {})
        for block in blocks.get(place, ()) if rules else ():
            numbers = block.rows["_line"].to_numpy()
            lines = numbers[np.isin(numbers, list(rules))].tolist()
            found.append(_rows(part, entry, lines, block.texts(lines), [rules[line] for line in lines]))
    return pa.concat_tables(found).combine_chunks()


def _rows(part: Part, entry: Entry, lines: list[int], texts: list[str], rules: list[str]) -> pa.Table:
    source = entry.file.split("/", 1)[0]
    same = (source, entry.file, part.day, entry.arrival_hour)
    names, file, day, hour = (
        pa.repeat(pa.scalar(v, SCHEMA.field(n).type), len(lines)) for n, v in zip(_SAME, same, strict=True)
    )
    return pa.table([names, file, lines, texts, rules, day, hour], schema=SCHEMA)
