"""Partitions and source lines, from a small lake: what was made from what, what has changed, which line said it."""

import gzip
import hashlib
from datetime import date, datetime

import polars as pl
import pytest

from recs.explain.lineage import lineage
from recs.explain.sources import SHOWN, event_lines, landed_files
from recs.lake import Lake, Provenance

D1, D2, D3 = date(2017, 3, 4), date(2017, 3, 5), date(2017, 3, 6)
FILE = "shop/{}/events.csv.gz"
BY = Provenance("code", "config", "run")


def events(day: date, rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    names = {"user_id": pl.String, "item_id": pl.String, "action": pl.String}
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(
        event_at=pl.lit(datetime(day.year, day.month, day.day, 9)),
        quantity=pl.lit(1),
        unit_price=pl.lit(1.5),
        currency=pl.lit("USD"),
        event_id=pl.format("e{}", pl.int_range(pl.len())),
        source_file=pl.lit(FILE.format(day)),
        source_line=pl.int_range(1, pl.len() + 1),
        arrival_date=pl.lit(day),
        arrival_hour=pl.lit(23),
    )


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Two arrival days of events, a fact over them, a feature, and a surface made of the feature."""
    lake = Lake(tmp_path / "lake")
    for day in (D1, D2):
        path = tmp_path / "landing" / FILE.format(day)
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(f"events of {day}".encode()))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows = events(day, [("ann", "tea", "purchase"), ("bob", "tea", "purchase"), ("ann", "jam", "view")])
        landed = {f"landing/{FILE.format(day)}": digest, "raw/events before": "chain"}
        write(lake, "raw/events", day, rows, landed)
        fact(lake, day, rows)
    snapshot = pl.DataFrame({"as_of_date": [D2], "item_id": ["tea"]})
    write(lake, "features/feat_item", D2, snapshot, {"facts/fct": lake.inputs_hash("facts/fct", until=D2)})
    made_from = {
        "features/feat_item": lake.info("features/feat_item", D2).content_hash,
        f"features/feat_item@{D1}": "x",
    }
    write(lake, "surfaces/home", D2, snapshot, made_from)
    return lake


def fact(lake: Lake, day: date, rows: pl.DataFrame) -> None:
    made_from = {"raw/events": lake.info("raw/events", day).content_hash}
    write(lake, "facts/fct", day, rows.select("arrival_date", "item_id"), made_from)


def write(lake: Lake, table: str, day: date, rows: pl.DataFrame, made_from: dict[str, str]) -> None:
    lake.write_partition(table, day, rows, sort_by=[rows.columns[0]], inputs=made_from, provenance=BY)


def test_the_chain_is_followed_from_the_surface_to_the_landed_files(lake):
    chain = lineage(lake, "surfaces/home", D2)
    expected = {f"surfaces/home@{D2}", f"features/feat_item@{D2}", f"facts/fct@..{D2}", f"raw/events@..{D2}"}
    assert chain["nodes"].keys() == expected
    raw = chain["nodes"][f"raw/events@..{D2}"]
    assert raw["partitions"] == 2
    assert raw["rows"] == 6
    assert [i["name"] for i in raw["days"][0]["inputs"]] == [f"landing/{FILE.format(D1)}", "raw/events before"]
    assert (raw["days"][0]["run_id"], raw["days"][0]["code_version"]) == ("run", "code")


def test_a_past_partition_that_is_gone_counts_as_changed_and_is_not_followed(lake):
    (changed,) = lineage(lake, "surfaces/home", D2)["changed"]
    assert changed == {
        "child": f"surfaces/home@{D2}",
        "input": f"features/feat_item@{D1}",
        "recorded": "x",
        "now": None,
    }


def test_what_was_made_again_with_other_rows_is_named_with_who_read_it(lake):
    before = {(c["child"], c["input"]) for c in lineage(lake, "surfaces/home", D2)["changed"]}
    fact(lake, D1, events(D1, [("eve", "gin", "purchase")]))
    after = {(c["child"], c["input"]) for c in lineage(lake, "surfaces/home", D2)["changed"]}
    assert after - before == {(f"features/feat_item@{D2}", "facts/fct")}


def test_later_arrivals_change_nothing(lake):
    before = lineage(lake, "surfaces/home", D2)
    write(lake, "raw/events", D3, events(D3, [("ann", "tea", "purchase")]), {})
    fact(lake, D3, events(D3, [("ann", "tea", "purchase")]))
    assert lineage(lake, "surfaces/home", D2) == before


def test_a_shoppers_lines_are_theirs_the_latest_first_and_none_from_the_future(lake):
    write(lake, "raw/events", D3, events(D3, [("ann", "tea", "purchase")]), {})
    got = event_lines(lake, user_id="ann", item_id="tea", until=D2)
    assert (got["total"], got["purchases"]) == (2, 2)
    assert [(line["file"], line["line"]) for line in got["lines"]] == [(FILE.format(D2), 1), (FILE.format(D1), 1)]
    assert event_lines(lake, user_id="ann", item_id="jam", until=D2)["purchases"] == 0
    assert event_lines(lake, user_id="eve", item_id="tea", until=D2) == {"total": 0, "purchases": 0, "lines": []}


def test_of_many_lines_the_latest_are_told_and_all_are_counted(lake):
    write(lake, "raw/events", D3, events(D3, [("ann", "tea", "purchase")] * (SHOWN + 5)), {})
    got = event_lines(lake, user_id="ann", item_id="tea", until=D3)
    assert got["total"] == SHOWN + 7
    assert len(got["lines"]) == SHOWN


@pytest.mark.parametrize(("damage", "intact"), [(None, True), (b"other bytes", False), ("gone", False)])
def test_a_landed_file_is_compared_with_what_was_read(lake, tmp_path, damage, intact):
    landing = tmp_path / "landing"
    path = landing / FILE.format(D1)
    if damage == "gone":
        path.unlink()
    elif damage:
        path.write_bytes(damage)
    lines = [{"file": FILE.format(D1), "arrival_date": D1}] * 2
    (file,) = landed_files(lake, landing, "raw/events", lines)
    assert file["file"] == FILE.format(D1)
    assert file["intact"] is intact
