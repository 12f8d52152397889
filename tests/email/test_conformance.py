"""What every destination must do. A new destination adds one line to CHECKS: how its own reader judges its files."""

import csv

import pytest

from recs.email import DESTINATIONS
from recs.email.validate import csv_problems
from tests.email.shop import TITLES, contents, export, spec, write_lake

CHECKS = {"csv": lambda folder: [problem for path in folder.iterdir() for problem in csv_problems(path)]}


def test_no_registered_destination_escapes_this_suite():
    assert set(CHECKS) == set(DESTINATIONS)


@pytest.fixture(params=sorted(CHECKS))
def name(request):
    return request.param


def test_its_files_are_fit_for_their_reader(name, tmp_path):
    write_lake(tmp_path / "lake")
    folder = export(tmp_path, spec(destinations=(name,))).folder
    assert contents(folder / name)
    assert CHECKS[name](folder / name) == []


def test_it_writes_the_same_bytes_twice(name, tmp_path):
    made = []
    for home in (tmp_path / "one", tmp_path / "two"):
        write_lake(home / "lake")
        made.append(contents(export(home, spec(destinations=(name,))).folder / name))
    assert made[0] == made[1]


def test_an_empty_batch_is_fit_too(name, tmp_path):
    write_lake(tmp_path / "lake", members=0)
    assert CHECKS[name](export(tmp_path, spec(destinations=(name,))).folder / name) == []


def test_csv_gives_back_every_title_as_it_is(tmp_path):
    titles = {**TITLES, "crlf": "Two\r\nlines\tand a tab", "mark": "עברית \u200fעם סימן"}
    write_lake(tmp_path / "lake", titles=titles)
    campaign = spec(items=10, surfaces=(spec().surfaces[0],))
    folder = export(tmp_path, campaign).folder
    with next((folder / "csv").iterdir()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    told = {row[f"rec_{n}_item_id"]: row[f"rec_{n}_title"] for row in rows for n in range(1, 11)}
    told.pop("", None)
    expected = {item: titles[item] for item in ("tea", "milk", "jam", "cake", "dates", "soap", "mark")}
    assert told == {**expected, "crlf": "Two lines and a tab"}
    assert {row["rec_1_price"] for row in rows} == {"4.07"}
    assert {row["rec_1_url"] for row in rows} == {""}
