"""The whole chain on a small shop, driven by the command line: what it makes, and that it makes the same again."""

import json
import shutil
from datetime import date

import polars as pl
import pytest
from journey import AS_OF, FUEL, UNKNOWN, write_journey

DAY = f"as_of_date={AS_OF}"
AS_OF_STAGES = ("features", "models", "channels", "pools", "rankings", "surfaces")
STAGES = ("raw", "facts", *AS_OF_STAGES)


@pytest.fixture(scope="module")
def shop(new_shop):
    """The demo, with two threads."""
    shop = new_shop(threads=2)
    shop.report = shop.demo(AS_OF)
    return shop


@pytest.fixture(scope="module")
def twin(new_shop, tmp_path_factory):
    """The same shop with one thread, from data that end on the as-of day: nothing later has ever landed."""
    days = (date.fromisoformat(AS_OF) - date(2017, 1, 1)).days + 1
    shop = new_shop(threads=1, data=write_journey(tmp_path_factory.mktemp("short"), days=days))
    shop.report = shop.demo(AS_OF)
    return shop


def read(shop, table: str) -> pl.DataFrame:
    """What had arrived by the as-of day; of a table that is as of days, that day."""
    days = DAY if table.split("/")[0] in AS_OF_STAGES else "*"
    rows = pl.read_parquet(shop.home / "lake" / table / days / "data*.parquet", hive_partitioning=False)
    return rows if days == DAY else rows.filter(pl.col("arrival_date") <= date.fromisoformat(AS_OF))


def known_by_then(shop) -> dict[str, str]:
    """Hashes of all partitions of the as-of day and before; the evaluation looks at what came after."""
    return {k: v for k, v in shop.hashes().items() if k.split("=")[1] <= AS_OF and "/evaluation/" not in k}


def test_the_chain_reports_every_table_it_made(shop):
    tables = {t["table"]: t for run in shop.report["runs"] for t in run["tables"] if t["written"]}
    assert {name.split("/")[0] for name in tables} == {*STAGES, "staging", "releases", "emails"}
    assert tables["raw/events"]["written"] == 71  # the week after the day is there to judge it
    assert tables["features/feat_user"]["written"] == 10  # the day and the past weeks that the ranker learns from
    empty = {name for name, table in tables.items() if not name.startswith("staging/") and not table["rows"]}
    suspicious = {name for name in tables if "suspect" in name or "fresh" in name}
    of_views = {f"features/feat_{of}" for of in ("item_pair_view", "user_item_engagement", "user_category_engagement")}
    # forty people who shop, and no endpoint that shows them anything, nor hears what they look at
    assert empty == {"raw/exposures", *suspicious, *of_views}


def test_two_homes_threads_and_lengths_of_data_give_the_same_bytes_and_release(shop, twin):
    assert known_by_then(shop) == known_by_then(twin)
    assert any(name.startswith("lake/models/ranker") for name in known_by_then(shop))
    released = [s.json("status")["active_release"]["id"] for s in (shop, twin)]
    assert released[0] == released[1]


def test_a_second_demo_finds_nothing_to_do(shop):
    before = shop.hashes()
    again = shop.demo(AS_OF)
    assert again["up_to_date"]
    assert again["landed"]["taken"] == 0
    assert shop.hashes() == before


def test_every_line_is_accounted_for(shop):
    lines = pl.read_parquet(shop.data / "transactions.parquet").filter(
        pl.col("transaction_timestamp").dt.date() <= date(2017, 3, 12)
    )
    sidecars = [json.loads(p.read_bytes())["extra"] for p in (shop.home / "lake/raw/events").glob("*/_partition.json")]
    total = {name: sum(extra[name] for extra in sidecars) for name in ("read", "valid", "quarantined", "duplicate")}
    zero = lines.filter(pl.col("quantity") == 0).height
    assert zero > 0
    assert total == {"read": lines.height, "valid": lines.height - zero, "quarantined": zero, "duplicate": 0}
    quarantined = read(shop, "raw/quarantine/events")
    assert quarantined.height == zero
    assert quarantined["rules"].cast(pl.String).str.contains("quantity").all()
    flagged = read(shop, "raw/events").filter("is_unknown_item")
    assert set(flagged["item_id"]) == {str(UNKNOWN)}


def test_home_discovers_and_buy_again_repeats(shop):
    bought = read(shop, "raw/events").select(user_id="user_id", item_id="item_id").unique()
    lists = {name: read(shop, f"surfaces/{name}").filter(pl.col("source") == "user") for name in ("home", "buy_again")}
    known = {
        n: lst.join(bought, left_on=["key", "item_id"], right_on=["user_id", "item_id"], how="semi")
        for n, lst in lists.items()
    }
    assert known["home"].is_empty()
    assert known["buy_again"].height == lists["buy_again"].height > 0


def test_no_list_shows_fuel_a_title_twice_or_a_crowd_of_one_category(shop):
    items = read(shop, "features/dim_item").select("item_id", "title", "category_l2")
    for name in ("home", "buy_again", "product_similar", "product_cross_sell", "trending"):
        rows = read(shop, f"surfaces/{name}").join(items, on="item_id", how="left")
        assert str(FUEL) not in set(rows["item_id"])
        assert rows.select(pl.struct("source", "key", "title").is_duplicated().any()).item() is False
        if name == "home":
            assert rows.group_by("source", "key", "category_l2").len()["len"].max() <= 3


def test_because_you_bought_names_something_the_shopper_bought(shop):
    events = read(shop, "raw/events").select("user_id", "item_id").unique()
    said = read(shop, "surfaces/home").filter(pl.col("reason") == "because_you_bought")
    assert said.height > 0
    true = said.join(events, left_on=["key", "reason_item_id"], right_on=["user_id", "item_id"], how="semi")
    assert true.height == said.height


def test_one_feature_built_alone_is_the_same_as_in_the_full_build(shop):
    before = shop.hashes()
    shutil.rmtree(shop.home / "lake/features/feat_item" / DAY)
    report = shop.json("backfill", "--from", AS_OF, "--to", AS_OF, "--select", "features/feat_item")
    assert [t["table"] for t in report["runs"][0]["tables"]] == ["features/feat_item"]
    assert shop.hashes() == before


def test_a_snapshot_built_after_more_arrivals_is_the_same(shop):
    before = {k: v for k, v in shop.hashes().items() if DAY in k}
    shop.json("backfill", "--from", "2017-03-13", "--to", "2017-03-20", "--select", "raw,staging,facts")
    for table in AS_OF_STAGES:
        for partition in (shop.home / "lake" / table).glob(f"*/{DAY}"):
            shutil.rmtree(partition)
    shop.json("backfill", "--from", AS_OF, "--to", AS_OF, "--select", ",".join(AS_OF_STAGES))
    after = shop.hashes()
    assert {k: after.get(k) for k in before} == before


def test_answers_come_from_the_release_and_always_come(shop):
    user = read(shop, "surfaces/home").filter(pl.col("source") == "user")["key"].min()
    own = shop.json("recommend", "--surface", "home", "--user", user)
    assert own["source"] == "user"
    assert len(own["items"]) == 10
    stranger = shop.json("recommend", "--surface", "home", "--user", "nobody", "--region", "301")
    assert stranger["source"] == "region"
    assert shop.json("recommend", "--surface", "home", "--user", "nobody")["source"] == "global"
    product = shop.json("recommend", "--surface", "product_similar", "--item", "1000", "--count", "3")
    assert product["source"] == "item"
    assert all(item["item_id"] != "1000" for item in product["items"])


def test_status_and_doctor_find_all_well(shop):
    status = shop.json("status")
    assert status["active_release"]["as_of_date"] == AS_OF
    assert {t["name"].split("/")[0] for t in status["tables"]} >= set(STAGES)
    assert shop.json("doctor") == {"ok": True, "findings": []}


def test_a_damaged_partition_is_found_removed_and_made_again(shop):
    before = shop.hashes()
    damaged = shop.home / "lake/channels/trending" / DAY / "data.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    found = shop.json("doctor", expect=1)["findings"]
    assert [f["place"] for f in found] == [f"lake/channels/trending/{DAY}"]
    assert shop.json("doctor", "--fix")["ok"]
    shop.json("run", "daily", "--partition", AS_OF)
    assert shop.hashes() == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("backfill", "--from", "2017-03-05", "--to", "2017-03-01"), 1, "swap --from and --to"),
        (("backfill", "--from", "2016-03-05", "--to", "2017-03-01"), 1, "is outside the shop's days, 2017-01-01"),
        (("backfill", "--from", AS_OF, "--to", AS_OF, "--select", "feats"), 1, "there is no stage or table 'feats'"),
        (("run", "daily", "--partition", "soon"), 1, "write it as YYYY-MM-DD"),
        (("ingest", "nowhere.csv", "--source", "complete_journey"), 1, "nowhere.csv does not exist"),
        (("recommend", "--surface", "nowhere", "--user", "1"), 1, "nowhere"),
        (("recommend",), 2, "--surface"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_a_failure_says_what_to_change(shop, words, status, said):
    with shop.start(*words) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == status, out + err
    assert said in " ".join(err.split())
    assert "Traceback" not in err
