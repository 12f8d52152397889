"""Cutting a file that brings history into one part an event day (``arrival: event_day``)."""

import gzip
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs.ingest.formats import Unreadable, file_blocks
from recs.ingest.formats.unpack import kind_of, unpacked
from recs.ingest.mapping import fields_sql
from recs.ingest.source import Source

EVENT_TIME = "event_at"


def parts_by_event_day(source: Source, drop_name: str, path: Path, today: date) -> list[tuple[date, bytes]] | None:
    """(day, file bytes in the drop's own format) for each event day, in order; None where the file must stay whole.

    The day is that of ``arrives``, or else of ``event_at``. A record without a readable time goes with the first day,
    to be quarantined there; a day after ``today`` goes with today. A drop without either, or a file that cannot be
    read, stays whole.
    """
    drop = source.drops[drop_name]
    if not (drop.arrives or drop.columns.get(EVENT_TIME)):
        return None
    try:
        days = list(event_days(source, drop_name, path))
    except Unreadable:
        return None
    if not days:
        return None
    lines: defaultdict[date, list[int]] = defaultdict(list)
    for line, day in arrival_days(days, today):
        lines[day].append(line)
    return parts_of_lines(source, drop_name, path, lines)


def parts_of_lines(
    source: Source, drop_name: str, path: Path, lines: Mapping[date, Sequence[int]]
) -> list[tuple[date, bytes]]:
    """The records of some lines for each day, as files of the drop's own format, packed as the file is."""
    if source.drops[drop_name].format == "parquet":
        return _parquet_parts(path, lines)
    return _text_parts(source, drop_name, path, lines)


def arrival_days(days: Sequence[tuple[int, date | None]], today: date) -> list[tuple[int, date]]:
    """The day with which each line goes: its event's, at most today; without one, the first of all."""
    first = min((min(day, today) for _, day in days if day), default=today)
    return [(line, min(day, today) if day else first) for line, day in days]


def event_days(source: Source, drop_name: str, path: Path) -> Iterator[tuple[int, date | None]]:
    """Line number and UTC day of the event of every record, in order."""
    import duckdb

    drop, needed = source.drops[drop_name], source.needed[drop_name]
    when = drop.arrives or drop.columns[EVENT_TIME]
    day = f"try(timezone('UTC', try_cast(({when}) as timestamptz))::date)"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = ?", [source.zone])
        for block in file_blocks(path, drop, needed, path.parent):
            rows = block.rows.append_column("_file_no", pa.nulls(block.rows.num_rows, pa.int32()))
            connection.register("rows", rows.append_column("arrival_date", pa.nulls(rows.num_rows, pa.date32())))
            fields = fields_sql(source, drop, "rows", needed, with_ids=False)
            yield from connection.execute(f"select _line, {day} from ({fields}) order by _line").fetchall()


def _text_parts(
    source: Source, drop_name: str, path: Path, lines: Mapping[date, Sequence[int]]
) -> list[tuple[date, bytes]]:
    drop = source.drops[drop_name]
    header, records = _records(source, drop_name, path)
    parts = []
    for day in sorted(lines):
        data = b"".join(records[line] + b"\n" for line in lines[day])
        parts.append((day, _packed(header + data, kind_of(path, drop.compression))))
    return parts


def _records(source: Source, drop_name: str, path: Path) -> tuple[bytes, dict[int, bytes]]:
    """The header, and every record as it came, by its number."""
    drop = source.drops[drop_name]
    with unpacked(path, drop.compression, path.parent) as file:
        text = file.read()
    codec = "latin-1" if "\n".encode(drop.encoding) == b"\n" else drop.encoding  # byte by byte, where that can be
    decoded = text.decode(codec)
    if drop.format == "json_lines":
        found = {n: line.rstrip("\r") for n, line in enumerate(decoded.split("\n"), start=1)}
        return b"", {n: line.encode(codec) for n, line in found.items()}
    from recs.ingest.formats.csv import record_texts

    records = record_texts(decoded, drop.delimiter)
    header = "" if drop.header else records.pop(0) + "\n"
    return header.encode(codec), {n: record.encode(codec) for n, record in enumerate(records, start=1)}


def _parquet_parts(path: Path, lines: Mapping[date, Sequence[int]]) -> list[tuple[date, bytes]]:
    rows, parts = pq.read_table(path), []
    for day in sorted(lines):
        file = io.BytesIO()
        pq.write_table(rows.take(pa.array([line - 1 for line in lines[day]])), file, compression="zstd")
        parts.append((day, file.getvalue()))
    return parts


def _packed(data: bytes, kind: str) -> bytes:
    if kind == "gzip":
        return gzip.compress(data, mtime=0)
    return bytes(pa.Codec("zstd").compress(data, asbytes=True)) if kind == "zstd" else data
