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
from recs.ingest.source import Drop, Source

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
) -> list[tuple[date, bytes]] | None:
    """The records of some lines for each day, as files of the drop's own format, packed as the file is.

    None where the records, as they came, are not those that were read.
    """
    drop = source.drops[drop_name]
    return _parquet_parts(drop, path, lines) if drop.format == "parquet" else _text_parts(drop, path, lines)


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


def _text_parts(drop: Drop, path: Path, lines: Mapping[date, Sequence[int]]) -> list[tuple[date, bytes]] | None:
    """None where the records, as they came, are not those that were read."""
    with unpacked(path, drop.compression, path.parent) as file:
        text = file.read()
    codec = "latin-1" if "\n".encode(drop.encoding) == b"\n" else drop.encoding  # byte by byte, where that can be
    header, records = _records(text.decode(codec), drop)
    if max(map(max, lines.values())) > len(records):
        return None
    parts = []
    for day in sorted(lines):
        data = (header + "".join(records[line - 1] + "\n" for line in lines[day])).encode(codec)
        parts.append((day, _packed(data, kind_of(path, drop.compression))))
    return parts


def _records(text: str, drop: Drop) -> tuple[str, list[str]]:
    """The header, and every record as it came; of JSON Lines every line."""
    if drop.format == "json_lines":
        return "", [line.rstrip("\r") for line in text.split("\n")]
    from recs.ingest.formats.csv import record_texts

    records = record_texts(text, drop.delimiter)
    return ("" if drop.header else records.pop(0) + "\n"), records


def _parquet_parts(drop: Drop, path: Path, lines: Mapping[date, Sequence[int]]) -> list[tuple[date, bytes]]:
    with unpacked(path, drop.compression, path.parent) as packed:
        rows, parts = pq.ParquetFile(packed).read(), []
    for day in sorted(lines):
        file = io.BytesIO()
        of_day = [rows.slice(line - 1, 1) for line in lines[day]] if _has_views(rows) else None
        chosen = pa.concat_tables(of_day) if of_day else rows.take(pa.array([line - 1 for line in lines[day]]))
        pq.write_table(chosen, file, compression="zstd")
        parts.append((day, _packed(file.getvalue(), kind_of(path, drop.compression))))
    return parts


def _has_views(rows: pa.Table) -> bool:
    """Whether rows cannot be taken at once, for their type."""
    return bool({pa.string_view(), pa.binary_view()} & set(rows.schema.types))


def _packed(data: bytes, kind: str) -> bytes:
    if kind == "gzip":
        return gzip.compress(data, mtime=0)
    return bytes(pa.Codec("zstd").compress(data, asbytes=True)) if kind == "zstd" else data
