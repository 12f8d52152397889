"""Events as rows of one NumPy record type: small, sorted and joined in one step, and read by compiled loops."""

from enum import IntEnum

import numpy as np

ACTIONS = ("view", "click", "cart", "uncart", "favourite", "purchase", "return", "rating", "dismiss", "search")
VIEW, CLICK, CART, UNCART, FAVOURITE, PURCHASE, RETURN, RATING, DISMISS, SEARCH = range(len(ACTIONS))


class Dirt(IntEnum):
    """What is wrong with a row; CLEAN is nothing."""

    CLEAN = 0
    DUPLICATE_LINE = 1
    DUPLICATE_LATER = 2
    UNKNOWN_ITEM = 3
    MISSING_FIELD = 4
    OUT_OF_RANGE = 5
    INVALID_ACTION = 6
    FUTURE = 7
    BEYOND_HORIZON = 8
    OVER_LONG_ID = 9
    WRONG_TYPE = 10
    TORN_LINE = 11
    INVALID_UTF8 = 12
    BLANK_LINE = 13


# at: ms since 1970; user, item, query, cents: -1 = none; quantity, rating: 0 = none; id_hi, id_lo: the event id
ROW = np.dtype(
    [
        ("at", "i8"),
        ("id_hi", "u8"),
        ("id_lo", "u8"),
        ("session", "u8"),
        ("user", "i4"),
        ("item", "i4"),
        ("cents", "i4"),
        ("query", "i4"),
        ("quantity", "i2"),
        ("action", "u1"),
        ("rating", "u1"),
        ("region", "u1"),
        ("device", "u1"),
        ("dirt", "u1"),
    ],
    align=True,
)
NO_ROWS = np.zeros(0, ROW)
_BYTES = np.dtype((np.void, ROW.itemsize))


def empty_rows(count: int) -> np.ndarray:
    """``count`` clean rows without a shopper, item, price or query."""
    rows = np.zeros(count, ROW)
    for name in ("user", "item", "cents", "query"):
        rows[name] = -1
    return rows


def give_ids(rows: np.ndarray, rng: np.random.Generator) -> None:
    """Fresh event ids of 128 random bits."""
    drawn = rng.integers(0, 2**64, size=(2, len(rows)), dtype=np.uint64)
    rows["id_hi"], rows["id_lo"] = drawn[0], drawn[1]


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Rows of several arrays, in their order."""
    kept = [part for part in parts if len(part)]
    if len(kept) < 2:
        return kept[0] if kept else NO_ROWS
    return np.concatenate([part.view(_BYTES) for part in kept]).view(ROW)  # field by field takes ten times as long


def picked(rows: np.ndarray, where: np.ndarray) -> np.ndarray:
    """``rows[where]``, for indices or booleans, as bytes: field by field takes thirty times as long."""
    return rows.view(_BYTES)[where].view(ROW)


def in_order(rows: np.ndarray, key: np.ndarray) -> np.ndarray:
    """The rows by ``key`` (ms that span less than a month), ties as they are."""
    place = (key - (key.min() if len(key) else 0)) << 32 | np.arange(len(rows))
    return picked(rows, np.sort(place) & 0xFFFFFFFF)  # a plain sort of numbers is four times as fast as argsort


def id_table(prefix: str, numbers: np.ndarray) -> np.ndarray:
    """(n, width) bytes: prefix and number, padded with zeros to one width."""
    digits = max(6, len(str(int(numbers.max(initial=0)))))
    table = np.empty((len(numbers), len(prefix) + digits), np.uint8)
    table[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(digits):
        table[:, -1 - place] = rest % 10 + ord("0")
        rest = rest // 10
    return table


def id_texts(table: np.ndarray) -> np.ndarray:
    """The ids of a table as NumPy text."""
    return np.ascontiguousarray(table).view(f"S{table.shape[1]}").ravel().astype(f"U{table.shape[1]}")
