"""Source files: the shipped one loads, and a wrong one says what to change."""

import json
from pathlib import Path

import pytest

from recs.contracts import load_contracts
from recs.errors import ConfigError
from recs.ingest.source import load_source

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts(ROOT / "data_contracts")
GOOD = """
source: shop
arrival: path
drops:
  audience:
    file: "audience*.csv"
    feeds: campaign_audiences
    columns: {campaign_id: c, user_id: u, kind: "'mail'", starts_date: s, ends_date: e, known_at: arrival_date}
"""


def test_the_shipped_source_feeds_six_tables_and_knows_the_columns_it_reads():
    source = load_source(ROOT / "config/sources/complete_journey.yaml", CONTRACTS)
    fed = ["campaign_audiences", "campaign_items", "events", "items", "promotions", "users"]
    assert sorted(drop.feeds for drop in source.drops.values()) == fed
    assert source.needed["transactions"] == (
        *("basket_id", "household_id", "product_id", "quantity", "sales_value", "store_id", "transaction_timestamp"),
    )
    assert source.drops_of("transactions-2.csv.gz") == ["transactions"]
    assert source.drops_of("weather.csv") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("arrival: path", "arrival: whenever", "arrival"),
        ("feeds: campaign_audiences", "feeds: audiences", "there is no contract audiences"),
        ("user_id: u", "shopper: u", "columns.shopper: not in the contract"),
        ("user_id: u, ", "", "user_id is required"),
        ("user_id: u", "user_id: u ||", "is not SQL"),
        ("user_id: u", "user_id: lowercase(u)", "lowercase"),
        ("user_id: u", "user_id: u + 1 + [1]", "user_id"),
        ("source: shop", "source: shop\nzone: Mars/Base", "'Mars/Base' is not a time zone"),
        ("source: shop", "source: shop\nsauce: shop", "sauce"),
        ("drops:", "drops: [", "is not YAML"),
    ],
)
def test_a_wrong_source_names_the_file_the_field_and_the_fix(tmp_path, old, new, said):
    path = tmp_path / "shop.yaml"
    path.write_text(GOOD)
    load_source(path, CONTRACTS)
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_source(path, CONTRACTS)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_only_a_key_of_one_column_may_be_left_to_a_hash_of_the_line(tmp_path):
    """An exposure without its item must not get a made-up one."""
    columns = {"request_id": "r", "item_id": "i", "exposed_at": "t", "surface": "s", "release_id": "l", "position": "p"}
    drop = {"file": "shown*.csv", "feeds": "exposures", "columns": columns | {"fallback_source": "f"}}
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps({"source": "shop", "arrival": "path", "drops": {"shown": drop}}))
    load_source(path, CONTRACTS)
    del drop["columns"]["item_id"]
    path.write_text(json.dumps({"source": "shop", "arrival": "path", "drops": {"shown": drop}}))
    with pytest.raises(ConfigError, match="item_id is required"):
        load_source(path, CONTRACTS)


def test_the_digest_follows_the_meaning_and_not_the_comments(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(GOOD)
    digest = load_source(path, CONTRACTS).digest
    path.write_text("# a comment\n" + GOOD)
    assert load_source(path, CONTRACTS).digest == digest
    path.write_text(GOOD.replace("'mail'", "'mailer'"))
    assert load_source(path, CONTRACTS).digest != digest
