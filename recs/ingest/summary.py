"""What one ingestion did, as the plain values that ``aisle ingest --json`` prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from recs.ingest.counts import DayCounts
from recs.ingest.ledger import Entry


def ingest_summary(source: str, entries: Sequence[Entry], counts: Mapping[str, Sequence[DayCounts]]) -> dict[str, Any]:
    """entries: what ``land`` returned; counts: table -> what ``build_raw`` returned for it.

    A taken file that could not be read shows as quarantined, with the reason; one with columns that its source asks to
    be told of names them.
    """
    told = {f.name: f.unknown_columns for days in counts.values() for day in days for f in day.files}
    unreadable = {f.name: f.reason for days in counts.values() for day in days for f in day.files if f.reason}
    files = [
        {
            "name": entry.name,
            "status": "quarantined" if entry.file in unreadable else entry.status,
            "reason": unreadable.get(entry.file, entry.reason),
            **({"unknown_columns": told[entry.file]} if told.get(entry.file) else {}),
        }
        for entry in entries
    ]
    return {"source": source, "tables": {table: _totals(days) for table, days in counts.items()}, "files": files}


def _totals(days: Sequence[DayCounts]) -> dict[str, Any]:
    reasons: Counter[str] = sum((Counter(day.reasons) for day in days), Counter())
    sums = {name: sum(getattr(day, name) for day in days) for name in ("read", "valid", "quarantined", "duplicate")}
    return sums | {"reasons": dict(sorted(reasons.items()))}
