"""Items and reasons of one release as ready JSON fragments, so that an answer is a join of bytes."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import msgspec

from recs.lookup.contents import ReleaseContents
from recs.policies.reasons import sentence
from recs.store import BadRecord, Reader, StoreError
from recs.store.codec import NO_ITEM, ListRecord, decode_item, item_key

MOST_KEPT = 50_000  # fragments in memory per kind; the whole catalogue of most shops


class ItemParts(NamedTuple):
    """An item's JSON around its score and reason: ``head score ,"reason":reason tail``."""

    item_id: str
    title: str
    category: str
    head: bytes
    tail: bytes


class Fragments:
    """Reads items of one release and keeps what it has read. ``on_miss`` hears of records that cannot be used."""

    def __init__(self, reader: Reader, contents: ReleaseContents, on_miss: Callable[[str], None]) -> None:
        self._reader = reader
        self._codes = contents.reasons
        self._on_miss = on_miss
        self._items: dict[int, ItemParts] = {}
        self._reasons: dict[tuple[int, int, str], bytes] = {}
        self._pinned_items: dict[int, ItemParts] = {}
        self._pinned_reasons: dict[tuple[int, int, str], bytes] = {}

    def pin(self, rows: ListRecord) -> None:
        """Read what a list needs and never let go of it: the list can then be shown without the store."""
        for code, seed, reason in zip(rows.items, rows.seeds, rows.reasons, strict=True):
            item = self.item(code)
            if item is not None:
                self._pinned_items[code] = item
                why = (reason, seed, item.category)
                self._pinned_reasons[why] = self.reason(*why)

    def item(self, code: int) -> ItemParts | None:
        """None when the item's record is missing or damaged."""
        parts = self._items.get(code)
        if parts is None:
            parts = self._read(code)
            if parts is not None:
                _keep(self._items, code, parts, self._pinned_items)
        return parts

    def reason(self, code: int, seed: int, category: str) -> bytes:
        """The JSON object of a reason: its code, its sentence, and the item that it names."""
        known = self._reasons.get((code, seed, category))
        if known is None:
            item = None if seed == NO_ITEM else self.item(seed)
            name = self._codes[code]
            text = sentence(name, item=item.title if item else None, category=category)
            known = msgspec.json.encode({"code": name, "text": text, "item_id": item.item_id if item else None})
            _keep(self._reasons, (code, seed, category), known, self._pinned_reasons)
        return known

    def _read(self, code: int) -> ItemParts | None:
        key = item_key(code)
        try:
            record = self._reader.get(key)
            item = None if record is None else decode_item(key, record)
        except BadRecord:
            self._on_miss("damaged")
            return None
        except StoreError:
            self._on_miss("unreadable")
            return None
        if item is None:
            self._on_miss("absent")
            return None
        head = b'{"item_id":' + msgspec.json.encode(item.item_id) + b',"score":'
        return ItemParts(item.item_id, item.title, item.category, head, b',"metadata":' + item.metadata + b"}")


def _keep(kept: dict[Any, Any], key: Hashable, value: Any, pinned: Mapping[Any, Any]) -> None:
    if len(kept) >= MOST_KEPT + len(pinned):
        kept.clear()  # rare, cheap to refill, and no bookkeeping on the way
        kept.update(pinned)
    kept[key] = value
