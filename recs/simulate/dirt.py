"""Bad rows in known amounts: each is a further copy of a good row with one thing wrong, so good rows stay as they were.

What each becomes when it is taken in: a repeated event id is a duplicate, an unknown item is valid and flagged, a
blank line is no row, and every other kind breaks its contract and is quarantined.
"""

import json
from typing import Any

import numpy as np

from recs.simulate.rows import NO_ROWS, VIEW, Dirt, give_ids, joined
from recs.simulate.spec import DAY_MS, HOUR_MS, HOURS, Purpose, ShopSpec, stream

TEXT_ONLY = (Dirt.WRONG_TYPE, Dirt.TORN_LINE, Dirt.INVALID_UTF8, Dirt.BLANK_LINE)
REPEATS = (Dirt.DUPLICATE_LINE, Dirt.DUPLICATE_LATER)
HORIZON_DAYS = 400
_LONG = 300
_RETRY_HOURS = 30


def kinds(spec: ShopSpec) -> list[Dirt]:
    """The kinds that the format can hold: Parquet has types, so no text where a number belongs, and no lines."""
    return [k for k in Dirt if k != Dirt.CLEAN and (spec.format == "jsonl" or k not in TEXT_ONLY)]


def planned(spec: ShopSpec, before: int, events: int) -> dict[Dirt, int]:
    """Bad rows of each kind for an hour with ``events`` planned events, after ``before`` in the hours before it."""
    found, each = kinds(spec), spec.dirt / len(kinds(spec))
    phase = {kind: (n + 0.5) / len(found) for n, kind in enumerate(found)}
    return {k: int((before + events) * each + phase[k]) - int(before * each + phase[k]) for k in found}


def planted(
    spec: ShopSpec, day: int, hour: int, rows: np.ndarray, wanted: dict[Dirt, int]
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """(bad rows for this hour, repeats for later hours of the run by their number), made from the hour's good rows.

    A repeat that would come after the run is not planted.
    """
    rng = stream(spec.seed, Purpose.DIRT, day, hour)
    seen = np.flatnonzero(rows["action"] == VIEW)
    here, later = [], NO_ROWS
    for kind, count in wanted.items():
        pool = np.arange(len(rows)) if kind in REPEATS else seen
        copies = rows[pool[rng.integers(0, len(pool), count)]] if len(pool) else NO_ROWS
        copies["dirt"] = kind
        if kind not in REPEATS:
            give_ids(copies, rng)
        _shift(spec, day, kind, copies, rng)
        if kind == Dirt.DUPLICATE_LATER:
            later = copies
        else:
            here.append(copies)
    due = day * HOURS + hour + rng.integers(1, _RETRY_HOURS, len(later))
    return joined(here), {int(n): later[due == n] for n in np.unique(due[due < spec.hours])}


def _shift(spec: ShopSpec, day: int, kind: Dirt, rows: np.ndarray, rng: np.random.Generator) -> None:
    midnight = spec.start_ms + day * DAY_MS
    if kind == Dirt.FUTURE:
        rows["at"] = midnight + DAY_MS + rng.integers(HOUR_MS, 30 * DAY_MS, len(rows))
    if kind == Dirt.BEYOND_HORIZON:
        rows["at"] = midnight - HORIZON_DAYS * DAY_MS - rng.integers(HOUR_MS, 300 * DAY_MS, len(rows))


def is_edited(rows: np.ndarray) -> np.ndarray:
    """Which rows must be written other than as they are."""
    as_they_are = (Dirt.CLEAN, *REPEATS, Dirt.FUTURE, Dirt.BEYOND_HORIZON)
    return ~np.isin(rows["dirt"], as_they_are)


def spoiled_record(kind: Dirt, record: dict[str, Any], draw: int) -> dict[str, Any]:
    """A good record with one thing wrong; ``draw`` (0 or more) picks among the ways."""
    if kind == Dirt.UNKNOWN_ITEM:
        return record | {"item_id": f"gone-{draw:08x}"}
    if kind == Dirt.MISSING_FIELD:
        return _without(record, ("event_at", "action", "item_id")[draw % 3])
    if kind == Dirt.OUT_OF_RANGE:
        return record | ({"quantity": 0}, {"quantity": -2}, {"unit_price": -1.5}, {"rating": 9})[draw % 4]
    if kind == Dirt.INVALID_ACTION:
        return record | {"action": ("teleport", "VIEW ", "buy")[draw % 3]}
    if kind == Dirt.OVER_LONG_ID:
        field = ("session_id", "event_id", "item_id")[draw % 3]
        return record | {field: record[field] + "z" * _LONG}
    if kind == Dirt.WRONG_TYPE:
        wrong = ({"quantity": "two"}, {"event_at": "2026-02-30T10:00:00.000Z"}, {"unit_price": "cheap"})
        return record | wrong[draw % 3]
    raise ValueError(f"{kind.name} is not one wrong thing in a record")


def spoiled_line(kind: Dirt, line: bytes, draw: int) -> bytes:
    """A good line without its line break, with one thing wrong."""
    if kind == Dirt.BLANK_LINE:
        return b""
    if kind == Dirt.TORN_LINE:
        return line[: len(line) // 4 + draw % (len(line) // 2)]
    if kind == Dirt.INVALID_UTF8:
        return line.replace(b'"region":"', b'"region":"\xff\xfe', 1)
    return json.dumps(spoiled_record(kind, json.loads(line), draw), separators=(",", ":")).encode()


def outcome(kind: Dirt) -> str:
    """What becomes of such a row: valid, duplicate, quarantined, or none for what is no row."""
    if kind in (Dirt.CLEAN, Dirt.UNKNOWN_ITEM):
        return "valid"
    if kind in REPEATS:
        return "duplicate"
    return "none" if kind == Dirt.BLANK_LINE else "quarantined"


def _without(record: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != field}
