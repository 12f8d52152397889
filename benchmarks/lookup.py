"""Answers a second from a store of 60-item lists: joined JSON fragments against decoding and encoding each item."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from recs.lookup.contents import ReleaseContents, SurfaceEntry
from recs.lookup.lookup import Lookup
from recs.lookup.query import Query
from recs.policies.reasons import POPULAR, sentence
from recs.store import Reader, store_at
from recs.store.codec import (
    NO_ITEM,
    ItemRecord,
    ListRecord,
    decode_item,
    decode_list,
    encode_item,
    encode_list,
    encode_meta,
    item_key,
    list_key,
    meta_key,
)

RUNS = 5
USERS, ITEMS, SLOTS = 2_000, 20_000, 60
RELEASE = "20260309-0000000000"


def rows(runs: int = RUNS) -> list[dict[str, Any]]:
    """Median CPU seconds of 2,000 answers each way, alternating, for 20 and 50 items; both give the same document."""
    with tempfile.TemporaryDirectory() as folder:
        store = store_at(Path(folder))
        store.load(RELEASE, _records())
        reader = store.reader(RELEASE)
        try:
            return [row for count in (20, 50) for row in _compared(reader, count, runs)]
        finally:
            reader.close()


def _compared(reader: Reader, count: int, runs: int) -> Iterator[dict[str, Any]]:
    lookup = Lookup(reader)
    queries = [Query(("home",), user_id=f"u{n}", count=count) for n in range(USERS)]
    ways: dict[str, Callable[[Query], bytes]] = {
        "decode and encode": lambda query: _plain_answer(reader, query),
        "aisle": lambda query: lookup.answer(query, request_id="r").body,
    }
    first = [msgspec.json.decode(way(queries[0])) for way in ways.values()]
    if first[0]["items"] != first[1]["items"]:
        raise AssertionError("the two ways of answering differ, so their times say nothing")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs + 1):  # the first run of each only warms up
        for name, way in ways.items():
            started = time.process_time()
            for query in queries:
                way(query)
            seconds[name].append(time.process_time() - started)
    median = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    for name, taken in median.items():
        case = f"{name}, {count} of {SLOTS} items, {ITEMS:,} items, one thread, CPU seconds"
        rate = USERS / taken
        ratio = {"decode and encode": median["decode and encode"] / taken}
        yield {"case": case, "seconds": taken, "rate": rate, "unit": "answers/s", "ratio_to": ratio}


def _plain_answer(reader: Reader, query: Query) -> bytes:
    """The same answer by the plain use of the same libraries."""
    key = list_key(0, 0, "user", query.user_id or "")
    found = decode_list(key, reader.get(key) or b"")
    items = []
    for code, score in list(zip(found.items, found.scores, strict=True))[: query.count]:
        at = item_key(code)
        item = decode_item(at, reader.get(at) or b"")
        reason = {"code": POPULAR, "text": sentence(POPULAR), "item_id": None}
        metadata = msgspec.json.decode(item.metadata)
        score = float(f"{score:.6g}")
        items.append({"item_id": item.item_id, "score": score, "reason": reason, "metadata": metadata})
    return msgspec.json.encode({"release_id": RELEASE, "surface": "home", "source": "user", "items": items})


def _records() -> Iterator[tuple[bytes, bytes]]:
    for code in range(ITEMS):
        title = f"Apple Sauce {code}, 50 oz (store brand)"
        metadata = {"title": title, "price": 1.99, "currency": "USD", "image_url": None, "category": "Fruit"}
        record = ItemRecord(str(800_000 + code), title, "Fruit", msgspec.json.encode(metadata))
        yield item_key(code), encode_item(item_key(code), record)
    for user in sorted(f"u{n}" for n in range(USERS)):
        key = list_key(0, 0, "user", user)
        items = tuple((int(user[1:]) * 7919 + n * 613) % ITEMS for n in range(SLOTS))
        scores = tuple(1 / (n + 1) for n in range(SLOTS))
        yield key, encode_list(key, ListRecord(items, (NO_ITEM,) * SLOTS, (0,) * SLOTS, (0,) * SLOTS, scores))
    contents = ReleaseContents(
        release_id=RELEASE,
        as_of="2026-03-09",
        surfaces=[SurfaceEntry(name="home", title="Home", keyed_by="user", fallback=())],
        reasons=[POPULAR],
        channels=["popular"],
        variants=["base"],
    )
    yield meta_key("release"), encode_meta(meta_key("release"), msgspec.json.encode(contents))
