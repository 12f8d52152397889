"""Files of every format, literally: bytes in, rows and quarantine out."""

import gzip
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs.errors import ConfigError
from recs.ingest.ledger import Ledger
from recs.ingest.summary import ingest_summary
from tests.ingest.shop import Shop

D = date(2026, 3, 1)
AT = "2026-03-01 10:00:00"
COLUMNS = {"event_id": "id", "event_at": "t", "item_id": "item", "action": "'view'", "query": "q"}


@dataclass
class Found:
    """``good``: (event_id, item_id, query); ``bad``: (line, text, rules); counts as read, valid, quarantined, again."""

    good: list[tuple[object, ...]]
    bad: list[tuple[object, ...]]
    counts: tuple[int, int, int, int]
    shop: Shop


def read(tmp_path: Path, *files: str | bytes, name: str = "x", columns=None, source=None, **drop) -> Found:
    """Land files in one hour for a source of one drop, and build the day."""
    drop = {"file": "*", "feeds": "events", "columns": COLUMNS | (columns or {}), **drop}
    text = json.dumps({"source": "s", "arrival": "now", **(source or {}), "drops": {"d": drop}})
    shop = Shop(tmp_path, text)
    for number, data in enumerate(files):
        shop.land(f"{number}-{name}", data, day=D)
    [c] = shop.build(D)
    has_bad = shop.lake.info("raw/quarantine/events", D) is not None
    told = ("source_line", "source_text", "rules")
    return Found(
        shop.rows(D, "event_id", "item_id", "query"),
        shop.rows(D, *told, table="raw/quarantine/events") if has_bad else [],
        (c.read, c.valid, c.quarantined, c.duplicate),
        shop,
    )


CSV = f"id,t,item,q\na,{AT},i,x\nb,{AT},j,ü\n"
GOOD = [("a", "i", "x"), ("b", "j", "ü")]


@pytest.mark.parametrize(
    ("data", "drop"),
    [
        (CSV.encode(), {}),
        (CSV.replace(",", ";").encode(), {"delimiter": ";"}),
        (CSV.replace(",", "\t").encode(), {"delimiter": "\t"}),
        (CSV.replace(",", "|").encode(), {"delimiter": "|"}),
        (CSV.encode("latin-1"), {"encoding": "latin-1"}),
        (CSV.encode("cp1252"), {"encoding": "cp1252"}),
        (CSV.encode("utf-16"), {"encoding": "utf-16"}),
        (b"\xff\xfe" + CSV.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (b"\xef\xbb\xbf" + CSV.encode(), {}),
        (CSV.encode("utf-8-sig"), {"encoding": "utf-8-sig"}),
        (CSV.replace("\n", "\r\n").encode(), {}),
        (CSV.replace("\n", "\r").encode(), {}),
        (CSV.replace("\n", "\n\n").encode(), {}),
        (("\n\n" + CSV).encode(), {}),
        (CSV.rstrip().encode(), {}),
        (CSV.partition("\n")[2].encode(), {"header": ["id", "t", "item", "q"]}),
        (b"\xef\xbb\xbf" + CSV.partition("\n")[2].encode(), {"header": ["id", "t", "item", "q"]}),
        (gzip.compress(CSV.encode(), mtime=0), {}),
        (
            gzip.compress(CSV[:40].encode(), mtime=0) + gzip.compress(CSV[40:].encode(), mtime=0),
            {"compression": "gzip"},
        ),
        (pa.Codec("zstd").compress(CSV.encode(), asbytes=True), {}),
        (pa.Codec("zstd").compress(CSV.encode(), asbytes=True), {"compression": "zstd"}),
        (CSV.replace(",i,", ',"i",').replace("id,", '"id",').encode(), {}),
    ],
)
def test_csv_of_any_spelling_gives_the_same_rows(tmp_path, data, drop):
    found = read(tmp_path, data, **drop)
    assert (found.good, found.bad, found.counts) == (GOOD, [], (2, 2, 0, 0))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_quoted_delimiters_quotes_and_line_breaks_are_part_of_a_value(tmp_path, ends):
    lines = ["id,t,item,q", f'a,{AT},i,"x, ""y""{ends}z"', f"b,{AT},,short", f"c,{AT},j,"]
    found = read(tmp_path, ends.join(lines))
    assert found.good == [("a", "i", f'x, "y"{ends}z'), ("c", "j", None)]
    assert found.bad == [(2, f"b,{AT},,short", "item_id:required")]


def test_quotes_inside_an_unquoted_value_are_just_characters(tmp_path):
    found = read(tmp_path, f'id,t,item,q\na,{AT},i,5" pipe\nb,{AT},i,say "x" twice\n')
    assert found.good == [("a", "i", '5" pipe'), ("b", "i", 'say "x" twice')]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    ("bad", "shown", "rule"), [(b"\xff", "\\xff", "line:encoding"), (b"\0", "\\x00", "line:binary")]
)
def test_one_record_of_bad_bytes_does_not_take_its_file_with_it(tmp_path, quote, ends, bad, shown, rule):
    rows = [f"{quote}{name}{quote},{AT},i,x".encode() for name in "abcd"]
    rows.insert(2, f"{quote}z".encode() + bad + f"{quote},{AT},i,x".encode())
    found = read(tmp_path, ends.join([b"id,t,item,q", rows[0], b"", *rows[1:]]))
    assert [row[0] for row in found.good] == ["a", "b", "c", "d"]
    assert found.bad == [(3, f"{quote}z{shown}{quote},{AT},i,x", rule)]


def test_a_file_of_another_encoding_is_refused_whole(tmp_path):
    found = read(tmp_path, b"id,t,item,q\n" + f"a,{AT},i,grün\n".encode("latin-1") * 9)
    assert [(line, rule) for line, _, rule in found.bad] == [(0, "file:encoding")]


def test_a_long_text_behind_a_quote_that_never_closes_leaves_the_rows_before_it_alone(tmp_path):
    found = read(tmp_path, f'id,t,item,q\na,{AT},i,x\nb,{AT},"i,x\n' + f"c,{AT},i,x\n" * 9000)
    assert (found.good, found.counts) == ([("a", "i", "x")], (2, 1, 1, 0))


def test_a_column_named_like_a_number_is_read_from_its_own_place(tmp_path):
    found = read(tmp_path, f"other,_0,id,t,item\nwrong,right,a,{AT},i\n", columns={"query": "_0"})
    assert found.good == [("a", "i", "right")]


PACKED = [
    ("x.csv", gzip.compress(CSV.encode(), mtime=0), {"compression": "none"}, "file:encoding"),
    ("x.csv.gz", CSV.encode(), {}, "file:not_gzip"),
    ("x.csv", CSV.encode(), {"compression": "zstd"}, "file:not_zstd"),
    ("x.csv.gz", pa.Codec("zstd").compress(CSV.encode(), asbytes=True), {}, "file:not_gzip"),
    ("x.csv.zst", pa.Codec("zstd").compress(CSV.encode(), asbytes=True)[:-5], {}, "file:truncated_zstd"),
    ("x.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-5], {}, "file:truncated_gzip"),
    ("x.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:10] + b"\xff" * 40, {}, "file:not_gzip"),
    ("x.csv.gz", gzip.compress(b"", mtime=0), {}, "file:empty"),
    ("x.parquet", CSV.encode(), {"format": "parquet"}, "file:not_parquet"),
    ("x.parquet", b"", {"format": "parquet"}, "file:not_parquet"),
]


@pytest.mark.parametrize(("name", "data", "drop", "rule"), PACKED)
def test_a_file_of_another_packing_is_refused_whole_with_the_reason(tmp_path, name, data, drop, rule):
    found = read(tmp_path, data, name=name, **drop)
    assert ([(line, rules) for line, _, rules in found.bad], found.counts) == ([(0, rule)], (0, 0, 0, 0))


@pytest.mark.parametrize(
    ("drop", "said"),
    [
        *(({"delimiter": d}, "is not one ASCII character") for d in ("", "||", "§", '"', "\n")),
        *(({"encoding": e}, f"there is no encoding '{e}'") for e in ("utf-9", "base64")),
        ({"times": {"event_at": "sometimes"}}, "'sometimes' is no rule"),
        ({"values": {"rating": {"a": "b"}}}, "columns has no rating"),
        ({"quarantine": {"Bad Rule": "true"}}, "not a rule's name"),
        ({"header": ["id", "t", "item"]}, "no column q"),
        ({"columns": {"query": "_line"}}, "_line has the name of one that Aisle makes itself"),
    ],
)
def test_what_no_file_could_be_read_with_is_said_before_the_first(tmp_path, drop, said):
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, CSV, **drop)


def line(**fields: object) -> str:
    return json.dumps({"id": "a", "t": AT, "item": "i", **fields})


def jsonl(tmp_path: Path, data: str | bytes, **kwargs) -> Found:
    return read(tmp_path, data, name="x.jsonl", format="json_lines", **kwargs)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (line(q="text"), "text"),
        (line(q=7), "7"),
        (line(q=0.5), "0.5"),
        (line(q=12345678901234567890123), "12345678901234567890123"),
        (line(q=True), "true"),
        (line(q=None), None),
        (line(), None),
        (line(q={"a": [1, "x"]}), '{"a":[1,"x"]}'),
        (line(q="").replace('""', r'"\u00fc\ud83d\ude00\n"'), "ü😀\n"),
        ('{"q":"first","q":"second",' + line()[1:], "first"),
        ("\t " + line(q="indented"), "indented"),
        (line(q="cr") + "\r", "cr"),
        (line(q="x", deep=json.loads('{"a":' * 90 + "1" + "}" * 90)), "x"),
    ],
)
def test_a_json_field_is_read_as_text(tmp_path, text, query):
    found = jsonl(tmp_path, text + "\n")
    assert (found.good, found.bad) == ([("a", "i", query)], [])


@pytest.mark.parametrize(
    ("sql", "fields", "query"),
    [
        ("q->>'$.a.b'", {"q": {"a": {"b": 5}}}, "5"),
        ("q->>'$[1]'", {"q": ["x", "y"]}, "y"),
        ("q->>'$.a'", {}, None),
        ("upper(nested->>'$.\"odd key\"')", {"nested": {"odd key": "v"}}, "V"),
        ('"a ""quoted"" name"', {'a "quoted" name': "v"}, "v"),
    ],
)
def test_an_expression_reaches_into_a_line(tmp_path, sql, fields, query):
    found = jsonl(tmp_path, line(**fields), columns={"query": sql})
    assert (found.good, found.bad) == ([("a", "i", query)], [])


BROKEN = [
    '{"id":"b","t"',
    "[1]",
    "7",
    '"text"',
    "null",
    "not json",
    '{"id":"b"}{"id":"c"}',
    '{"id":"\\ud800"}',
    '{"id":' + "[" * 200_000,
    '{"id":"a\0b"}',
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_line_that_is_no_object_is_quarantined_with_its_number_in_the_file(tmp_path, broken):
    found = jsonl(tmp_path, f"{line()}\n\r\n\n{broken}\r\n{line(id='z')}")
    assert [row[0] for row in found.good] == ["a", "z"]
    assert found.bad == [(4, broken, "line:json")]
    assert found.counts == (3, 2, 1, 0)


def test_a_line_in_another_encoding_is_quarantined_alone(tmp_path):
    found = jsonl(tmp_path, f"{line()}\n".encode() + b'{"id":"\xff"}\n' + line(id="z").encode())
    assert [row[0] for row in found.good] == ["a", "z"]
    assert found.bad == [(2, '{"id":"\\xff"}', "line:encoding")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_json_lines_of_other_encodings(tmp_path, encoding):
    text = json.dumps({"id": "a", "t": AT, "item": "i", "q": "ü"}, ensure_ascii=False)
    assert jsonl(tmp_path, f"{text}\n".encode(encoding), encoding=encoding).good == [("a", "i", "ü")]


def test_an_expression_that_fails_on_a_line_quarantines_that_line_alone(tmp_path):
    texts = [line(q="not json"), line(id="b", q={"a": "x"})]
    found = jsonl(tmp_path, "\n".join(texts), columns={"query": "q->>'$.a'"})
    assert (found.good, found.bad) == ([("b", "i", "x")], [(1, texts[0], "query:type")])


def parquet(rows: int = 1, **columns: object) -> bytes:
    plain = {"id": [f"{n}" for n in range(rows)], "t": [AT] * rows, "item": ["i"] * rows, "q": pa.nulls(rows)}
    file = io.BytesIO()
    pq.write_table(pa.table(plain | columns), file, row_group_size=2)
    return file.getvalue()


def read_parquet(tmp_path: Path, *files: bytes, **kwargs) -> Found:
    return read(tmp_path, *files, name="x.parquet", format="parquet", **kwargs)


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


FORMATS = {
    "csv": f"id,t,item,q,new,old\na,{AT},i,x,1,2\n".encode(),
    "json_lines": (line(new=1, old=2) + "\nbroken\n" + line(id="b")).encode(),
    "parquet": parquet(new=[1], old=[2]),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_unknown_columns_are_ignored_noted_or_refused(tmp_path, kind):
    seen = {}
    for choice in ("ignore", "note", "refuse"):
        (tmp_path / choice).mkdir()
        drop = {"format": kind, "known_columns": ["old"], "unknown_columns": choice}
        found = read(tmp_path / choice, FORMATS[kind], **drop)
        [counts] = found.shop.build(D)
        seen[choice] = (counts.files[0].unknown_columns, counts.valid)
        if choice == "note":
            entries = Ledger(found.shop.landing, "s").entries()
            told = ingest_summary("s", entries, {"events": [counts]})["files"]
            assert [file["unknown_columns"] for file in told] == [["new"]]
            assert found.shop.lake.info("raw/events", D).extra["hours"]["23"]["files"][0]["unknown_columns"] == ["new"]
    every = 2 if kind == "json_lines" else 1
    refused = ("line:unknown_field", "line:json") if kind == "json_lines" else ("file:unknown_column",)
    assert seen == {"ignore": ([], every), "note": (["new"], every), "refuse": ([], every - 1)}
    assert tuple(rules for _, _, rules in found.bad) == refused


def test_known_columns_are_not_told_of(tmp_path):
    found = read(tmp_path, FORMATS["csv"], known_columns=["new", "old"], unknown_columns="refuse")
    assert (len(found.good), found.bad) == (1, [])


@pytest.mark.parametrize(
    ("rule", "text", "zone", "at"),
    [
        ("iso", "2026-03-01T10:00:00Z", "Europe/Berlin", "2026-03-01 10:00:00"),
        ("iso", "2026-03-01 10:00:00", "Europe/Berlin", "2026-03-01 09:00:00"),
        ("iso", "2026-02-28 23:00:00-05:00", "UTC", "2026-03-01 04:00:00"),
        ("epoch_s", "1772359200", "Europe/Berlin", "2026-03-01 10:00:00"),
        ("epoch_s", "1772359200.25", "UTC", "2026-03-01 10:00:00.250000"),
        ("epoch_ms", "1772359200123", "Asia/Tokyo", "2026-03-01 10:00:00.123000"),
        ("epoch_us", "1772359200123456", "UTC", "2026-03-01 10:00:00.123456"),
        ("day", "2026-03-01", "Europe/Berlin", "2026-03-01 00:00:00"),
        ("%d.%m.%Y", "01.03.2026", "Asia/Tokyo", "2026-03-01 00:00:00"),
        ("%d.%m.%Y %H:%M", "01.03.2026 10:30", "Europe/Berlin", "2026-03-01 09:30:00"),
        ("%m/%d/%Y %I:%M %p", "3/1/2026 1:05 PM", "America/New_York", "2026-03-01 18:05:00"),
    ],
)
def test_times_are_read_by_their_rule_in_the_zone_of_the_source(tmp_path, rule, text, zone, at):
    data = f"id,t,item,q\na,{text},i,x\nb,never,i,x\nc,,i,x\n"
    found = read(tmp_path, data, source={"zone": zone}, times={"event_at": rule})
    assert [str(when) for (when,) in found.shop.rows(D, "event_at")] == [at]
    assert [rules for _, _, rules in found.bad] == ["event_at:type", "event_at:required"]


@pytest.mark.parametrize("unit", ["epoch_s", "epoch_ms", "epoch_us"])
@pytest.mark.parametrize("number", ["1e30", "9" * 30, "-" + "9" * 30, "nan", "ten", "1772359200.5.5"])
def test_a_number_that_is_no_time_quarantines_its_row(tmp_path, unit, number):
    found = read(tmp_path, f"id,t,item,q\na,{number},i,x\n", times={"event_at": unit})
    assert (found.good, [rules for *_, rules in found.bad]) == ([], ["event_at:type"])


def test_values_of_the_source_become_those_of_the_contract_and_others_stay(tmp_path):
    data = f"id,t,item,q\na,{AT},i,0\nb,{AT},i,dismiss\nc,{AT},i,9\nd,{AT},i,\n"
    found = read(tmp_path, data, columns={"action": "q"}, values={"action": {"0": "view", "1": "it's"}})
    assert found.shop.rows(D, "event_id", "action") == [("a", "view"), ("b", "dismiss")]
    assert [rules for _, _, rules in found.bad] == ["action:valid_values", "action:required"]


def test_a_row_that_a_rule_of_the_source_does_not_want_says_which(tmp_path):
    data = f"id,t,item,q\na,{AT},i,x\nb,{AT},test,1\n,{AT},test,0\n"
    rules = {"test_item": "item = 'test'", "is_zero": "q::integer = 0"}
    found = read(tmp_path, data, quarantine=rules)
    assert found.good == [("a", "i", "x")]  # a condition that fails is not met
    broken = [rules.split("; ") for *_, rules in found.bad]
    assert broken == [["source:test_item"], ["source:test_item", "source:is_zero", "event_id:required"]]


def test_history_without_event_times_is_cut_by_the_time_that_it_arrives(tmp_path):
    drop = {
        "file": "*",
        "feeds": "items",
        "arrives": "strptime(day, '%d.%m.%Y')",
        "columns": {"item_id": "id", "is_available": "true", "is_blocked": "false", "is_adult": "false"}
        | {"updated_at": "arrival_date"},
    }
    shop = Shop(tmp_path, json.dumps({"source": "s", "arrival": "event_day", "drops": {"d": drop}}))
    entries = shop.land(
        "items.csv", "id,day\na,02.03.2026\nb,01.03.2026\nc,never\nd,09.03.2026\n", day=date(2026, 3, 3)
    )
    assert [(e.arrival_date, e.status) for e in entries] == [(f"2026-03-0{n}", "taken") for n in (1, 2, 3)]
    days = [date(2026, 3, n) for n in (1, 2, 3)]
    shop.build(*days, table="items")
    assert [shop.rows(day, "item_id", table="raw/items") for day in days] == [[("b",), ("c",)], [("a",)], [("d",)]]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("csv", "utf-8"), ("csv", "latin-1"), ("csv", "utf-16"), ("json_lines", "utf-16"), ("parquet", "utf-8")],
)
def test_history_of_every_format_is_cut_without_a_change_to_its_records(tmp_path, kind, encoding, packed):
    rows = [("a", "2026-03-02 08:00:00", "ü"), ("b", "2026-03-01 08:00:00", "x"), ("c", "2026-03-02 09:00:00", "z")]
    if kind == "parquet":
        ids, times, texts = (list(column) for column in zip(*rows, strict=True))
        data = parquet(3, id=ids, t=times, q=pa.array(texts, pa.string_view()))
    elif kind == "csv":
        data = (
            "".join(f"{n},{t},i,{q}\n" for n, t, q in [("id", "t", "q"), *rows])
            .replace(",i,q", ",item,q")
            .encode(encoding)
        )
    else:
        data = "".join(line(id=n, t=t, q=q) + "\n" for n, t, q in rows).encode(encoding)
    drop = {"file": "*", "feeds": "events", "format": kind, "encoding": encoding, "columns": COLUMNS}
    shop = Shop(tmp_path, json.dumps({"source": "s", "arrival": "event_day", "drops": {"d": drop}}))
    shop.land("x.gz" if packed else "x", gzip.compress(data) if packed else data, day=date(2026, 3, 9))
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    shop.build(*days)
    got = [shop.rows(day, "event_id", "query") for day in days]
    assert got == [[("b", "x")], [("a", "ü"), ("c", "z")]]
