"""Partitions are whole, ordered, hashed by value, and never seen half-written."""

import hashlib
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.errors import LakeError
from recs.lake import Lake, Provenance
from recs.lake.damage import damaged_partitions
from recs.lake.hashing import content_hash
from recs.lake.lake import _is_sorted, _sorted
from recs.lake.swap import leftovers

RUN = Provenance(code_version="c", config_hash="k", run_id="r")
DAY = date(2026, 3, 9)


def frame(*items: str, day: date = DAY) -> pl.DataFrame:
    return pl.DataFrame(
        {"as_of_date": [day] * len(items), "item_id": list(items)}, schema={"as_of_date": pl.Date, "item_id": pl.String}
    )


def write(lake: Lake, *items: str, day: date = DAY):
    return lake.write_partition(
        "features/feat_item",
        day,
        frame(*items, day=day),
        sort_by=["item_id"],
        inputs={"raw/items": "h"},
        provenance=RUN,
    )


def test_a_partition_is_sorted_and_says_what_it_holds(tmp_path):
    lake = Lake(tmp_path)
    info = write(lake, "hat", "cap")
    assert lake.read("features/feat_item", DAY)["item_id"].to_list() == ["cap", "hat"]
    assert lake.info("features/feat_item", DAY) == info
    assert (info.rows, info.inputs, info.code_version) == (2, {"raw/items": "h"}, "c")


def test_rewriting_replaces_the_whole_partition_and_leaves_nothing_behind(tmp_path):
    lake = Lake(tmp_path)
    write(lake, "hat", "cap")
    write(lake, "mug")
    assert lake.read("features/feat_item", DAY)["item_id"].to_list() == ["mug"]
    assert [path.name for path in lake.folder("features/feat_item").iterdir()] == ["as_of_date=2026-03-09"]


def test_a_window_reads_whole_days_and_an_empty_one_keeps_the_schema(tmp_path):
    lake = Lake(tmp_path)
    for day in (1, 2, 3):
        write(lake, f"i{day}", day=date(2026, 3, day))
    window = lake.read_window("features/feat_item", since=date(2026, 3, 2), until=date(2026, 3, 9))
    assert window["item_id"].to_list() == ["i2", "i3"]
    empty = lake.read_window("features/feat_item", until=date(2025, 1, 1))
    assert (empty.height, empty.columns) == (0, ["as_of_date", "item_id"])


def test_rows_of_another_day_are_refused(tmp_path):
    with pytest.raises(LakeError, match="2026-03-09 got rows of as_of_date 2026-03-10"):
        Lake(tmp_path).write_partition(
            "features/x", DAY, frame("hat", day=date(2026, 3, 10)), sort_by=[], inputs={}, provenance=RUN
        )


def test_a_missing_partition_says_what_to_materialize(tmp_path):
    with pytest.raises(LakeError, match="materialize features/feat_item for 2026-03-09 first"):
        Lake(tmp_path).read("features/feat_item", DAY)


def test_the_inputs_hash_changes_with_any_day_in_the_window_and_no_other(tmp_path):
    lake = Lake(tmp_path)
    write(lake, "a", day=date(2026, 3, 1))
    before = lake.inputs_hash("features/feat_item", until=date(2026, 3, 1))
    write(lake, "b", day=date(2026, 3, 2))
    assert lake.inputs_hash("features/feat_item", until=date(2026, 3, 1)) == before
    write(lake, "c", day=date(2026, 3, 1))
    assert lake.inputs_hash("features/feat_item", until=date(2026, 3, 1)) != before


def write_model(lake: Lake, files: dict[str, bytes] | None):
    given = {"sort_by": [], "inputs": {}, "provenance": RUN, "extra": {"seed": 7}}
    return lake.write_partition("models/ranker", DAY, frame("hat"), files=files, **given)


def test_files_lie_beside_the_rows_and_the_sidecar_lists_the_sha256_of_each(tmp_path):
    lake = Lake(tmp_path)
    info = write_model(lake, {"b.txt": b"tree", "a.json": b"{}"})
    folder = lake.folder("models/ranker", DAY)
    assert {path.name: path.read_bytes() for path in folder.glob("[ab].*")} == {"b.txt": b"tree", "a.json": b"{}"}
    hashes = {name: hashlib.sha256(text).hexdigest() for name, text in (("a.json", b"{}"), ("b.txt", b"tree"))}
    assert info.extra == {"seed": 7, "file_hashes": hashes}
    assert lake.info("models/ranker", DAY) == info
    assert lake.read("models/ranker", DAY)["item_id"].to_list() == ["hat"]


def test_the_content_hash_covers_names_and_bytes_of_files_and_not_the_order_they_are_given_in(tmp_path):
    lake = Lake(tmp_path)
    first = write_model(lake, {"a": b"1", "b": b"2"}).content_hash
    assert write_model(lake, {"b": b"2", "a": b"1"}).content_hash == first
    others = [{"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"2", "b": b"1"}, {"a": b"1"}, {}, None]
    hashes = [write_model(lake, files).content_hash for files in others]
    assert first not in hashes
    assert hashes[-2] == hashes[-1] == content_hash(frame("hat").to_arrow())
    assert len(set(hashes)) == len(others) - 1


def test_a_file_that_is_written_no_more_is_gone(tmp_path):
    lake = Lake(tmp_path)
    write_model(lake, {"discover.txt": b"tree", "card.json": b"{}"})
    info = write_model(lake, {"card.json": b"{}"})
    names = {path.name for path in lake.folder("models/ranker", DAY).iterdir()}
    assert names == {"data.parquet", "_partition.json", "card.json"}
    assert list(info.extra["file_hashes"]) == ["card.json"]


VALUES = st.lists(
    st.tuples(
        st.none() | st.text(max_size=4),
        st.none() | st.integers(-9, 9),
        st.none() | st.booleans(),
        st.none() | st.decimals(-9, 9, places=2),
    ),
    max_size=8,
)
SCHEMA = pa.schema([("t", pa.string()), ("n", pa.int32()), ("b", pa.bool_()), ("d", pa.decimal128(18, 4))])


def as_table(rows) -> pa.Table:
    return pa.table(
        {name: pa.array([row[i] for row in rows], type=SCHEMA.field(i).type) for i, name in enumerate(SCHEMA.names)},
        schema=SCHEMA,
    )


@given(VALUES, st.integers(0, 8))
def test_the_content_hash_does_not_see_how_rows_are_chunked_or_encoded(rows, cut):
    table = as_table(rows)
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(min(cut, len(rows)))])
    assert content_hash(pieces) == content_hash(table)
    assert content_hash(table.set_column(0, "t", table["t"].dictionary_encode())) == content_hash(table)


@given(VALUES, VALUES)
@settings(max_examples=200)
def test_the_content_hash_tells_different_rows_apart(rows, others):
    same = as_table(rows).equals(as_table(others))
    assert (content_hash(as_table(rows)) == content_hash(as_table(others))) == same


def test_a_null_is_not_a_zero_or_an_empty_text():
    blank = as_table([("", 0, False, Decimal(0))])
    assert content_hash(blank) != content_hash(as_table([(None, None, None, None)]))


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_lake import Lake, write
lake = Lake(Path(sys.argv[1]))
while True:
    for size in (200_000, 1):
        write(lake, *(f"i{{n}}" for n in range(size)))
        print("written", flush=True)
"""


@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.11])
def test_a_writer_killed_at_any_moment_leaves_a_whole_partition(tmp_path, after_s):
    code = WRITER.format(here=str(Path(__file__).parent))
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    lake = Lake(tmp_path)
    info = lake.info("features/feat_item", DAY)
    rows = lake.read("features/feat_item", DAY)
    assert info is not None
    assert (rows.height, content_hash(rows.to_arrow())) == (info.rows, info.content_hash)
    assert all(path.name.startswith(".tmp-") for path in leftovers(tmp_path))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ä", ""]), st.integers(0, 3) | st.none()), max_size=8))
def test_what_is_in_order_already_is_written_as_sorting_would(rows):
    frame = pl.DataFrame(rows, schema={"key": pl.String, "n": pl.Int32}, orient="row")
    by_hand = frame.sort(["key", "n"], nulls_last=True, maintain_order=True)
    for given_in in (frame, by_hand):
        assert pl.DataFrame(_sorted(given_in, ["key", "n"])).equals(by_hand)
    in_order = by_hand.null_count().sum_horizontal().item() == 0
    assert _is_sorted(by_hand, ["key", "n"]) == in_order
    if frame.rows() != by_hand.rows():
        assert not _is_sorted(frame, ["key", "n"])


def test_a_file_beside_the_rows_that_was_touched_is_damage(tmp_path):
    lake = Lake(tmp_path)
    rows = pl.DataFrame({"as_of_date": [date(2026, 3, 1)], "n": [1]})
    given_files = {"card.json": b"{}", "model.txt": b"trees"}
    lake.write_partition(
        "models/m",
        date(2026, 3, 1),
        rows,
        sort_by=["n"],
        inputs={},
        provenance=Provenance("", "", ""),
        files=given_files,
    )
    assert list(damaged_partitions(lake)) == []
    model = lake.folder("models/m", date(2026, 3, 1)) / "model.txt"
    model.write_bytes(b"tree")
    assert [d.problem for d in damaged_partitions(lake)] == ["model.txt is missing or does not hash as recorded"]
    model.unlink()
    assert len(list(damaged_partitions(lake))) == 1
