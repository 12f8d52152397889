"""`aisle explain` on a small shop: every step back, from the place in a list to the line of the landed file."""

import csv
import gzip
import json
import shutil
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from journey import AS_OF, FUEL

DAY = f"as_of_date={AS_OF}"
CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def shop(new_shop, tmp_path_factory):
    """A finished shop that keeps the pools of about half of its shoppers."""
    shop = new_shop()
    config = tmp_path_factory.mktemp("config") / "config"
    shutil.copytree(CONFIG, config)
    toml = config / "aisle.toml"
    toml.write_text(toml.read_text().replace("sample = 1.0", "sample = 0.5"))
    shop.env["AISLE_CONFIG"] = str(config)
    shop.demo(AS_OF)
    return shop


@pytest.fixture(scope="module")
def told(shop):
    """The first item of home that is there because of a purchase, by a shopper whose pool was not kept."""
    kept = read(shop, "pools/discover").join(read(shop, "features/dim_user"), on="user_code")["user_id"].unique()
    rows = read(shop, "surfaces/home").filter(pl.col("reason") == "because_you_bought", ~pl.col("key").is_in(kept))
    assert 0 < kept.len() < 40
    row = rows.sort("key", "position").row(0, named=True)
    return row, explain(shop, "home", row["item_id"], row["key"])


def explain(shop, surface: str, item: str, user: str = "", page: str = "", expect: int = 0):
    words = ["explain", "--surface", surface, "--item", item]
    words += ["--user", user] if user else []
    words += ["--page", page] if page else []
    return shop.json(*words, expect=expect)


def read(shop, table: str) -> pl.DataFrame:
    return pl.read_parquet(shop.home / "lake" / table / DAY / "data.parquet", hive_partitioning=False)


def record(shop, line: dict) -> dict[str, str]:
    """The record that a source line names, read from the landed file."""
    with gzip.open(shop.home / "landing" / line["file"], "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))[line["line"] - 1]


def bought(shop, user: str, item: str) -> pl.DataFrame:
    """What the shop's own data say that a shopper bought by the as-of day."""
    lines = pl.read_parquet(shop.data / "transactions.parquet")
    mine = (pl.col("household_id") == int(user)) & (pl.col("product_id") == int(item)) & (pl.col("quantity") > 0)
    return lines.filter(mine & (pl.col("transaction_timestamp").dt.date() <= date.fromisoformat(AS_OF)))


def test_the_place_is_the_one_that_is_served(shop, told):
    row, document = told
    answer = shop.json("recommend", "--surface", "home", "--user", row["key"], "--count", "60")
    served = answer["items"][document["shown"]["position"] - 1]
    assert served["item_id"] == row["item_id"]
    assert served["reason"] == document["shown"]["reason"]
    scores = read(shop, "surfaces/home").filter(pl.col("key") == row["key"])["score"]
    step = (scores.max() - scores.min()) / 65_535  # in which the store keeps a list's scores
    assert served["score"] == pytest.approx(document["shown"]["score"], abs=step)
    assert document["release"]["id"] == answer["release_id"]
    assert document["release"]["as_of_date"] == AS_OF


def test_base_and_contributions_add_up_to_the_score_that_is_shown(told):
    row, document = told
    candidate = document["candidate"]
    total = candidate["base"] + sum(feature["contribution"] for feature in candidate["features"])
    assert total == pytest.approx(candidate["sum"], abs=1e-12)
    assert np.float32(candidate["sum"]) == pytest.approx(row["score"], rel=1e-6)
    assert candidate["score"] == candidate["released_score"] == row["score"]
    sizes = [abs(feature["contribution"]) for feature in candidate["features"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_lines_are_in_the_landed_files_and_hold_those_events(shop, told):
    row, document = told
    sources = document["sources"]
    events = sources["reason_item"]["events"]
    assert sources["reason_item"]["item_id"] == row["reason_item_id"]
    assert events["purchases"] == bought(shop, row["key"], row["reason_item_id"]).height > 0
    for line in events["lines"]:
        landed = record(shop, line)
        assert (landed["household_id"], landed["product_id"]) == (row["key"], row["reason_item_id"])
        assert datetime.fromisoformat(landed["transaction_timestamp"]) == datetime.fromisoformat(line["event_at"])
        assert int(landed["quantity"]) == line["quantity"]
    catalogue = record(shop, sources["item"]["catalogue"]["lines"][0])
    assert catalogue["product_id"] == row["item_id"]
    assert catalogue["title"] == document["item"]["title"]
    assert sources["item"]["events"]["total"] == 0  # home shows what is new
    assert all(file["intact"] for file in sources["files"])


def test_the_partitions_lead_from_the_surface_to_raw_and_none_has_changed(shop, told):
    _, document = told
    nodes, hashes = document["lineage"]["nodes"], shop.hashes()
    assert document["lineage"]["changed"] == []
    for table in ("surfaces/home", "rankings/discover", "pools/discover", "models/ranker", "features/feat_user_item"):
        assert nodes[f"{table}@{AS_OF}"]["content_hash"] == hashes[f"lake/{table}/{DAY}"]
    days = nodes[f"raw/events@..{AS_OF}"]["days"]
    assert len(days) == 64
    line = document["sources"]["reason_item"]["events"]["lines"][0]
    assert f"landing/{line['file']}" in {one["name"] for day in days for one in day["inputs"]}


def test_the_model_says_what_it_was_trained_on(told):
    model = told[1]["model"]
    assert model["card"]["trained"]
    assert model["card"]["trees"] > 0
    weeks = {week["as_of_date"] for week in model["card"]["weeks"]}
    past = {one["partition"] for one in model["trained_on"]["partitions"]}
    assert {f"pools/discover@{day}" for day in weeks} <= past
    assert len(past) == model["trained_on"]["count"]


def test_what_was_bought_before_is_explained_by_its_own_lines(shop):
    row = read(shop, "surfaces/buy_again").filter(pl.col("source") == "user").row(0, named=True)
    document = explain(shop, "buy_again", row["item_id"], row["key"])
    assert document["shown"]["position"] == row["position"]
    events = document["sources"]["item"]["events"]
    assert events["purchases"] == bought(shop, row["key"], row["item_id"]).height > 0
    assert f"bought it {events['purchases']} times" in document["because"] or events["purchases"] == 1
    assert record(shop, events["lines"][0])["household_id"] == row["key"]


def test_an_item_that_is_owned_or_may_not_be_shown_is_said_to_be(shop):
    row = read(shop, "surfaces/buy_again").filter(pl.col("source") == "user").row(0, named=True)
    owned = explain(shop, "home", row["item_id"], row["key"])
    assert owned["shown"] is None
    assert (owned["lost"]["stage"], owned["lost"]["rule"]) == ("pool", "owned")
    assert owned["sources"]["item"]["events"]["purchases"] == bought(shop, row["key"], row["item_id"]).height
    fuel = explain(shop, "home", str(FUEL), row["key"])
    assert (fuel["lost"]["stage"], fuel["lost"]["rule"]) == ("catalogue", "not_recommendable")
    assert "fuel" in fuel["lost"]["text"]


def test_an_item_of_the_pool_that_is_not_listed_is_told_its_rank_and_the_rule(shop):
    dims = read(shop, "features/dim_item").select("item_code", "item_id", "category_l2")
    ranked = read(shop, "rankings/discover").join(dims, on="item_code")
    ranked = ranked.join(read(shop, "features/dim_user").select("user_code", key="user_id"), on="user_code")
    listed = read(shop, "surfaces/home").filter(pl.col("source") == "user").select("key", "item_id")
    row = ranked.join(listed, on=["key", "item_id"], how="anti").sort("rank", "key").row(0, named=True)
    document = explain(shop, "home", row["item_id"], row["key"])
    assert document["lost"]["stage"] == "policy"
    assert document["candidate"]["rank"] == row["rank"]
    assert f"ranked {row['rank']} of {document['candidate']['size']}" in document["lost"]["text"]
    if document["lost"]["rule"] == "cap":
        held = listed.filter(pl.col("key") == row["key"]).join(dims, on="item_id")
        assert held.filter(pl.col("category_l2") == row["category_l2"]).height == 3


def test_lists_that_no_ranker_orders_are_explained_by_their_channels(shop):
    user = read(shop, "features/dim_user").filter(pl.col("region_code") >= 0).row(0, named=True)
    row = read(shop, "surfaces/trending").filter(pl.col("key") == user["region"]).row(0, named=True)
    trending = explain(shop, "trending", row["item_id"], user["user_id"])
    assert (trending["list"]["source"], trending["list"]["key"]) == ("region", user["region"])
    assert trending["shown"]["filled_by"] == row["channel"]
    assert trending["candidate"] is None
    row = read(shop, "surfaces/product_cross_sell").filter(pl.col("source") == "item").row(0, named=True)
    beside = explain(shop, "product_cross_sell", row["item_id"], page=row["key"])
    assert beside["shown"]["position"] == row["position"]
    assert "baskets of the last 364 days held both" in beside["because"]


def test_one_screen_says_it_all(shop, told):
    row, document = told
    line = document["sources"]["reason_item"]["events"]["lines"][0]
    words = ("explain", "--surface", "home", "--user", row["key"], "--item", row["item_id"])
    text = shop.run(*words, "--features", "3")
    for said in (
        f"at position {row['position']}",
        "Because you bought",
        document["because"],
        document["candidate"]["features"][2]["feature"],
        f"rankings/discover@{AS_OF}",
        f"{line['file']} line {line['line']}",
    ):
        assert said in text
    assert document["candidate"]["features"][3]["feature"] not in text
    assert len(text.splitlines()) < 50


@pytest.mark.parametrize(
    ("words", "problem", "fix"),
    [
        (("home", "1000", "nobody"), "no shopper 'nobody'", "seen by then"),
        (("home", "no-such-item", "1"), "no item 'no-such-item'", "seen by then"),
        (("front", "1000", "1"), "no surface 'front'", "choose from"),
        (("home", "1000"), "is found by its user", "--user"),
        (("product_similar", "1000", "1"), "is found by its item", "--page"),
    ],
)
def test_what_cannot_be_explained_says_why_and_what_to_change(shop, words, problem, fix):
    error = explain(shop, *words, expect=1)["error"]
    assert problem in error["problem"]
    assert fix in error["fix"]


def test_without_a_release_there_is_nothing_to_explain(new_shop):
    error = explain(new_shop(), "home", "1000", "1", expect=1)["error"]
    assert "no release is in force" in error["problem"]
    assert "aisle run daily" in error["fix"]


@contextmanager
def other_hash(shop, table: str):
    """The table's partition of the as-of day, as if it had been made again with other rows."""
    path = shop.home / "lake" / table / DAY / "_partition.json"
    before = path.read_text()
    path.write_text(json.dumps(json.loads(before) | {"content_hash": "0" * 64}))
    try:
        yield
    finally:
        path.write_text(before)


def test_a_partition_that_changed_since_is_named(shop, told):
    row, before = told
    with other_hash(shop, "features/feat_item_pair"):
        document = explain(shop, "home", row["item_id"], row["key"])
        assert "changed since: features/feat_item_pair" in shop.run(
            "explain", "--surface", "home", "--item", row["item_id"], "--user", row["key"]
        )
    changed = document["lineage"]["changed"]
    assert {one["input"] for one in changed} == {"features/feat_item_pair"}
    assert {one["now"] for one in changed} == {"0" * 64}
    assert document["shown"] == before["shown"]


def test_lists_that_were_made_again_since_the_release_are_not_explained(shop, told):
    row, _ = told
    with other_hash(shop, "surfaces/home"):
        error = explain(shop, "home", row["item_id"], row["key"], expect=1)["error"]
    assert "made again with other rows since release" in error["problem"]
    assert f"aisle run daily --partition {AS_OF}" in error["fix"]
