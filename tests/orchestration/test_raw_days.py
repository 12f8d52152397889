"""Which days of which arriving tables a run makes."""

from datetime import date
from pathlib import Path

import pyarrow as pa

from assets.raw import stale_raw_days
from orchestration.resources import ShopResource
from recs.contracts import arrow_schema, load_contracts
from recs.ingest.source import load_source
from recs.lake import Provenance

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
DAYS = [date(2026, 3, 1), date(2026, 3, 2)]
SHOWN = """
source: endpoint
arrival: path
drops:
  shown:
    file: "shown*.csv"
    feeds: exposures
    columns: {request_id: r, exposed_at: t, surface: s, release_id: l, fallback_source: f, item_id: i, position: p}
"""


def test_a_table_that_nobody_delivers_and_no_model_reads_has_no_days_until_a_source_feeds_it(tmp_path):
    shop = ShopResource(home=str(tmp_path), config=str(ROOT / "config"), threads=1)
    assert stale_raw_days(shop, CONTRACTS["users"], [], DAYS) == DAYS  # stg_users reads it
    assert stale_raw_days(shop, CONTRACTS["exposures"], [], DAYS) == []
    (tmp_path / "endpoint.yaml").write_text(SHOWN)
    source = load_source(tmp_path / "endpoint.yaml", CONTRACTS)
    assert stale_raw_days(shop, CONTRACTS["exposures"], [source], DAYS) == DAYS


def test_a_day_that_a_source_once_fed_is_made_again_without_it(tmp_path):
    shop = ShopResource(home=str(tmp_path), config=str(ROOT / "config"), threads=1)
    empty: pa.Table = arrow_schema(CONTRACTS["exposures"]).empty_table()
    made = Provenance("old code", "config", "run")
    shop.lake().write_partition("raw/exposures", DAYS[1], empty, sort_by=["request_id"], inputs={}, provenance=made)
    assert stale_raw_days(shop, CONTRACTS["exposures"], [], DAYS) == [DAYS[1]]
