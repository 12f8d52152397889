"""From what the reader brings to what the writer writes: the rows of a chunk, judged, counted and put aside."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs.contracts import Contract, arrow_schema
from recs.ingest.ahead import one_ahead
from recs.ingest.border import Border
from recs.ingest.classify import ChunkFile, Classifier
from recs.ingest.corrections import Correction, correction
from recs.ingest.counts import DayCounts, FileStatus, HourCounts
from recs.ingest.formats.json_lines import TEXT
from recs.ingest.formats.texts import alike
from recs.ingest.inputs import Inputs
from recs.ingest.mapping import needs_line_ids
from recs.ingest.plan import Part, Reader
from recs.ingest.quarantine import quarantine_rows
from recs.ingest.writing import DayWriter, Written, keys_file


class Chunks:
    """Takes what the reader brings, a chunk ahead, through the classifier to the writer, a part behind."""

    def __init__(
        self,
        contract: Contract,
        reader: Reader,
        classifier: Classifier,
        writer: DayWriter,
        inputs: Inputs,
        border: Border,
    ) -> None:
        self.contract, self.reader, self.classifier = contract, reader, classifier
        self.writer, self.inputs, self.border = writer, inputs, border

    def built(self) -> Iterator[DayCounts]:
        """The counts of each day, once it is committed."""
        with closing(one_ahead(self.reader.chunks(self.writer.todo))) as chunks:
            for chunk in chunks:
                for part, written in self._classified(chunk):
                    self.classifier.seen.add(part.day, keys_file(part.name), written.keys)
                    self.writer.put(part, written)
                yield from self.writer.finished()
                if self.writer.stopped:
                    break
        yield from self.writer.finished(wait=True)

    def _classified(self, chunk: list[Part]) -> list[tuple[Part, Written]]:
        numbers = self._start(chunk)
        fix = self._correction(chunk)
        self.classifier.finish(self.writer.settle, fix.replaced if fix else None)
        if fix:
            self.classifier.mark_again(fix.unchanged["_row"].to_numpy())
        if any(part.ends_day for part in chunk):
            self.classifier.prove()
        rows = self.classifier.rows()
        bad = self._bad_lines()
        statuses, reasons = self.classifier.counts(), self.classifier.reasons()
        ends = np.searchsorted(rows["_part"].to_numpy(), np.arange(len(chunk) + 1))
        none, done = arrow_schema(self.contract).empty_table(), []
        for place, part in enumerate(chunk):
            own = numbers[place]
            kept = rows.slice(ends[place], ends[place + 1] - ends[place])
            keys = np.sort(kept["_key"].to_numpy()) if self.classifier.by_first_arrival else np.empty(0, np.uint64)
            kept = self.border.rows(kept.drop_columns(["_part", "_row", "_key"]))
            retracted = fix.retracted if fix else none
            aside = quarantine_rows(part, {n: bad.get(number, {}) for n, number in enumerate(own)})
            aside = self.border.quarantine(aside)
            counts = self._counts(part, own, statuses, reasons, kept, retracted.num_rows)
            done.append((part, Written(kept, keys, aside, retracted, counts)))
        return self._profiled(done, rows)

    def _profiled(self, done: list[tuple[Part, Written]], rows: pa.Table) -> list[tuple[Part, Written]]:
        """With the profiles of days that are one part each, counted all at once."""
        judge = self.writer.judge
        if judge is None:
            return done
        whole = {part.day: written for part, written in done if part.is_day}
        read = {day: _read(written.counts) for day, written in whole.items()}
        profiles = judge.profiles(rows, read)
        return [
            (part, replace(written, profile=profiles.get(part.day) if part.is_day else None)) for part, written in done
        ]

    def _start(self, chunk: list[Part]) -> list[list[int]]:
        """Give every row of a chunk to the classifier; the numbers of its files, by part."""
        files: list[ChunkFile] = []
        numbers: list[list[int]] = []
        for place, part in enumerate(chunk):
            numbers.append(list(range(len(files), len(files) + len(part.files))))
            for entry, _ in part.files:
                name = self.reader.source(entry).name
                files.append(ChunkFile(name, entry.file, part.day, entry.arrival_hour, place))
        self.classifier.start(files)
        for (name, drop_name), tables in self._by_drop(chunk, numbers).items():
            source = self.reader.sources[name]
            self.classifier.add(source, source.drops[drop_name], source.needed[drop_name], alike(tables))
        return numbers

    def _by_drop(self, chunk: list[Part], numbers: list[list[int]]) -> dict[tuple[str, str], list[pa.Table]]:
        groups: dict[tuple[str, str], list[pa.Table]] = {}
        for part, own in zip(chunk, numbers, strict=True):
            for place, block in part.blocks:
                entry = part.files[place][0]
                source = self.reader.source(entry)
                rows = _with_place(block.rows, own[place], part.day)
                if TEXT not in rows.column_names and needs_line_ids(source.drops[entry.drop], self.contract):
                    rows = rows.append_column(TEXT, pa.array(block.texts(rows["_line"].to_pylist()), pa.string()))
                groups.setdefault((source.name, entry.drop), []).append(rows)
        return groups

    def _correction(self, chunk: list[Part]) -> Correction | None:
        """What the correction that a chunk consists of takes back."""
        entry = chunk[0].corrects
        if entry is None or not self.classifier.by_first_arrival:
            return None
        self.writer.settle()
        earlier = self.inputs.versions(entry)
        days = sorted({version.day for version in earlier} | {entry.day})
        raw = [path for day in days for path in sorted(self.writer.folder(day).glob("data*.parquet"))]
        names = [version.file for version in earlier]
        rows = self.border.rows(self.classifier.candidates())
        return correction(self.contract, rows, entry, names, raw, self.writer.retracted_files())

    def _bad_lines(self) -> dict[int, dict[int, str]]:
        """File number -> line -> the rules that it breaks."""
        found: dict[int, dict[int, str]] = {}
        bad = self.classifier.quarantined()
        for number, line, rules in zip(*(column.to_pylist() for column in bad.columns), strict=True):
            found.setdefault(number, {})[line] = sys.intern(rules)  # millions of rows may break the same ones
        return found

    def _counts(
        self,
        part: Part,
        own: list[int],
        statuses: list[tuple[int, str, int]],
        reasons: list[tuple[int, str, int]],
        rows: pa.Table,
        retracted: int,
    ) -> HourCounts:
        by_status = {(number, status): n for number, status, n in statuses if own and own[0] <= number <= own[-1]}
        broken = Counter(problem.rule for _, problem in part.files if problem)
        for number, rule, n in reasons:
            if own and own[0] <= number <= own[-1]:
                broken[rule] += n
        files = []
        for number, (entry, problem) in zip(own, part.files, strict=True):
            valid, bad, again = (by_status.get((number, status), 0) for status in ("valid", "quarantined", "duplicate"))
            blocks = [block for place, block in part.blocks if own[place] == number]
            read = sum(block.rows.num_rows for block in blocks)
            unknown = sorted({name for block in blocks for name in block.unknown})
            reason = self.border.reason(problem.rule, problem.detail) if problem else ""
            status = "quarantined" if problem else "read"
            back = retracted if entry.corrects else 0
            files.append(FileStatus(entry.file, status, reason, read, valid, bad, again, back, unknown))
        flags = (field.name for field in self.contract.fields if field.flags)
        return HourCounts("", dict(broken), {flag: pc.sum(rows[flag]).as_py() or 0 for flag in flags}, files)


def _with_place(rows: pa.Table, number: int, day: date) -> pa.Table:
    """A block's rows with the number of their file and their day of arrival."""
    days = np.full(rows.num_rows, (day - date(1970, 1, 1)).days, np.int32)
    numbers = pa.array(np.full(rows.num_rows, number, np.int32))
    return rows.append_column("_file_no", numbers).append_column("arrival_date", pa.array(days).cast(pa.date32()))


def _read(counts: HourCounts) -> tuple[int, int]:
    """Rows read, and of them quarantined."""
    return sum(file.read for file in counts.files), sum(file.quarantined for file in counts.files)
