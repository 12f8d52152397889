"""One release, ready to answer: the fallback chain, pages, and several lists of one page without repeats."""

from collections.abc import Callable
from itertools import islice

import msgspec

from recs.lookup.contents import ReleaseContents, SurfaceEntry
from recs.lookup.items import Fragments
from recs.lookup.query import Query, QueryError
from recs.lookup.tokens import Walk, page_token
from recs.policies.reasons import REASONS
from recs.store import BadRecord, Reader, StoreError
from recs.store.codec import ListRecord, decode_list, decode_meta, list_key, meta_key

Place = tuple[str, int]  # the source that answers ('' for none), and how many of its rows lie behind us


class Answer(msgspec.Struct, frozen=True):
    """``body`` is the JSON answer; ``sources`` says for each surface which list it came from (None: no list at all)."""

    body: bytes
    sources: tuple[tuple[str, str | None], ...]


class Lookup:
    """Answers from one release. Global lists are held in memory and outlive the store. For one thread."""

    def __init__(self, reader: Reader, on_miss: Callable[[str], None] = lambda kind: None) -> None:
        self._reader = reader
        self._on_miss = on_miss
        self.contents = _contents(reader)
        self._fragments = Fragments(reader, self.contents, on_miss)
        self._numbers = {entry.name: number for number, entry in enumerate(self.contents.surfaces)}
        self._global: dict[int, ListRecord | None] = {}
        for number in self._numbers.values():
            rows = self._global[number] = self._read(number, "global", "")
            self._fragments.pin(rows or _NOTHING)

    @property
    def release_id(self) -> str:
        return self.contents.release_id

    def answer(self, query: Query, *, request_id: str, walk: Walk | None = None) -> Answer:
        """The answer to ``query``, from ``walk`` on when it is given. QueryError for a surface that is not served."""
        entries = [self._entry(name, query) for name in query.surfaces]
        found = [self._list(entry, query, place) for entry, place in zip(entries, _places(walk, entries), strict=True)]
        seen = {code for rows, (_, behind) in found for code in rows.items[:behind]}
        parts, places = [], []
        for rows, (source, behind) in found:
            # the item that the page is about stands in none of its lists
            items, behind = self._items(rows, behind, query.count, seen, query.item_id)
            parts.append(b",".join(items))
            places.append((source, behind))
        rest = any(
            code not in seen for (rows, _), (_, at) in zip(found, places, strict=True) for code in rows.items[at:]
        )
        token = page_token(self.release_id, tuple(places), query) if rest else None
        sources = tuple((entry.name, source or None) for entry, (source, _) in zip(entries, places, strict=True))
        return Answer(self._body(query, request_id, sources, parts, token), sources)

    def close(self) -> None:
        self._reader.close()

    def _entry(self, name: str, query: Query) -> SurfaceEntry:
        if name not in self._numbers:
            field = "surfaces" if query.together else "surface"
            raise QueryError(field, f"names '{name[:64]}', which is not served", ", ".join(self._numbers))
        return self.contents.surfaces[self._numbers[name]]

    def _list(self, entry: SurfaceEntry, query: Query, place: Place | None) -> tuple[ListRecord, Place]:
        """The narrowest list that exists; behind the first page the same source again, whatever has happened since."""
        number = self._numbers[entry.name]
        for source in entry.sources if place is None else (place[0],):
            key = query.key(source) if source in entry.sources else None
            rows = None if key is None else self._rows(number, source, key)
            if rows is not None and rows.items:
                return rows, place or (source, 0)
        return _NOTHING, place or ("", 0)

    def _rows(self, number: int, source: str, key: str) -> ListRecord | None:
        return self._global[number] if source == "global" else self._read(number, source, key)

    def _read(self, number: int, source: str, key: str) -> ListRecord | None:
        """None when there is no such list, and when its record cannot be used, which is counted."""
        at = list_key(number, 0, source, key)
        try:
            record = self._reader.get(at)
            return None if record is None else decode_list(at, record)
        except BadRecord:
            self._on_miss("damaged")
        except StoreError:
            self._on_miss("unreadable")
        return None

    def _items(
        self, rows: ListRecord, behind: int, count: int, seen: set[int], own: str | None
    ) -> tuple[list[bytes], int]:
        """Up to ``count`` items after row ``behind`` as JSON, and the row reached. Adds what it passes to ``seen``."""
        items: list[bytes] = []
        row = behind
        columns = zip(rows.items, rows.scores, rows.reasons, rows.seeds, strict=True)
        for code, score, reason, seed in islice(columns, behind, None):
            if len(items) == count:
                break
            row += 1
            if code in seen:
                continue
            seen.add(code)
            item = self._fragments.item(code)
            if item is None or item.item_id == own:
                continue
            why = self._fragments.reason(reason, seed, item.category)
            items.append(b'%b%.6g,"reason":%b%b' % (item.head, score, why, item.tail))
        return items, row

    def _body(
        self,
        query: Query,
        request_id: str,
        sources: tuple[tuple[str, str | None], ...],
        parts: list[bytes],
        token: str | None,
    ) -> bytes:
        head = _json({"request_id": request_id, "release_id": self.release_id, "as_of": self.contents.as_of})[:-1]
        head += b',"experiment_id":null,"variant":null,'
        lists = [
            b'"surface":%b,"source":%b,"items":[%b]' % (_json(name), _json(source), items)
            for (name, source), items in zip(sources, parts, strict=True)
        ]
        body = b'"lists":[{' + b"},{".join(lists) + b"}]" if query.together else lists[0]
        return b'%b%b,"next_page_token":%b}' % (head, body, _json(token))


_NOTHING = ListRecord((), (), (), (), ())
_LONGEST_LIST = 65535
_json = msgspec.json.encode


def _places(walk: Walk | None, entries: list[SurfaceEntry]) -> tuple[Place | None, ...]:
    if walk is None:
        return (None,) * len(entries)
    return tuple((source, min(max(0, behind), _LONGEST_LIST)) for source, behind in walk.places)


def _contents(reader: Reader) -> ReleaseContents:
    """StoreError unless the release says what it holds in words that this version knows."""
    key = meta_key("release")
    record = reader.get(key)
    try:
        contents = msgspec.json.decode(decode_meta(key, record or b""), type=ReleaseContents)
    except (BadRecord, msgspec.DecodeError):
        problem = f"release '{reader.release_id}' has no readable table of contents"
        raise StoreError(problem, "run `aisle releases verify`, then roll back or publish the day again") from None
    unknown = [code for code in contents.reasons if code not in REASONS]
    if unknown:
        problem = f"release '{reader.release_id}' gives reason '{unknown[0]}', which this version cannot put in words"
        raise StoreError(problem, "restart the endpoint with the version that made the release")
    return contents
