"""CSV and packed files, literally: bytes in, rows and quarantine out."""

import gzip

import pyarrow as pa
import pytest

from recs.errors import ConfigError
from tests.ingest.drops import AT, CSV, GOOD, read


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
