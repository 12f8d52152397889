"""Whatever is in a file, the run goes on, every record is accounted for, and good rows come out."""

import csv
import io
import json
import random
import resource
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recs.ingest.counts import DayCounts
from tests.ingest.hostile import among, csv_line, good_row, json_line, mutated, odd_parquet, parquet_file
from tests.ingest.shop import Shop

D = date(2026, 3, 1)
COLUMNS = {"event_id": "id", "event_at": "t", "item_id": "item", "action": "'view'", "quantity": "n", "query": "q"}
SUFFIXES = {"csv": "csv", "json_lines": "jsonl", "parquet": "parquet"}
MOST_BYTES = 2_000_000_000


def source() -> str:
    drops = {
        kind: {"file": f"*.{suffix}", "feeds": "events", "format": kind, "columns": COLUMNS, "unknown_columns": "note"}
        for kind, suffix in SUFFIXES.items()
    }
    return json.dumps({"source": "s", "arrival": "now", "drops": drops})


def check_counts(counts: DayCounts, written: dict[str, bytes]) -> None:
    """Every file conserves its records, and read as many as another reader finds."""
    for file in counts.files:
        assert file.read == file.valid + file.quarantined + file.duplicate, file
        data = written[file.name.rsplit("/", 1)[1]]
        if file.status == "read" and (expected := records(file.name, data)) is not None:
            assert file.read == expected, file


def records(name: str, data: bytes) -> int | None:
    """How many records a file has, where that is beyond doubt."""
    if data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")) or name.endswith("parquet"):
        return None
    if name.endswith("jsonl"):
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return sum(line not in (b"", b"\r") for line in lines)
    csv.field_size_limit(2**31 - 1)
    text = data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return sum(bool(fields) for fields in csv.reader(io.StringIO(text, newline=""))) - 1


def build(files: dict[str, bytes]) -> tuple[set[str], DayCounts]:
    """The good events that came out, and the counts."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), source())
        for name, data in files.items():
            shop.land(name, data, day=D)
        [counts] = shop.build(D)
        check_counts(counts, files)
        valid = {str(event) for (event,) in shop.rows(D, "event_id")}
        assert len(valid) == counts.valid
    return {event for event in valid if event.startswith("good-")}, counts


def hostile_rows(seed: int, rows: int) -> None:
    """Files of every format whose hostile rows stand among good ones, which all come out."""
    chance = random.Random(seed)
    good = {kind: [f"good-{kind}-{n}" for n in range(rows // 4 + 9)] for kind in SUFFIXES}
    files = {f"rows.{SUFFIXES[kind]}": among(chance, kind, good[kind], rows) for kind in ("csv", "json_lines")}
    files["rows.parquet"] = parquet_file(chance, good["parquet"], rows)
    found, counts = build(files)
    assert {name for names in good.values() for name in names} - found == set()
    assert [file.status for file in counts.files] == ["read"] * 3


def hostile_files(seed: int, count: int) -> None:
    """Damaged files of every format, and of one under the name of another, beside a good one."""
    chance = random.Random(seed)
    files = {"good.csv": b"id,t,item,n,q\n" + csv_line(good_row("good-1"))}
    bodies = {
        "csv": b"\n".join([b"id,t,item,n,q", *(csv_line(good_row(f"b{n}")) for n in range(40))]),
        "jsonl": b"\n".join(json_line(good_row(f"b{n}")) for n in range(40)),
    }
    for number in range(count):
        bodies["parquet"] = odd_parquet(chance) if chance.random() < 0.5 else parquet_file(chance, ["b"], 5)
        data = bodies[chance.choice(list(bodies))]
        is_damaged = data[:4] != b"PAR1" or chance.random() < 0.5
        files[f"f{number}.{chance.choice(list(bodies))}"] = mutated(chance, data) if is_damaged else data
    assert "good-1" in build(files)[0]


SEEDS = st.integers(0, 2**32)
# a smaller seed is no simpler case; the same cases every time
LONG = settings(
    deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
QUICK = settings(LONG, max_examples=2)


@QUICK
@given(SEEDS)
def test_good_rows_come_out_from_among_hostile_ones(seed):
    hostile_rows(seed, 40)


@QUICK
@given(SEEDS)
def test_damaged_files_are_accounted_for(seed):
    hostile_files(seed, 15)


@pytest.mark.long
@settings(LONG, max_examples=50)
@given(SEEDS)
def test_good_rows_come_out_from_among_100_000_hostile_ones(seed):
    hostile_rows(seed, 700)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MOST_BYTES


@pytest.mark.long
@settings(LONG, max_examples=25)
@given(SEEDS)
def test_500_damaged_files_are_accounted_for(seed):
    hostile_files(seed, 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MOST_BYTES
