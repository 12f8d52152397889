"""Parquet, literally: typed columns in, rows and quarantine out."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ingest.drops import AT, D, parquet, read_parquet

MICROS = int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000
UUID = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(15) + b"\5"], pa.binary(16)))
TYPED = [
    (pa.array([7]), "7"),
    (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
    (pa.array([0.5]), "0.5"),
    (pa.array([float("nan")]), "nan"),
    (pa.array([np.float16(1.5)]), "1.5"),
    (pa.array([True]), "true"),
    (pa.array([Decimal("1.50")]), "1.50"),
    (pa.array([Decimal("1" * 50)], pa.decimal256(60, 2)), "1" * 50 + ".00"),
    (pa.array([b"ab\xff"]), "ab\\xFF"),
    (pa.array([20513], pa.date32()), "2026-03-01"),
    (pa.array([MICROS], pa.timestamp("us")), AT),
    (pa.array([MICROS + 1], pa.timestamp("us", "America/New_York")), f"{AT}.000001+00"),
    (pa.array([MICROS * 1000], pa.timestamp("ns")), AT),
    (pa.array([2**62], pa.timestamp("us")), "148108-07-06 14:00:27.387904"),
    (pa.array([2**62], pa.duration("ms")), str(2**62)),
    (pa.array([2**62], pa.timestamp("ms")), str(2**62)),
    (pa.array([3_600_000], pa.time32("ms")), "01:00:00"),
    (pa.array([5_000_000], pa.duration("us")), "00:00:05"),
    (pa.array([[1, None]]), "[1,null]"),
    (pa.array([{"a": 1, "b": {"c": 'x"y'}}]), '{"a":1,"b":{"c":"x\\"y"}}'),
    (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), '{"k":1}'),
    (pa.array(["x"]).dictionary_encode(), "x"),
    (pa.array(["x"], pa.large_string()), "x"),
    (pa.array(["x"], pa.string_view()), "x"),
    (UUID, "00000000-0000-0000-0000-000000000005"),
    (pa.nulls(1), None),
    (pa.nulls(1, pa.list_(pa.int64())), None),
]


@pytest.mark.parametrize(("column", "text"), TYPED, ids=[str(column.type) for column, _ in TYPED])
def test_a_typed_column_is_read_as_text_and_shown_in_quarantine(tmp_path, column, text):
    both = pa.concat_arrays([column, column])
    found = read_parquet(tmp_path, parquet(2, q=both, item=["i", None]))
    assert found.good == [("0", "i", text)]
    [(number, shown, rules)] = found.bad
    assert (number, rules) == (2, "item_id:required")
    assert set(json.loads(shown)) == {"id", "t", "item", "q"}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([MICROS], pa.timestamp("us", "UTC")), [(10,)]),
        (pa.array([MICROS * 1000], pa.timestamp("ns")), [(9,)]),  # no zone: the source's
        (pa.array([2**62], pa.timestamp("us")), []),
        (pa.array([2**30], pa.date32()), []),
    ],
)
def test_times_of_parquet_keep_their_zone_or_take_that_of_the_source(tmp_path, column, said):
    found = read_parquet(tmp_path, parquet(t=column), source={"zone": "Europe/Berlin"})
    assert [(at.hour,) for (at,) in found.shop.rows(D, "event_at")] == said
    assert found.counts[0] == 1


def test_files_of_different_types_stand_side_by_side_and_keep_their_digits(tmp_path):
    ids = [[12345678901234567], ["abc"], [2.5], [Decimal("1.10")], [{"a": 1}]]
    found = read_parquet(tmp_path, *(parquet(id=column) for column in ids))
    assert [row[0] for row in found.good] == ["12345678901234567", "abc", "2.5", "1.10", '{"a":1}']


def test_fields_that_keep_their_type_in_one_file_may_have_another_in_the_next(tmp_path):
    at = [datetime(2026, 3, 1, 10)]
    files = [
        {"n": pa.array([1], pa.int8()), "t": pa.array(at, pa.timestamp("ms"))},
        {"n": pa.array([2], pa.int64()), "t": pa.array(at, pa.timestamp("us", "UTC"))},
        {"n": ["3"], "t": [AT]},
        {"n": [4.0], "t": pa.array(at, pa.timestamp("ns"))},
        {"n": [4.5], "t": pa.array([2**62], pa.timestamp("us"))},
    ]
    given = [parquet(id=[f"{number}"], **columns) for number, columns in enumerate(files)]
    found = read_parquet(tmp_path, *given, columns={"quantity": "n"})
    assert [row[0] for row in found.good] == ["0", "1", "2", "3"]
    assert found.shop.rows(D, "quantity") == [(1,), (2,), (3,), (4,)]
    assert {when for (when,) in found.shop.rows(D, "event_at")} == set(at)
    assert [bad[2] for bad in found.bad] == ["event_at:future; quantity:type"]


def test_text_that_is_no_utf8_in_parquet_quarantines_its_row(tmp_path):
    wrong = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 2, 3], np.int32)), pa.py_buffer(b"a\xffb")]
    )
    found = read_parquet(tmp_path, parquet(2, q=wrong))
    assert (found.good, [(n, rules) for n, _, rules in found.bad]) == ([("1", "i", "b")], [(1, "line:encoding")])


def test_rows_of_several_row_groups_are_numbered_through(tmp_path):
    found = read_parquet(tmp_path, parquet(7, item=["i"] * 6 + [None]))
    assert ([row[0] for row in found.good], found.bad[0][0]) == (list("012345"), 7)


def test_a_parquet_file_without_rows_is_read_and_one_without_columns_is_not(tmp_path):
    assert read_parquet(tmp_path, parquet(0)).counts == (0, 0, 0, 0)
    file = io.BytesIO()
    pq.write_table(pa.table({"id": ["a"]}).select([]), file)
    (tmp_path / "2").mkdir()
    found = read_parquet(tmp_path / "2", file.getvalue())
    assert [rules for _, _, rules in found.bad] == ["file:missing_column"]


def test_a_damaged_page_refuses_the_whole_file(tmp_path):
    data = bytearray(parquet(500, q=[f"value {n}" for n in range(500)]))
    data[len(data) // 3] ^= 0xFF
    data[len(data) // 3 + 1] ^= 0x55
    found = read_parquet(tmp_path, bytes(data), parquet())
    assert (found.good, found.bad[0][0], found.bad[0][2]) == ([("0", "i", None)], 0, "file:not_parquet")
