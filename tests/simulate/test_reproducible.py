"""The same spec gives the same bytes, however it is run; another seed gives others; formats hold the same events."""

import gzip
import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.errors import ConfigError
from recs.simulate import ShopSpec, generate
from recs.simulate.drops import drop_path

SMALL = ShopSpec(users=200, items=80, days=3, events_per_day=1_200, seed=3, first_day=date(2026, 3, 6), dirt=0.05)


def hashes(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    out = tmp_path_factory.mktemp("small")
    generate(SMALL, out, threads=2)
    return out


def test_one_thread_writes_the_same_files_as_two(small, tmp_path):
    generate(SMALL, tmp_path, threads=1)
    assert hashes(tmp_path) == hashes(small)


def test_an_hour_alone_is_what_it_is_in_a_full_run(small, tmp_path):
    hours = (0, 30, 71)
    generate(SMALL, tmp_path, only=hours)
    alone, full = hashes(tmp_path / "drops"), hashes(small / "drops")
    assert {drop_path(SMALL, "events", hour) for hour in hours} <= set(alone)
    assert len(alone) < len(full) / 5
    assert alone == {name: full[name] for name in alone}


def test_another_seed_writes_other_events_in_every_file(small, tmp_path):
    generate(replace(SMALL, seed=4), tmp_path)
    ours, theirs = hashes(small / "drops"), hashes(tmp_path / "drops")
    both = set(ours) & set(theirs)
    assert len(both) >= SMALL.hours
    assert all(ours[name] != theirs[name] for name in both)


def test_parquet_holds_the_same_events_as_json_lines(small, tmp_path):
    generate(replace(SMALL, format="parquet", dirt=0), tmp_path)
    generate(replace(SMALL, dirt=0), tmp_path / "lines")
    parquet = pl.concat([pl.read_parquet(p) for p in sorted(tmp_path.glob("drops/*/*/events-*.parquet"))])
    texts = {name: pl.String if dtype == pl.Datetime else dtype for name, dtype in parquet.schema.items()}
    files = sorted(tmp_path.glob("lines/drops/*/*/events-*.gz"))
    lines = pl.concat([pl.read_ndjson(gzip.decompress(file.read_bytes()), schema=texts) for file in files])
    at = pl.col("event_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms", time_zone="UTC")
    assert lines.with_columns(at).sort("event_id").equals(parquet.sort("event_id"))


def test_parquet_counts_its_dirt_too(tmp_path):
    told = generate(replace(SMALL, format="parquet"), tmp_path)
    drops = told["event_drops"]
    read = pl.concat([pl.read_parquet(p) for p in sorted(tmp_path.glob("drops/*/*/events-*.parquet"))])
    assert len(read) == drops["rows"] == drops["valid"] + drops["quarantined"] + drops["duplicate"]
    assert read["event_id"].n_unique() == len(read) - drops["duplicate"]
    kinds = drops["kinds"]
    assert read.filter(pl.col("item_id").str.starts_with("gone-")).height == kinds["unknown_item"]
    missing = pl.col("event_at").is_null() | pl.col("action").is_null()
    missing |= pl.col("item_id").is_null() & (pl.col("action") != "search")
    assert read.filter(missing).height == kinds["missing_field"]
    wrong = (pl.col("quantity") < 1) | (pl.col("unit_price") < 0) | (pl.col("rating") > 5)
    assert read.filter(wrong).height == kinds["out_of_range"]
    assert not {"torn_line", "wrong_type", "invalid_utf8", "blank_line"} & set(kinds)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="is not empty"):
        generate(SMALL, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("field", "value"), [("users", 0), ("items", 3), ("days", 0), ("events_per_day", 1), ("dirt", 0.9)]
)
def test_what_cannot_be_is_said_with_its_name(field, value):
    with pytest.raises(ConfigError, match=f"{field} is {value}"):
        replace(SMALL, **{field: value})


def test_the_smallest_shop_still_opens(tmp_path):
    told = generate(ShopSpec(users=1, items=20, days=2, events_per_day=24, seed=0), tmp_path)
    assert told["events"] == pytest.approx(48, abs=8)


@settings(max_examples=8)
@given(
    st.builds(
        ShopSpec,
        users=st.sampled_from([1, 3, 500]),
        items=st.sampled_from([20, 25, 3_000]),
        days=st.integers(1, 9),
        events_per_day=st.sampled_from([24, 100, 2_000]),
        seed=st.integers(0, 2**63 - 1),
        dirt=st.sampled_from([0.0, 0.5]),
        bots=st.sampled_from([0.0, 0.5]),
        bad_files=st.integers(0, 2),
        format=st.sampled_from(["jsonl", "parquet"]),
    )
)
def test_a_shop_of_any_shape_has_its_events_and_its_counts_add_up(spec):
    with TemporaryDirectory() as folder:
        told = generate(spec, Path(folder))
    drops = told["event_drops"]
    planted = sum(n for kind, n in drops["kinds"].items() if kind not in ("blank_line", "truncated_file"))
    assert told["events"] == pytest.approx(spec.days * spec.events_per_day, rel=0.02)
    assert drops["rows"] == drops["valid"] + drops["quarantined"] + drops["duplicate"]
    assert drops["rows"] == told["events"] - told["undelivered"] + planted
