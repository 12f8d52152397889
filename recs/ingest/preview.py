"""How a file would map, before anything lands: read, typed and judged by what builds the raw tables. Writes nothing."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recs.contracts import Contract
from recs.ingest.classify import ChunkFile, Classifier
from recs.ingest.event_days import arrival_days, event_days
from recs.ingest.formats import Block, Unreadable, file_blocks, file_columns
from recs.ingest.formats.json_lines import TEXT
from recs.ingest.landing import days_of_arrival
from recs.ingest.mapping import needs_line_ids
from recs.ingest.preview_words import Seen, fix_of, seen_in
from recs.ingest.seen import SeenKeys
from recs.ingest.source import Source

SAMPLE_ROWS = 1000


@dataclass(frozen=True)
class PreviewRow:
    """One record: valid with its ``values``, quarantined with ``rules`` and ``text``, or duplicate."""

    line: int
    status: str
    rules: str = ""
    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """One file as one drop of a source. ``problem``: the rule and detail for which nothing of it can be read.

    columns: those of the file that expressions read, that are known and not read, and that are neither. reasons: rule
    -> rows of the sample; fixes: rule -> what to change. days: first and last day of arrival.
    """

    file: str
    drop: str
    table: str
    seen: Seen
    columns: dict[str, list[str]]
    problem: str = ""
    days: tuple[date, date] | None = None
    is_whole: bool = False
    read: int = 0
    valid: int = 0
    quarantined: int = 0
    duplicate: int = 0
    is_over_bad_share: bool = False
    reasons: dict[str, int] = field(default_factory=dict)
    fixes: dict[str, str] = field(default_factory=dict)
    rows: list[PreviewRow] = field(default_factory=list)
    broken: list[PreviewRow] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether the file can be read, and few enough of its rows are bad."""
        return not self.problem and not self.is_over_bad_share


def preview(
    source: Source,
    drop_name: str,
    contract: Contract,
    path: Path,
    *,
    today: date,
    rows: int = 20,
    sample: int | None = SAMPLE_ROWS,
) -> Preview:
    """The first ``rows`` records of a file as one drop, and as many broken ones; counts over the first ``sample``.

    sample: None for all of them. today: the day of arrival where neither path nor events say one.
    """
    drop = source.drops[drop_name]
    with tempfile.TemporaryDirectory() as folder:
        seen = seen_in(path, drop, Path(folder))
        named: list[str] = []
        try:
            named = file_columns(path, drop, Path(folder))
            blocks, is_whole = _sampled(file_blocks(path, drop, source.needed[drop_name], Path(folder)), sample)
        except Unreadable as problem:
            fixes = {problem.rule: fix_of(problem.rule, source, drop_name, contract, seen, named)}
            said = f"{problem.rule}: {problem.detail}"
            columns = _columns(named, source, drop_name)
            return Preview(path.name, drop_name, drop.feeds, seen, columns, said, fixes=fixes)
        days = _days(source, drop_name, path, today, sum(block.rows.num_rows for block in blocks))
        made = Preview(path.name, drop_name, drop.feeds, seen, _columns(named, source, drop_name), is_whole=is_whole)
        found = _judged(made, source, contract, blocks, days, Path(folder), rows)
    fixes = {rule: fix_of(rule, source, drop_name, contract, seen, named) for rule in found.reasons}
    return replace(found, fixes=fixes)


def _sampled(blocks: Iterator[Block], sample: int | None) -> tuple[list[Block], bool]:
    """The blocks of the first records, and whether those are all."""
    found: list[Block] = []
    left = sample
    for block in blocks:
        if left is not None and block.rows.num_rows > left:
            return [*found, Block(block.rows.slice(0, left), block.texts)] if left else found, False
        found.append(block)
        left = None if left is None else left - block.rows.num_rows
    return found, True


def _columns(named: Sequence[str], source: Source, drop_name: str) -> dict[str, list[str]]:
    needed, known = source.needed[drop_name], source.drops[drop_name].known_columns
    return {
        "read": [name for name in named if name in needed],
        "known": [name for name in named if name in known and name not in needed],
        "not_read": [name for name in named if name not in (*needed, *known)],
        "missing": [name for name in needed if name not in named],
    }


def _days(source: Source, drop_name: str, path: Path, today: date, count: int) -> list[date]:
    """The day of arrival of each record."""
    drop = source.drops[drop_name]
    if source.arrival == "event_day" and (drop.arrives or drop.columns.get("event_at")):
        return [day for _, day in arrival_days(list(islice(event_days(source, drop_name, path), count)), today)]
    day = today if source.arrival == "event_day" else next(iter(days_of_arrival(source, path, today)), today)
    return [day] * count


def _judged(
    made: Preview,
    source: Source,
    contract: Contract,
    blocks: Sequence[Block],
    days: Sequence[date],
    folder: Path,
    rows: int,
) -> Preview:
    """The counts and rows of a sample, each day of it as a file of its own, as landing cuts them."""
    different = sorted(set(days))
    if not different:
        return made
    numbers = {day: n for n, day in enumerate(different)}
    classifier = Classifier(
        contract, SeenKeys(lambda day: folder), retracted=lambda: [], catalogues={}, spill=folder, threads=1
    )
    try:
        classifier.start([ChunkFile(source.name, made.file, day, 23, n) for day, n in numbers.items()])
        drop, place = source.drops[made.drop], 0
        for block in blocks:
            own = days[place : place + block.rows.num_rows]
            place += block.rows.num_rows
            given = _with_days(block, own, numbers)
            if TEXT not in given.column_names and needs_line_ids(drop, contract):
                texts = block.texts(given["_line"].to_pylist())
                given = given.append_column(TEXT, pa.array(texts, pa.string()))
            classifier.add(source, drop, source.needed[made.drop], given)
        classifier.finish(lambda: None)
        return _told(made, classifier, contract, blocks, (different[0], different[-1]), rows)
    finally:
        classifier.close()


def _with_days(block: Block, days: Sequence[date], numbers: dict[date, int]) -> pa.Table:
    files = pa.array(np.array([numbers[day] for day in days], np.int32))
    return block.rows.append_column("_file_no", files).append_column("arrival_date", pa.array(days, pa.date32()))


def _told(
    made: Preview,
    classifier: Classifier,
    contract: Contract,
    blocks: Sequence[Block],
    span: tuple[date, date],
    rows: int,
) -> Preview:
    names = [f.name for f in contract.arriving]
    good = classifier.rows().select(["source_line", *names]).sort_by("source_line").slice(0, rows)
    bad = classifier.quarantined()
    rules = dict(zip(bad["source_line"].to_pylist(), bad["rules"].to_pylist(), strict=True))
    counts = dict.fromkeys(("valid", "quarantined", "duplicate"), 0)
    for _, status, n in classifier.counts():
        counts[status] += n
    reasons: dict[str, int] = {}
    for _, rule, n in classifier.reasons():
        reasons[rule] = reasons.get(rule, 0) + n
    values = dict(zip(good["source_line"].to_pylist(), good.select(names).to_pylist(), strict=True))
    first = [line for block in blocks for line in block.rows["_line"][:rows].to_pylist()][:rows]
    broken = sorted(rules)[:rows]
    texts = _texts(blocks, [*first, *broken])
    read = sum(block.rows.num_rows for block in blocks)
    return replace(
        made,
        days=span,
        read=read,
        valid=counts["valid"],
        quarantined=counts["quarantined"],
        duplicate=counts["duplicate"],
        is_over_bad_share=counts["quarantined"] > contract.max_bad_share * read,
        reasons=dict(sorted(reasons.items())),
        rows=[_row(line, rules, values, texts) for line in first],
        broken=[_row(line, rules, values, texts) for line in broken],
    )


def _row(line: int, rules: dict[int, str], values: dict[int, dict[str, Any]], texts: dict[int, str]) -> PreviewRow:
    if line in values:
        return PreviewRow(line, "valid", values=values[line])
    return PreviewRow(line, "quarantined" if line in rules else "duplicate", rules.get(line, ""), texts[line])


def _texts(blocks: Sequence[Block], lines: Sequence[int]) -> dict[int, str]:
    """The source text of some records."""
    found: dict[int, str] = {}
    for block in blocks:
        if block.rows.num_rows:
            first, last = block.rows["_line"][0].as_py(), block.rows["_line"][-1].as_py()
            own = sorted({line for line in lines if first <= line <= last})
            found |= dict(zip(own, block.texts(own), strict=True))
    return found
