"""Raw partitions of one table for a range of arrival days, in one pass; bad rows go to quarantine beside them."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path

import pyarrow as pa

from recs.contracts import Contract
from recs.ingest.ahead import one_ahead
from recs.ingest.classify import Classifier
from recs.ingest.counts import DayCounts, FileCounts, day_counts
from recs.ingest.errors import IngestError
from recs.ingest.inputs import Inputs, flag_tables, quarantine_table, raw_table
from recs.ingest.ledger import Entry
from recs.ingest.mapping import needs_line_ids
from recs.ingest.quarantine import quarantine_rows
from recs.ingest.records import FileRows, file_rows, line_ids, record_texts
from recs.ingest.source import Source
from recs.lake import Lake, Provenance

CHUNK_DAYS = 60
CHUNK_BYTES = 32_000_000  # of packed files; unpacked and typed they take some thirty times as much


def build_raw(
    contract: Contract,
    days: Sequence[date],
    *,
    lake: Lake,
    landing_root: Path,
    sources: Sequence[Source],
    provenance: Provenance,
    progress: Callable[[date], None] | None = None,
    threads: int = 2,
) -> list[DayCounts]:
    """Write ``raw/<table>`` and ``raw/quarantine/<table>`` for each day and return the counts, oldest first.

    A day's bytes are the same whether it is built alone or in a range. IngestError when an earlier day that it
    depends on is not built, when a landed file has changed, or when rows read <> valid + quarantined + duplicate.
    """
    days = sorted(set(days))
    if not days:
        return []
    inputs = Inputs(contract, landing_root, sources, lake)
    inputs.check_complete(days)
    done: list[DayCounts] = []
    classifier = _classifier(contract, lake, days, threads)

    def write(built: tuple[DayCounts, pa.Table, pa.Table], made_from: dict[str, str]) -> DayCounts:
        _write(contract, lake, *built, made_from, provenance)
        return built[0]

    def build(chunk: list[date]) -> Iterator[tuple[DayCounts, pa.Table, pa.Table]]:
        return iter(list(_built(contract, chunk, inputs.files, Path(landing_root), sources, classifier)))

    # a write mostly waits for the disk; where a day's inputs hold the day before, it must be written first
    at_once = 1 if contract.deduplicate == "first_arrival" else max(threads, 1)
    with (
        closing(classifier),
        closing(one_ahead(build, _chunks(days, inputs.files))) as chunks,
        ThreadPoolExecutor(at_once) as pool,
    ):
        for built in chunks:
            while some := list(islice(built, at_once)):
                made_from = [inputs.of(counts.day) for counts, _, _ in some]
                for counts in pool.map(write, some, made_from):
                    inputs.wrote(counts.day)
                    done.append(counts)
                    if progress:
                        progress(counts.day)
    return done


def _classifier(contract: Contract, lake: Lake, days: Sequence[date], threads: int) -> Classifier:
    own = raw_table(contract.table)
    now = {lake.folder(own, day) for day in days}
    earlier = [path for path in lake.files(own, until=days[-1]) if path.parent not in now]
    catalogues = {table: lake.files(raw_table(table), until=days[-1]) for table in flag_tables(contract)}
    return Classifier(
        contract,
        earlier=earlier if contract.deduplicate == "first_arrival" else [],
        catalogues=catalogues,
        spill=lake.root / ".tmp-ingest",
        threads=threads,
    )


def _chunks(days: Sequence[date], files: dict[date, list[Entry]]) -> Iterator[list[date]]:
    """Runs of days that are small enough to hold in memory."""
    chunk: list[date] = []
    size = 0
    for day in days:
        day_size = sum(entry.bytes for entry in files.get(day, []))
        if chunk and (len(chunk) >= CHUNK_DAYS or size + day_size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(day)
        size += day_size
    yield chunk


def _built(
    contract: Contract,
    days: list[date],
    files: dict[date, list[Entry]],
    landing_root: Path,
    sources: Sequence[Source],
    classifier: Classifier,
) -> Iterator[tuple[DayCounts, pa.Table, pa.Table]]:
    """(counts, valid rows, quarantined rows) of each day of a chunk."""
    by_name = {source.name: source for source in sources}
    entries = [(_source_of(entry, by_name), entry) for day in days for entry in files.get(day, [])]
    parsed = {entry.file: _parsed(source, entry, landing_root) for source, entry in entries}
    classifier.start()
    for source, drop_name, rows in _by_drop(contract, entries, parsed):
        classifier.add(source, source.drops[drop_name], rows)
    classifier.finish()
    valid, bad = classifier.valid(), classifier.quarantined()
    delimiters = {entry.file: source.drops[entry.drop].delimiter for source, entry in entries}
    per_file = FileCounts(parsed, classifier.counts(), classifier.reasons())
    valid_by_day = _split(valid, days)
    for day in days:
        todays = [entry for _, entry in entries if entry.day == day]
        quarantined = quarantine_rows(todays, parsed, bad, delimiters)
        counts = day_counts(contract, day, todays, per_file, valid_by_day[day], quarantined)
        yield counts, valid_by_day[day], quarantined


def _source_of(entry: Entry, sources: dict[str, Source]) -> Source:
    name = entry.file.split("/", 1)[0]
    if entry.drop not in sources[name].drops:
        problem = f"{entry.file} was taken as drop {entry.drop}, which source {name} no longer has"
        raise IngestError(problem, f"bring the drop {entry.drop} back into config/sources/{name}.yaml")
    return sources[name]


def _parsed(source: Source, entry: Entry, landing_root: Path) -> FileRows:
    path = landing_root / entry.file
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != entry.stored_sha256:
        fix = "put the file back from a backup, and land a changed file anew instead of editing landing"
        raise IngestError(f"{path} is not the file that was taken", fix)
    return file_rows(data, entry.name, source.drops[entry.drop], source.needed[entry.drop])


def _by_drop(
    contract: Contract, entries: list[tuple[Source, Entry]], parsed: dict[str, FileRows]
) -> Iterator[tuple[Source, str, pa.Table]]:
    """The rows of each drop of each source, all its files together; drops without files appear with no rows."""
    groups: dict[tuple[str, str], list[pa.Table]] = {}
    sources = {source.name: source for source, _ in entries}
    for source, entry in entries:
        groups.setdefault((source.name, entry.drop), []).append(_with_origin(contract, source, entry, parsed))
    for (name, drop), tables in groups.items():
        yield sources[name], drop, pa.concat_tables(tables)


def _with_origin(contract: Contract, source: Source, entry: Entry, parsed: dict[str, FileRows]) -> pa.Table:
    """A file's rows with where and when they came from, and a line id where the source has no event ids."""
    found = parsed[entry.file]
    rows, drop = found.rows, source.drops[entry.drop]
    if needs_line_ids(drop, contract):
        ids = line_ids(source.name, record_texts(found.text, drop.delimiter), source.repeated_lines)
        kept = [ids[line - 1] for line in rows["_line"].to_pylist()]
        rows = rows.append_column("_line_id", pa.array(kept, pa.string()))
    count = rows.num_rows
    rows = rows.append_column("_file", pa.array([entry.file] * count, pa.string()))
    rows = rows.append_column("_hour", pa.array([entry.arrival_hour] * count, pa.int8()))
    return rows.append_column("arrival_date", pa.array([entry.day] * count, pa.date32()))


def _split(rows: pa.Table, days: list[date]) -> dict[date, pa.Table]:
    """Rows sorted by arrival day, cut by day."""
    counts = {c["values"].as_py(): c["counts"].as_py() for c in rows["arrival_date"].combine_chunks().value_counts()}
    found, start = {}, 0
    for day in days:
        found[day] = rows.slice(start, counts.get(day, 0))
        start += counts.get(day, 0)
    return found


def _write(
    contract: Contract,
    lake: Lake,
    counts: DayCounts,
    valid: pa.Table,
    quarantined: pa.Table,
    inputs: dict[str, str],
    provenance: Provenance,
) -> None:
    """Quarantine first: once the raw partition is there, the day is complete."""
    aside = quarantine_table(contract.table)
    if quarantined.num_rows or lake.info(aside, counts.day):
        order = ["source_file", "source_line"]
        lake.write_partition(aside, counts.day, quarantined, sort_by=order, inputs=inputs, provenance=provenance)
    order = [*contract.key, "source_file", "source_line"]
    extra = counts.as_extra()
    lake.write_partition(
        raw_table(contract.table), counts.day, valid, sort_by=order, inputs=inputs, provenance=provenance, extra=extra
    )
