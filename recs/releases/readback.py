"""Checks of what was loaded: counts, checksums, and sampled lists read through the code that serves."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import polars as pl

from recs.lake import Lake
from recs.lookup.lookup import Lookup
from recs.lookup.query import MOST_ITEMS, Query
from recs.lookup.tokens import read_token
from recs.releases.manifest import Manifest, PinnedSurface
from recs.releases.rules import Refusal
from recs.store import BadRecord, Reader
from recs.store.codec import check_record, list_length

_FIELDS = {"user": "user_id", "item": "item_id", "region": "region"}
_RELOAD = "the store says what the tables say: run `aisle releases verify`, then publish the day again"


class Loaded(msgspec.Struct, frozen=True):
    """What a load put into the store: number and hash of its records, hash of the files."""

    records: int
    records_hash: str
    fingerprint: str


class RecordsHash:
    """Passes records on and remembers their number and hash, so that a load needs one pass."""

    def __init__(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        self._records = records
        self._digest = hashlib.sha256()
        self.count = 0

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        for key, value in self._records:
            self._digest.update(b"%d,%d:%b%b" % (len(key), len(value), key, value))
            self.count += 1
            yield key, value

    @property
    def hash(self) -> str:
        return self._digest.hexdigest()


def store_refusals(reader: Reader, manifest: Manifest) -> list[Refusal]:
    """Surfaces whose loaded lists or rows differ in number from the manifest; records with a bad checksum."""
    lists: Counter[int] = Counter()
    rows: Counter[int] = Counter()
    damaged = 0
    for key, record in reader.records():
        try:
            if key[:1] == b"l":
                lists[key[1]] += 1
                rows[key[1]] += list_length(key, record)
            else:
                check_record(key, record)
        except BadRecord:
            damaged += 1
    found = [
        Refusal("loaded_" + what, surface.name, got, f"{got:,} {what} in the store, {said:,} in the manifest", _RELOAD)
        for number, surface in enumerate(manifest.content.surfaces)
        for what, got, said in (("keys", lists[number], surface.keys), ("rows", rows[number], surface.rows))
        if got != said
    ]
    if damaged:
        found.append(Refusal("checksum", "store", damaged, f"{damaged:,} records fail their checksum", _RELOAD))
    return found


def read_back_refusals(lake: Lake, reader: Reader, manifest: Manifest, *, keys: int) -> list[Refusal]:
    """Up to ``keys`` sampled lists, asked for as a shop would, against their tables: the first difference each."""
    lookup = Lookup(reader)
    surfaces = manifest.content.surfaces
    found = []
    for surface in surfaces:
        rows = lake.read(
            surface.table, manifest.as_of, ["source", "key", "variant", "position", "item_id", "reason", "score"]
        )
        sampled = _sample(rows, manifest, max(1, keys // len(surfaces)))
        for source, key, items, reasons, scores in sampled.iter_rows():
            problem = _difference(lookup, surface, source, key, list(zip(items, reasons, scores, strict=True)))
            if problem:
                found.append(Refusal("read_back", surface.name, 1, problem, _RELOAD))
                break
    return found


def _sample(rows: pl.DataFrame, manifest: Manifest, wanted: int) -> pl.DataFrame:
    """Evenly spaced lists from a start that the release's hash decides: the same ones in every run."""
    base = rows.filter(pl.col("variant") == "base")
    names = base.select("source", "key").unique().sort("source", "key")
    step = max(1, names.height // wanted)
    picked = names.gather_every(step, offset=int(manifest.content_hash[:8], 16) % step).head(wanted)
    lists = base.join(picked, on=["source", "key"], how="semi").sort("source", "key", "position")
    return lists.group_by("source", "key", maintain_order=True).agg("item_id", "reason", "score")


def _difference(
    lookup: Lookup, surface: PinnedSurface, source: str, key: str, expected: list[tuple[str, str, float]]
) -> str | None:
    where = f"the {source} list of '{key}'" if key else f"the {source} list"
    fields = {_FIELDS[source]: key} if source in _FIELDS else {}
    query = msgspec.structs.replace(Query(surfaces=(surface.name,), count=MOST_ITEMS), **fields)
    got, answered = _walked(lookup, query)
    if answered != source:
        return f"{where} is in the table, the lookup answers from {answered or 'nothing'}"
    if [row[:2] for row in got] != [row[:2] for row in expected]:
        at = next((i for i, (a, b) in enumerate(zip(got, expected, strict=False)) if a[:2] != b[:2]), len(got))
        return f"{where} differs from its table at position {at + 1} ({len(got)} items read, {len(expected)} written)"
    spread = max(row[2] for row in expected) - min(row[2] for row in expected)
    # scores come back in 65,536 steps and six digits
    if any(abs(a[2] - b[2]) > spread / 65535 + 1e-5 * max(1e-9, abs(b[2])) for a, b in zip(got, expected, strict=True)):
        return f"{where} comes back with other scores"
    return None


def _walked(lookup: Lookup, query: Query) -> tuple[list[tuple[str, str, float]], str | None]:
    """All pages of a list: (item, reason, score) rows and the source that answered."""
    rows: list[tuple[str, str, float]] = []
    source = None
    while True:
        walk = read_token(query) if query.page_token else None
        page = msgspec.json.decode(lookup.answer(query, request_id="read-back", walk=walk).body)
        source = page["source"]
        rows += [(item["item_id"], item["reason"]["code"], item["score"]) for item in page["items"]]
        if page["next_page_token"] is None:
            return rows, source
        query = msgspec.structs.replace(query, page_token=page["next_page_token"])
