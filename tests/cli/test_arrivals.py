"""What ``aisle status`` says of each source."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assets.inboxes import take_inboxes
from cli import status
from cli.arrivals import hour_strip, source_rows
from recs.ingest.ledger import Ledger
from tests.ingest.shop import CONTRACTS
from tests.orchestration.test_hourly import SOURCE, Shop

DAY = date(2026, 3, 4)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "first_day = 2026-03-01\nlast_day = 2026-03-31", SOURCE)


def strip(shop: Shop) -> str:
    from recs.lake import Lake

    entries = [e for e in Ledger(shop.settings.landing, "shop").taken() if e.day == DAY]
    return hour_strip(entries, DAY, Lake(shop.settings.lake), CONTRACTS)


def test_each_hour_of_a_day_has_its_mark(shop):
    shop.put("2026-03-04/03/sales.csv", "a")
    bad = shop.put("2026-03-04/05/sales.csv", "b")
    bad.write_text("id,t,i\nb,never,mug\n")
    shop.take()
    assert strip(shop) == "···░·░" + "·" * 18
    shop.build(DAY)
    shop.put("2026-03-04/07/sales.csv", "c")
    shop.take()
    assert strip(shop) == "···█·▒·░" + "·" * 16


def test_a_source_shows_its_newest_drop_and_what_lies_in_its_inbox(shop):
    shop.put("2026-03-04/03/sales.csv", "a")
    shop.take()
    shop.put("2026-02-01/sales-old.csv", "b")
    take_inboxes(shop.settings, shop.sources, datetime.now(UTC))  # refused
    shop.put("2026-03-05/sales-new.csv", "c")
    shop.put("2026-03-05/sales-half.csv.part", "d")
    [row] = source_rows(shop.settings)
    [refused] = row.pop("refused")
    assert row == {
        "name": "shop",
        "newest_drop": {"name": "sales.csv", "arrival_date": "2026-03-04", "arrival_hour": 3},
        "day": "2026-03-04",
        "hours": "···░" + "·" * 20,
        "waiting": ["2026-03-05/sales-new.csv"],
        "unfinished": ["2026-03-05/sales-half.csv.part"],
    }
    assert refused["name"] == "2026-02-01/sales-old.csv"
    assert "before the shop's first day" in refused["reason"]


def test_status_shows_sources_to_people_and_under_their_name_in_json(shop, monkeypatch):
    monkeypatch.setenv("AISLE_HOME", str(shop.settings.home))
    monkeypatch.setenv("AISLE_CONFIG", str(shop.settings.config))
    monkeypatch.setenv("COLUMNS", "200")
    shop.put("2026-03-04/03/sales.csv", "a")
    shop.take()
    app = typer.Typer()
    status.register(app)
    shown = CliRunner().invoke(app, ["status"]).output
    assert "2026-03-04 03h sales.csv" in shown
    assert "░ landed, not built yet" in shown
    told = json.loads(CliRunner().invoke(app, ["status", "--json"]).output)
    assert [row["name"] for row in told["sources"]] == ["shop"]
