"""Event drops on disk: one whole file an hour, JSON Lines packed with gzip or Parquet, with the count of its dirt."""

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recs.ingest.files import written_whole
from recs.simulate.columns import fixed_texts
from recs.simulate.dirt import is_edited, outcome, spoiled_line, spoiled_record
from recs.simulate.lines import Texts, hex_texts, json_lines, query_texts
from recs.simulate.rows import ACTIONS, Dirt
from recs.simulate.spec import HOUR_MS, ShopSpec
from recs.simulate.vocabulary import CURRENCY, DEVICES, REGIONS
from recs.simulate.world import World

SUFFIX = {"jsonl": "jsonl.gz", "parquet": "parquet"}
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31  # 15 bits, and a gzip header without a time


@dataclass(frozen=True)
class DropCounts:
    """What an event drop holds. ``rows`` leaves blank lines out; ``late``: clean rows of an earlier hour."""

    file: str
    rows: int
    valid: int
    quarantined: int
    duplicate: int
    late: int
    kinds: dict[str, int] = field(default_factory=dict)


def drop_path(spec: ShopSpec, table: str, hour: int, mark: str = "") -> str:
    """``<day>/<HH>/<table>-<day>T<HH>.<suffix>`` of an hour of the run, under the folder of drops."""
    day, of_day = spec.day(hour // 24).isoformat(), f"{hour % 24:02d}"
    return f"{day}/{of_day}/{table}-{day}T{of_day}{mark}.{SUFFIX[spec.format]}"


class EventWriter:
    """Writes the hours of one shop; holds what all of them share, so that threads may call it at once."""

    def __init__(self, world: World, texts: Texts, drops: Path) -> None:
        self.world, self.texts, self.drops = world, texts, drops
        self._names: dict[str, Any] = {}
        if world.spec.format == "parquet":
            self._names = _arrow_names(world)

    def write(self, hour: int, rows: np.ndarray, draws: np.ndarray, *, broken: bool = False) -> list[DropCounts]:
        """One hour's rows in their order. draws: a number a row, for the ways to spoil it.

        broken: also leave a second file that was cut off half way.
        """
        spec = self.world.spec
        data = self._packed_lines(rows, draws) if spec.format == "jsonl" else self._parquet(rows, draws)
        name = drop_path(spec, "events", hour)
        written_whole(self.drops / name, data, sync=False)
        counts = [_counts(name, rows, spec.start_ms + hour * HOUR_MS)]
        if broken:
            cut = drop_path(spec, "events", hour, "-cut")
            written_whole(self.drops / cut, data[: max(len(data) // 2, 1)], sync=False)
            counts.append(DropCounts(cut, 0, 0, 0, 0, 0, {"truncated_file": 1}))
        return counts

    def _packed_lines(self, rows: np.ndarray, draws: np.ndarray) -> bytes:
        from isal import isal_zlib

        packer = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
        edited, packed = is_edited(rows), []
        for text, ends, first in json_lines(rows, self.texts):
            places = np.flatnonzero(edited[first : first + len(ends)])
            lines = _with_spoiled(text, ends, places, rows["dirt"][first:], draws[first:])
            packed.append(packer.compress(lines))
        return b"".join([*packed, packer.flush()])

    def _parquet(self, rows: np.ndarray, draws: np.ndarray) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = _arrow_rows(rows, self._names)
        places = np.flatnonzero(is_edited(rows))
        if len(places):
            good = table.take(pa.array(places)).to_pylist()
            bad = [
                spoiled_record(Dirt(kind), record, int(draw))
                for kind, record, draw in zip(rows["dirt"][places].tolist(), good, draws[places], strict=True)
            ]
            order = np.arange(len(rows))
            order[places] = len(rows) + np.arange(len(places))
            both = pa.concat_tables([table, pa.Table.from_pylist(bad, schema=table.schema)])
            table = both.take(pa.array(order))
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd", compression_level=1)
        return out.getvalue()


def _with_spoiled(
    text: np.ndarray, ends: np.ndarray, places: np.ndarray, kinds: np.ndarray, draws: np.ndarray
) -> bytes | memoryview:
    """The lines, with those at ``places`` spoiled."""
    if not len(places):
        return text.data
    whole, done = text.data, 0
    pieces: list[bytes | memoryview] = []
    for place in places.tolist():
        begin, end = int(ends[place - 1]) if place else 0, int(ends[place])
        pieces += [
            whole[done:begin],
            spoiled_line(Dirt(kinds[place]), bytes(whole[begin : end - 1]), int(draws[place])),
        ]
        pieces.append(b"\n")
        done = end
    return b"".join([*pieces, whole[done:]])


def _counts(name: str, rows: np.ndarray, begin_ms: int) -> DropCounts:
    of_kind = np.bincount(rows["dirt"], minlength=len(Dirt))
    becomes: Counter[str] = Counter()
    for kind in Dirt:
        becomes[outcome(kind)] += int(of_kind[kind])
    return DropCounts(
        name,
        rows=len(rows) - becomes["none"],
        valid=becomes["valid"],
        quarantined=becomes["quarantined"],
        duplicate=becomes["duplicate"],
        late=int(((rows["at"] < begin_ms) & (rows["dirt"] == Dirt.CLEAN)).sum()),
        kinds={kind.name.lower(): int(of_kind[kind]) for kind in Dirt if kind != Dirt.CLEAN and of_kind[kind]},
    )


def _arrow_names(world: World) -> dict[str, Any]:
    import pyarrow as pa

    names = {"query": query_texts(world), "action": ACTIONS, "region": REGIONS, "device": DEVICES}
    ids = {"user_id": world.people.ids, "item_id": world.catalogue.ids}
    texts = {name: pa.array(values, pa.string()) for name, values in names.items()}
    return texts | {name: fixed_texts(table).cast(pa.string()) for name, table in ids.items()}


def _arrow_rows(rows: np.ndarray, names: dict[str, Any]) -> Any:
    """The rows as an Arrow table, in the types of Parquet."""
    import pyarrow as pa

    def named(column: str, codes: np.ndarray) -> Any:
        return names[column].take(pa.array(codes.astype(np.int32), mask=codes < 0))

    item = np.where(rows["query"] >= 0, -1, rows["item"])
    cents, quantity, rating = rows["cents"], rows["quantity"], rows["rating"]
    currency = pa.array([CURRENCY], pa.string()).take(pa.array(np.zeros(len(rows), np.int32), mask=cents < 0))
    columns = {
        "event_id": fixed_texts(hex_texts(rows["id_hi"], rows["id_lo"])).cast(pa.string()),
        "event_at": pa.array(rows["at"], pa.timestamp("ms", tz="UTC")),
        "user_id": named("user_id", rows["user"]),
        "session_id": fixed_texts(hex_texts(rows["session"])).cast(pa.string()),
        "item_id": named("item_id", item),
        "action": named("action", rows["action"].astype(np.int32)),
        "quantity": pa.array(quantity.astype(np.int32), mask=quantity == 0),
        "unit_price": pa.array(cents / 100, mask=cents < 0),
        "currency": currency,
        "rating": pa.array(rating.astype(np.float32), mask=rating == 0),
        "query": named("query", rows["query"]),
        "region": named("region", rows["region"].astype(np.int32)),
        "device": named("device", rows["device"].astype(np.int32)),
    }
    return pa.table(columns)
