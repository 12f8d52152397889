"""A partition that is written part by part, as large snapshots are."""

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration import dbt_run
from orchestration.dbt_manifest import DbtModel
from orchestration.dbt_run import DbtBuild, commit_model
from recs.lake import Lake, Provenance
from recs.lake.damage import damaged_partitions
from recs.lake.inputs import Inputs
from recs.lake.parts import PartitionDraft, write_in_parts

DAY, TABLE = date(2026, 3, 10), "features/feat_item"
BY = Provenance("code", "config", "run")


def frame(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"as_of_date": [DAY] * rows, "item_id": [f"i{n:04d}" for n in range(rows)], "n": range(rows)})


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_parts_hold_all_rows_in_order_however_they_come(tmp_path_factory, rows, batch, part):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    none = pa.RecordBatch.from_pylist([], schema=frame(1).to_arrow().schema)
    batches = frame(rows).to_arrow().to_batches(max_chunksize=batch) or [none]
    told = {"inputs": {}, "provenance": BY, "extra": {"build_seconds": 1}}
    info = write_in_parts(PartitionDraft(lake, TABLE, DAY), batches, rows=part, **told)
    assert (info.rows, info.extra) == (rows, {"build_seconds": 1})
    assert len(info.parts) == max(1, -(-rows // part))
    assert lake.read(TABLE, DAY)["n"].to_list() == list(range(rows))
    assert list(damaged_partitions(lake)) == []
    assert not list(lake.root.glob(".tmp*"))


@pytest.mark.parametrize("name", ["feat_item.all.parquet", f"feat_item.{DAY}.parquet"])
def test_a_large_snapshot_is_committed_in_parts_and_a_small_one_whole(tmp_path: Path, monkeypatch, name):
    lake, stage = Lake(tmp_path / "lake"), tmp_path / "stage"
    stage.mkdir()
    frame(25).write_parquet(stage / name)
    model = DbtModel(TABLE, "", {}, (), ("as_of_date", "item_id"), "")
    build = DbtBuild(lake, stage, {}, {})
    for most, parts in ((10, {"00000", "00001", "00002"}), (25, set())):
        monkeypatch.setattr(dbt_run, "PART_ROWS", most)
        monkeypatch.setattr("recs.lake.parts.PART_ROWS", most)
        commit_model(build, model, [DAY], inputs=Inputs(lake), parents=[], provenance=BY, threads=2)
        info = lake.info(TABLE, DAY)
        assert (info.rows, set(info.parts)) == (25, parts)
        assert lake.read(TABLE, DAY)["n"].to_list() == list(range(25))
