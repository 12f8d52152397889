"""The CSV validator: one broken file for every promise it makes."""

import pytest

from recs.email.validate import MOST_TOLD, csv_problems

HEAD = b"user_id,rec_1_title,rec_1_price\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"ann,Tea,1.50",
        b'ann,"Tea, green",',
        b'ann,"The ""best""",2',
        'ann,"🎂, تمر",-1.5'.encode(),
        b'ann,"",',
        b"ann,,",
    ],
)
def test_a_fit_line(line, tmp_path):
    (tmp_path / "a.csv").write_bytes(HEAD + line + b"\r\n")
    assert csv_problems(tmp_path / "a.csv") == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xef\xbb\xbf" + HEAD, "it begins with a byte-order mark"),
        (HEAD + b"ann,\xff,\r\n", "byte 37 is not UTF-8"),
        (HEAD + b"ann,Tea,1", "the last line does not end in CRLF"),
        (HEAD.replace(b"\r", b""), "the last line does not end in CRLF"),
        (HEAD + b"ann,Tea,1\nbob,Tea,1\r\n", "line 2: control character '\\n', or a line break inside a cell"),
        (HEAD + b'ann,"Tea\r\n",1\r\n', "line 2: quotes that RFC 4180 does not allow"),
        (HEAD + b"ann,Te\x00a,1\r\n", "line 2: control character '\\x00', or a line break inside a cell"),
        (HEAD + "ann,Te\u2028a,1\r\n".encode(), "line 2: control character '\\u2028', or a line break inside a cell"),
        (HEAD + b'ann,Te"a,1\r\n', "line 2: quotes that RFC 4180 does not allow"),
        (HEAD + b'ann,"Te"a,1\r\n', "line 2: quotes that RFC 4180 does not allow"),
        (HEAD + b'ann,"Te\\"a",1\r\n', "line 2: quotes that RFC 4180 does not allow"),
        (HEAD + b"ann,Tea\r\n", "line 2: 2 cells, 3 columns"),
        (HEAD + b"ann,Tea, green,1\r\n", "line 2: 4 cells, 3 columns"),
        (HEAD + b"ann,NULL,1\r\n", "line 2: rec_1_title reads 'NULL'"),
        (HEAD + b"ann,Tea,nan\r\n", "line 2: rec_1_price reads 'nan'"),
        (HEAD + b"None,Tea,1\r\n", "line 2: user_id reads 'None'"),
        (HEAD + b'ann,Tea,"1,50"\r\n', "line 2: rec_1_price is '1,50', not a number with a dot"),
        (HEAD + b"ann,Tea,1e3\r\n", "line 2: rec_1_price is '1e3', not a number with a dot"),
        (HEAD + b",Tea,1\r\n", "line 2: user_id '' is blank or stands there twice"),
        (HEAD + b"ann,Tea,1\r\nann,Tea,1\r\n", "line 3: user_id 'ann' is blank or stands there twice"),
        (b"user_id,a,a\r\n", "line 1: a column stands there twice"),
        (b"user_id,a b\r\n", "line 1: 'a b' is no column name"),
        (b"id,a\r\n", "line 1: there is no column user_id"),
        (b"", "the last line does not end in CRLF"),
    ],
)
def test_a_broken_file_is_told(data, problem, tmp_path):
    (tmp_path / "a.csv").write_bytes(data)
    assert problem in csv_problems(tmp_path / "a.csv")


def test_a_file_full_of_problems_is_told_in_a_few(tmp_path):
    (tmp_path / "a.csv").write_bytes(HEAD + b"x\r\n" * 1000)
    assert len(csv_problems(tmp_path / "a.csv")) == MOST_TOLD
