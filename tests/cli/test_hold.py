"""``aisle hold`` and the held batches of ``aisle status``, through the command line's own functions."""

import json
from datetime import timedelta

import pytest
import typer
from typer.testing import CliRunner

from cli import hold, status
from recs.errors import AisleError
from tests.checks.lakes import MONDAY, ROOT, Shop, events


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    monkeypatch.setenv("AISLE_HOME", str(tmp_path))
    monkeypatch.setenv("AISLE_CONFIG", str(ROOT / "config"))
    shop = Shop(tmp_path)
    shop.hold(MONDAY, events(MONDAY, 9), ["far too few"])
    shop.arrive(MONDAY, events(MONDAY, 0))
    return shop


def aisle(*words: str):
    app = typer.Typer()
    hold.register(app)
    status.register(app)
    got = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert got.exit_code == 0
    return json.loads(got.stdout) if "--json" in words else got.stdout


def test_a_held_batch_is_listed_with_its_reasons(shop):
    (row,) = aisle("hold", "list", "--json")["held"]
    assert {k: row[k] for k in ("batch", "rows", "state", "reasons", "decision")} == {
        "batch": "events/2026-03-02",
        "rows": 9,
        "state": "held",
        "reasons": ["far too few"],
        "decision": None,
    }
    assert "far too few" in aisle("hold", "list")


def test_a_release_is_written_down_and_says_what_to_run_next(shop):
    got = aisle("hold", "release", "events/2026-03-02", "--why", "a holiday", "--json")
    assert (got["state"], got["decision"]["why"]) == ("released", "a holiday")
    assert got["next"] == ["aisle run daily --partition 2026-03-02"]
    assert aisle("hold", "list", "--json")["held"][0]["state"] == "released"


def test_days_after_a_released_one_are_built_again_too(shop):
    later = MONDAY + timedelta(days=3)
    shop.arrive(later, events(later, 5))
    said = aisle("hold", "release", "events/2026-03-02")
    assert "aisle backfill --from 2026-03-02 --to 2026-03-05 --select raw,staging,facts" in said
    assert "aisle run daily --partition 2026-03-05" in said


def test_status_lists_what_waits_for_a_person_and_nothing_else(shop):
    assert [row["batch"] for row in aisle("status", "--json")["held"]] == ["events/2026-03-02"]
    assert "aisle hold release BATCH" in aisle("status")
    aisle("hold", "drop", "events/2026-03-02", "--why", "a test file")
    assert aisle("status", "--json")["held"] == []
    assert [table["name"] for table in aisle("status", "--json")["tables"]] == ["raw/events"]


def test_a_batch_that_is_not_held_is_refused_with_those_that_are(shop):
    with pytest.raises(AisleError, match=r"choose one of aisle hold list: events/2026-03-02"):
        aisle("hold", "release", "items/2026-03-02")


def test_without_held_batches_the_list_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("AISLE_HOME", str(tmp_path / "new"))
    assert aisle("hold", "list", "--json") == {"held": []}
    assert aisle("hold", "list").strip() == "No batch is held."
