"""JSON Lines, literally: bytes in, rows and quarantine out."""

import json

import pytest

from tests.ingest.drops import AT, jsonl, line


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
