"""``aisle ingest``: what is told before anything lands. What it builds is driven end to end."""

import pytest

from cli.data import ingest, land_files
from recs.errors import ConfigError
from recs.ingest.ledger import Ledger
from tests.orchestration.test_hourly import SOURCE, Shop


@pytest.mark.parametrize(
    ("toml", "day", "problem", "fix"),
    [
        (
            "first_day = 2026-03-01",
            "2026-02-28",
            "before the shop's first day 2026-03-01",
            "set first_day = 2026-02-28",
        ),
        (
            "first_day = 2026-03-01\nlast_day = 2026-03-31",
            "2026-04-01",
            "after the shop's last day 2026-03-31",
            "set last_day = 2026-04-01, or delete the line where the shop goes on (line 3 of",
        ),
    ],
)
def test_a_file_of_another_day_is_told_with_the_line_to_change_and_nothing_lands(tmp_path, toml, day, problem, fix):
    shop = Shop(tmp_path, toml)
    files = [shop.put(f"{one}/sales.csv", one) for one in ("2026-03-02", day)]
    with pytest.raises(ConfigError) as told:
        land_files(shop.settings, "shop", files)
    assert f"it arrives on {day}, {problem}; nothing was landed" in told.value.args[0]
    assert fix in told.value.args[1]
    assert Ledger(shop.settings.landing, "shop").entries() == []


def test_a_history_that_begins_before_the_shop_is_told_too(tmp_path):
    shop = Shop(tmp_path, "first_day = 2026-03-02", SOURCE.replace("arrival: path", "arrival: event_day"))
    with pytest.raises(ConfigError, match="it arrives on 2026-03-01, before"):
        land_files(shop.settings, "shop", [shop.put("sales.csv", "a")])


def test_without_a_path_and_with_empty_inboxes_there_is_nothing_to_do(tmp_path, monkeypatch, capsys):
    shop = Shop(tmp_path)
    monkeypatch.setenv("AISLE_HOME", str(shop.settings.home))
    monkeypatch.setenv("AISLE_CONFIG", str(shop.settings.config))
    ingest()
    assert capsys.readouterr().out == "No complete file lies in an inbox.\n"


def test_a_path_asks_for_its_source(tmp_path, monkeypatch):
    shop = Shop(tmp_path)
    with pytest.raises(ConfigError, match="--source is missing"):
        land_files(shop.settings, "", [])
    with pytest.raises(ConfigError, match="there is no source 'shops'"):
        land_files(shop.settings, "shops", [])
