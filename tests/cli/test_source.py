"""``aisle source check``, through the command line's own functions."""

import json
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from cli import source
from recs.errors import ConfigError

YAML = """
source: shop
arrival: path
drops:
  orders:
    file: "orders*.csv"
    feeds: events
    columns: {event_id: id, event_at: seen, item_id: sku, action: "'view'"}
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(YAML)
    (tmp_path / "2026-03-01").mkdir()
    today = datetime.now(UTC).date()  # the day of arrival of what has none in its path
    for path, day in (
        ("2026-03-01/orders.csv", "2026-03-01"),
        ("2026-03-01/other.csv", "2026-03-01"),
        ("orders.csv", today),
    ):
        (tmp_path / path).write_text(f"id,seen,sku\n1,{day},mug\n")
    made = typer.Typer()
    source.register(made)

    def run(*words: str, expect: int = 0) -> str:
        done = CliRunner().invoke(made, ["source", "check", "shop.yaml", *words])
        assert done.exit_code == expect, done.output
        return done.output

    return run


def test_a_file_that_fits_says_what_it_becomes(app):
    told = app("--sample", "2026-03-01/orders.csv")
    assert "orders.csv is drop orders, which feeds events" in told
    assert "Of all rows: 1 read = 1 valid + 0 quarantined + 0 duplicate, arriving on 2026-03-01." in told


def test_json_holds_the_rows_and_whether_all_is_well(app):
    told = json.loads(app("--sample", "2026-03-01/orders.csv", "--json"))
    assert told["ok"]
    [found] = told["files"][0]["drops"]
    assert (found["drop"], found["valid"], found["rows"][0]["values"]["item_id"]) == ("orders", 1, "mug")


def test_a_name_that_no_drop_takes_is_told_and_can_be_read_as_one_that_is_named(app):
    assert "no drop takes the name other.csv: orders (orders*.csv)" in app("--sample", "2026-03-01/other.csv", expect=1)
    assert "1 valid" in app("--sample", "2026-03-01/other.csv", "--drop", "orders")


def test_a_path_without_a_day_is_told(app):
    assert "its path has no date YYYY-MM-DD" in app("--sample", "orders.csv")


def test_what_is_wrong_with_the_yaml_is_told_as_it_is(tmp_path, app):
    (tmp_path / "shop.yaml").write_text(YAML.replace("event_at: seen", "event_at: nonsense(seen)"))
    with pytest.raises(ConfigError, match=r"drops.orders.columns.event_at: 'nonsense\(seen\)'"):
        source.check(tmp_path / "shop.yaml", [tmp_path / "orders.csv"])
