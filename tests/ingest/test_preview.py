"""What a preview says of a file is what ingestion makes of it, and nothing is written for it."""

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.ingest.preview import Preview, preview
from recs.ingest.source import load_source
from tests.ingest.shop import CONTRACTS, Shop

DAY, TODAY = date(2026, 3, 1), date(2026, 10, 1)
SOURCE = """
source: shop
arrival: path
drops:
  orders:
    file: "orders*"
    feeds: events
    known_columns: [note]
    columns:
      event_id: id
      event_at: seen_at
      item_id: sku
      action: "'purchase'"
      quantity: n
"""
HEADER = "id,seen_at,sku,n"


def previewed(root: Path, name: str, data: str | bytes, source: str = SOURCE, **options) -> Preview:
    root.mkdir(exist_ok=True, parents=True)
    (root / "shop.yaml").write_text(source)
    path = root / "2026-03-01" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    made = load_source(root / "shop.yaml", CONTRACTS)
    [drop] = made.drops
    return preview(made, drop, CONTRACTS[made.drops[drop].feeds], path, today=TODAY, **options)


def test_rows_show_as_they_would_map_and_broken_ones_with_their_text_rules_and_fix(tmp_path):
    lines = ["1,2026-03-01 10:00,mug,2", "1,2026-03-01 10:00,mug,2", "2,2026-03-01 10:00,,x", "3,2026-03-01"]
    found = previewed(tmp_path, "orders.csv", "\n".join([HEADER, *lines]))
    assert [(row.line, row.status, row.rules, row.text) for row in found.rows] == [
        (1, "valid", "", ""),
        (2, "duplicate", "", lines[1]),
        (3, "quarantined", "item_id:required; quantity:type", lines[2]),
        (4, "quarantined", "line:field_count", lines[3]),
    ]
    assert (found.rows[0].values["item_id"], found.rows[0].values["quantity"]) == ("mug", 2)
    assert (found.read, found.valid, found.quarantined, found.duplicate) == (4, 1, 2, 1)
    assert found.reasons == dict.fromkeys(("item_id:required", "line:field_count", "quantity:type"), 1)
    assert found.fixes["quantity:type"].endswith("(drops.orders.columns.quantity: n)")
    assert not found.is_ok
    assert found.days == (DAY, DAY)


def test_columns_are_told_apart_as_read_known_and_not_read(tmp_path):
    found = previewed(tmp_path, "orders.csv", f"{HEADER},note,colour\n1,2026-03-01,mug,2,x,y\n")
    assert found.columns == {
        "read": ["id", "seen_at", "sku", "n"],
        "known": ["note"],
        "not_read": ["colour"],
        "missing": [],
    }
    assert found.is_ok


@pytest.mark.parametrize(
    ("name", "data", "looks", "problem", "fix"),
    [
        ("orders.csv", "id;seen_at;sku;n\n", ("csv", ";"), "file:missing_column", "delimiter: ';'"),
        ("orders.csv", "id,seen_at,skus,n\n", ("csv", ","), "file:missing_column", "sku may be 'skus'"),
        ("orders.txt", '{"id": 1}\n', ("json_lines", ""), "file:missing_column", "format: json_lines"),
        (
            "orders.csv.gz",
            gzip.compress(HEADER.encode() * 99, mtime=0)[:-20],
            ("unknown", ""),
            "file:truncated",
            "send the file",
        ),
        ("orders.csv", "", ("csv", ""), "file:empty", "header"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_says_why_and_what_to_change(tmp_path, name, data, looks, problem, fix):
    found = previewed(tmp_path, name, data)
    assert (found.seen.format, found.seen.delimiter) == looks
    assert found.problem.startswith(problem)
    assert fix in "".join(found.fixes.values())
    assert not found.is_ok


def test_the_encoding_of_a_file_shows(tmp_path):
    assert previewed(tmp_path, "orders.csv", f"{HEADER}\n1,2026-03-01,café,2\n").seen.encoding == "utf-8"
    latin = previewed(tmp_path, "orders.csv", f"{HEADER}\n1,2026-03-01,café,2\n".encode("latin-1"))
    assert latin.seen.encoding == "unknown"
    assert latin.reasons == {"line:encoding": 1}


def test_the_first_rows_are_judged_or_all_of_them(tmp_path):
    text = "\n".join([HEADER, *(f"{n},2026-03-01,mug,{n}" for n in range(50))])
    some, whole = (previewed(tmp_path, "orders.csv", text, sample=n, rows=3) for n in (10, None))
    assert (some.read, some.is_whole, len(some.rows)) == (10, False, 3)
    assert (whole.read, whole.is_whole, whole.quarantined) == (50, True, 1)  # a quantity of 0


def test_rows_of_a_history_arrive_on_the_days_of_their_events(tmp_path):
    history = SOURCE.replace("arrival: path", "arrival: event_day")
    text = f"{HEADER}\n1,2014-04-15,mug,1\n2,2014-04-17,mug,1\n3,never,mug,1\n"
    found = previewed(tmp_path, "orders.csv", text, history)
    assert (found.days, found.valid) == ((date(2014, 4, 15), date(2014, 4, 17)), 2)  # of 2014, and yet not too old


def test_lines_of_json_are_read_with_the_names_of_their_fields(tmp_path):
    source = SOURCE.replace("    feeds", "    format: json_lines\n    feeds")
    text = '{"id": 1, "seen_at": "2026-03-01", "sku": "mug", "n": 2, "at": {"x": 1}}\n\n{"id": 2\n'
    found = previewed(tmp_path, "orders.jsonl", text, source)
    assert (found.columns["not_read"], found.valid) == (["at"], 1)
    assert [(row.line, row.rules) for row in found.broken] == [(3, "line:json")]


FIELDS = st.tuples(
    st.sampled_from("12"),
    st.sampled_from(["2026-03-01", "x", ""]),
    st.sampled_from(["mug", ""]),
    st.sampled_from("012"),
)


@given(rows=st.lists(FIELDS, min_size=1, max_size=8))
def test_the_counts_of_a_preview_are_those_of_the_build(tmp_path_factory, rows):
    root = tmp_path_factory.mktemp("shop")
    text = "\n".join([HEADER, *(",".join(row) for row in rows)]) + "\n"
    told = previewed(root / "sample", "orders.csv", text)
    shop = Shop(root, SOURCE)
    shop.land("2026-03-01/orders.csv", text, day=DAY)
    [made] = shop.build(DAY)
    for name in ("read", "valid", "quarantined", "duplicate", "reasons", "is_over_bad_share"):
        assert getattr(told, name) == getattr(made, name), name


def test_money_shows_exactly(tmp_path):
    source = SOURCE + "      unit_price: p\n      currency: \"'EUR'\"\n"
    found = previewed(tmp_path, "orders.csv", f"{HEADER},p\n1,2026-03-01,mug,2,2.50\n", source)
    assert found.rows[0].values["unit_price"] == Decimal("2.5000")


def test_nothing_is_written_beside_the_file(tmp_path):
    previewed(tmp_path, "orders.csv", f"{HEADER}\n1,2026-03-01,mug,2\n")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["orders.csv", "shop.yaml"]
