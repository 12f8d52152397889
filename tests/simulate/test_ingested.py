"""Ingestion finds in the drops of a simulated shop what the truth says was planted, to the row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.landing import land
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance
from recs.simulate import ShopSpec, generate

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
SPEC = ShopSpec(users=200, items=80, days=3, events_per_day=900, seed=21, dirt=0.1, bad_files=2)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_every_file_is_read_as_the_truth_says(tmp_path, form):
    spec = replace(SPEC, format=form)
    told = generate(spec, tmp_path / "shop")
    drops, lake = tmp_path / "shop" / "drops", Lake(tmp_path / "lake")
    source = load_source(ROOT / "config/sources/simulated.yaml", CONTRACTS)
    files = [path for path in drops.rglob("*") if path.is_file()]
    entries = land(source, files, tmp_path / "landing", arrival_date=spec.day(0))
    assert {entry.status for entry in entries} == {"taken"}
    assert all(f"{entry.arrival_date}T{entry.arrival_hour:02d}" in entry.name for entry in entries)
    found = {}
    for table in ("items", "users", "promotions", "events"):
        days = sorted({entry.day for entry in entries if entry.table == table})
        found[table] = build_raw(
            CONTRACTS[table],
            days,
            lake=lake,
            landing_root=tmp_path / "landing",
            sources=[source],
            provenance=Provenance("code", "config", "run"),
        )
    for table, rows in told["table_rows"].items():
        assert sum(day.valid for day in found[table]) == sum(day.read for day in found[table]) == rows
    stated = json.loads((tmp_path / "shop/truth/dirt.json").read_text())["files"]
    files_found = [file for day in found["events"] for file in day.files]
    ours = {Path(file.name).name: (file.read, file.valid, file.quarantined, file.duplicate) for file in files_found}
    names = ("rows", "valid", "quarantined", "duplicate")
    assert ours == {Path(file).name: tuple(drop[name] for name in names) for file, drop in stated.items()}
    unreadable = {Path(file.name).name for file in files_found if file.status == "quarantined"}
    assert unreadable == {Path(file).name for file, drop in stated.items() if "truncated_file" in drop["kinds"]}
    assert len(unreadable) == spec.bad_files
    unknown = lake.read("raw/events", spec.day(0), ["is_unknown_item"])
    assert unknown["is_unknown_item"].sum() > 0
