"""Rows to JSON Lines, compiled: a line is written byte by byte, without a Python object an event."""

from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np

from recs.simulate.rows import ACTIONS, SEARCH
from recs.simulate.vocabulary import CURRENCY, DEVICES, REGIONS, STYLES
from recs.simulate.world import World

CHUNK = 32_768
_MOST_BYTES = 448  # of one line: 300 of names and fixed values, the rest ids, prices and a query


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8).copy()


_EVENT_ID, _EVENT_AT = _bytes('{"event_id":"'), _bytes('","event_at":"')
_SESSION_ID, _QUANTITY, _PRICE = _bytes('"session_id":"'), _bytes('"quantity":'), _bytes('"unit_price":')
_CURRENCY, _RATING = _bytes(f',"currency":"{CURRENCY}",'), _bytes('"rating":')
_AFTER_TIME, _AFTER_TEXT = _bytes('Z",'), _bytes('",')
N_DEVICES = len(DEVICES)


@dataclass(frozen=True)
class Texts:
    """Byte tables by code, each row with the names around it; where lengths differ, the last column tells them.

    ends: what closes a line, by region and device.
    """

    users: np.ndarray
    items: np.ndarray
    queries: np.ndarray
    actions: np.ndarray
    ends: np.ndarray


def query_texts(world: World) -> list[str]:
    """What is typed to find each cell: style and noun."""
    return [f"{style} {noun}" for _, noun in world.catalogue.category_names for style in STYLES]


def make_texts(world: World) -> Texts:
    ends = [f'"region":"{region}","device":"{device}"}}\n' for region in REGIONS for device in DEVICES]
    return Texts(
        users=_between('"user_id":"', world.people.ids, '",'),
        items=_between('"item_id":"', world.catalogue.ids, '",'),
        queries=_padded([f'"query":"{query}",' for query in query_texts(world)]),
        actions=_padded([f'"action":"{action}",' for action in ACTIONS]),
        ends=_padded(ends),
    )


def json_lines(rows: np.ndarray, texts: Texts) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """(bytes, end of each line, first row) of each chunk of rows; the buffer is used again for the next chunk."""
    buffer = np.empty(min(CHUNK, max(len(rows), 1)) * _MOST_BYTES, np.uint8)
    ends = np.empty(min(CHUNK, max(len(rows), 1)), np.int64)
    for first in range(0, len(rows), CHUNK):
        some = rows[first : first + CHUNK]
        _write(some, buffer, ends, texts.users, texts.items, texts.queries, texts.actions, texts.ends)
        yield buffer[: ends[len(some) - 1]], ends[: len(some)], first


def hex_texts(high: np.ndarray, low: np.ndarray | None = None) -> np.ndarray:
    """(n, 16 or 32) bytes: the numbers in hexadecimal."""
    none = np.zeros(0, np.uint64)
    out = np.empty((len(high), 16 if low is None else 32), np.uint8)
    _hex_rows(np.ascontiguousarray(high), none if low is None else np.ascontiguousarray(low), out.ravel())
    return out


def _between(before: str, ids: np.ndarray, after: str) -> np.ndarray:
    """Every id with the same text before and after it."""
    sides = [np.broadcast_to(_bytes(text), (len(ids), len(text))) for text in (before, after)]
    return np.concatenate([sides[0], ids, sides[1]], axis=1)


def _padded(words: list[str]) -> np.ndarray:
    table = np.zeros((len(words), max(len(w) for w in words) + 1), np.uint8)
    for code, word in enumerate(words):
        table[code, : len(word)] = _bytes(word)
        table[code, -1] = len(word)
    return table


# Positions are unsigned: a signed index may count from the end, and the check for it keeps loops from being vectorised.


@numba.njit(cache=True, nogil=True)
def _text(out, at, text):  # type: ignore[no-untyped-def]
    count = np.uint64(len(text))
    for i in range(count):
        out[at + i] = text[i]
    return at + count


@numba.njit(cache=True, nogil=True)
def _row(out, at, table, code, count):  # type: ignore[no-untyped-def]
    row, count = np.uint64(code), np.uint64(count)
    for i in range(count):
        out[at + i] = table[row, i]
    return at + count


@numba.njit(cache=True, nogil=True)
def _byte(out, at, byte):  # type: ignore[no-untyped-def]
    out[at] = byte
    return at + np.uint64(1)


@numba.njit(cache=True, nogil=True)
def _digits(out, at, number, count):  # type: ignore[no-untyped-def]
    rest = np.uint64(number)
    for i in range(count):
        tens = rest // np.uint64(10)
        out[at + np.uint64(count - 1 - i)] = np.uint8(rest - tens * np.uint64(10)) + np.uint8(48)
        rest = tens
    return at + np.uint64(count)


@numba.njit(cache=True, nogil=True)
def _whole(out, at, number):  # type: ignore[no-untyped-def]
    count, rest = 1, number // 10
    while rest > 0:
        count += 1
        rest //= 10
    return _digits(out, at, number, count)


@numba.njit(cache=True, nogil=True)
def _spread(number):  # type: ignore[no-untyped-def]
    """Eight hexadecimal digits of a 32-bit number as the bytes of one 64-bit number, the lowest byte first."""
    x = (number >> np.uint64(16)) | ((number & np.uint64(0xFFFF)) << np.uint64(32))
    x = ((x >> np.uint64(8)) & np.uint64(0x000000FF000000FF)) | ((x & np.uint64(0x000000FF000000FF)) << np.uint64(16))
    x = ((x >> np.uint64(4)) & np.uint64(0x000F000F000F000F)) | ((x & np.uint64(0x000F000F000F000F)) << np.uint64(8))
    letters = ((x + np.uint64(0x0606060606060606)) >> np.uint64(4)) & np.uint64(0x0101010101010101)
    return x + np.uint64(0x3030303030303030) + letters * np.uint64(ord("a") - ord("0") - 10)


@numba.njit(cache=True, nogil=True)
def _hex(out, at, number):  # type: ignore[no-untyped-def]
    for half in range(2):
        digits = _spread((number >> np.uint64(32 - 32 * half)) & np.uint64(0xFFFFFFFF))
        for i in range(np.uint64(8)):
            out[at + i] = np.uint8((digits >> (np.uint64(8) * i)) & np.uint64(255))
        at += np.uint64(8)
    return at


@numba.njit(cache=True, nogil=True)
def _hex_rows(numbers, others, out):  # type: ignore[no-untyped-def]
    at = np.uint64(0)
    for i in range(len(numbers)):
        at = _hex(out, at, numbers[i])
        if len(others):
            at = _hex(out, at, others[i])


@numba.njit(cache=True, nogil=True)
def _time(out, at, ms):  # type: ignore[no-untyped-def]
    """ISO 8601 in UTC. Civil date from days: Hinnant, "chrono-Compatible Low-Level Date Algorithms"."""
    days = ms // 86_400_000
    rest = ms - days * 86_400_000
    z = days + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    at = _byte(out, _digits(out, at, yoe + era * 400 + (1 if month <= 2 else 0), 4), 45)
    at = _byte(out, _digits(out, at, month, 2), 45)
    at = _byte(out, _digits(out, at, doy - (153 * mp + 2) // 5 + 1, 2), 84)
    at = _byte(out, _digits(out, at, rest // 3_600_000, 2), 58)
    at = _byte(out, _digits(out, at, rest // 60_000 % 60, 2), 58)
    at = _byte(out, _digits(out, at, rest // 1000 % 60, 2), 46)
    return _text(out, _digits(out, at, rest % 1000, 3), _AFTER_TIME)


@numba.njit(cache=True, nogil=True)
def _price(out, at, cents):  # type: ignore[no-untyped-def]
    at = _byte(out, _whole(out, _text(out, at, _PRICE), np.int64(cents // 100)), 46)
    return _text(out, _digits(out, at, cents % 100, 2), _CURRENCY)


@numba.njit(cache=True, nogil=True)
def _write(rows, out, ends, users, items, queries, actions, closing):  # type: ignore[no-untyped-def]
    at = np.uint64(0)
    for i in range(len(rows)):
        row = rows[i]
        at = _hex(out, _hex(out, _text(out, at, _EVENT_ID), row.id_hi), row.id_lo)
        at = _time(out, _text(out, at, _EVENT_AT), row.at)
        if row.user >= 0:
            at = _row(out, at, users, row.user, users.shape[1])
        at = _text(out, _hex(out, _text(out, at, _SESSION_ID), row.session), _AFTER_TEXT)
        if row.item >= 0 and row.action != SEARCH:
            at = _row(out, at, items, row.item, items.shape[1])
        at = _row(out, at, actions, row.action, actions[row.action, -1])
        if row.quantity > 0:
            at = _byte(out, _whole(out, _text(out, at, _QUANTITY), np.int64(row.quantity)), 44)
        if row.cents >= 0:
            at = _price(out, at, row.cents)
        if row.rating > 0:
            at = _byte(out, _whole(out, _text(out, at, _RATING), np.int64(row.rating)), 44)
        if row.query >= 0:
            at = _row(out, at, queries, row.query, queries[row.query, -1])
        last = np.int64(row.region) * N_DEVICES + row.device
        at = _row(out, at, closing, last, closing[last, -1])
        ends[i] = at
