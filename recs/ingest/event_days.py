"""Cutting a file that brings history into one part an event day (``arrival: event_day``)."""

import gzip
from collections import defaultdict
from datetime import date
from pathlib import Path

from recs.ingest.records import file_rows, record_texts
from recs.ingest.source import Source

EVENT_TIME = "event_at"


def parts_by_event_day(source: Source, drop_name: str, path: Path, today: date) -> list[tuple[date, bytes]] | None:
    """(day, file bytes with the header) for each event day, in order; None where the file must stay whole.

    A record without a readable time goes with the first day, to be quarantined there; a day after ``today`` goes
    with today. A drop without events, or a file that cannot be read, stays whole.
    """
    drop = source.drops[drop_name]
    if EVENT_TIME not in drop.columns:
        return None
    parsed = file_rows(path.read_bytes(), path.name, drop, source.needed[drop_name])
    if parsed.failure or not parsed.read:
        return None
    texts = record_texts(parsed.text, drop.delimiter)
    days = _days(source, drop.columns[EVENT_TIME], parsed.rows)
    first = min((day for day in days.values() if day), default=today)
    parts: defaultdict[date, list[str]] = defaultdict(list)
    for line, text in enumerate(texts, start=1):
        parts[min(days.get(line) or first, today)].append(text)
    header = parsed.text.decode().splitlines()[0]
    packed = path.name.endswith(".gz")
    return [(day, _file_bytes([header, *parts[day]], drop.encoding, packed)) for day in sorted(parts)]


def _days(source: Source, expression: str, rows: object) -> dict[int, date | None]:
    """Line number -> UTC day of the event."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = ?", [source.zone])
        connection.register("rows", rows)
        day = f"try(timezone('UTC', try_cast(({expression}) as timestamptz))::date)"
        return dict(connection.execute(f"select _line, {day} from rows").fetchall())


def _file_bytes(lines: list[str], encoding: str, packed: bool) -> bytes:
    data = ("\n".join(lines) + "\n").encode(encoding)
    return gzip.compress(data, mtime=0) if packed else data
