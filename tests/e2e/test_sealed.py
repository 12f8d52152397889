"""A sealed shop through the command line: its own ids work everywhere, and no search of what Aisle keeps finds one."""

import csv
import json
import sqlite3
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from corner import MARK, USERS, bought, days_from, user, write_config, write_orders, write_plans

from recs.identity import Identity
from recs.identity.key import read_key

FIRST = date(2026, 3, 1)
DAYS = days_from(FIRST, 10)
LAST = DAYS[-1]
LETS_CLEAR_IDS_IN = ("landing/", "exports/emails/")  # what the shop brought, and what its sender takes

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shop(new_shop, tmp_path_factory):
    """Ten days of a sealed shop, dirty lines among them, run to a release and a batch of mails."""
    shop, folder = new_shop(), tmp_path_factory.mktemp("corner")
    key = folder / "key"
    shop.run("identity", "new-key", str(key))
    config = write_config(folder / "config", "[identity]", 'mode = "sealed"', f'key_file = "{key}"', first_day=FIRST)
    shop.env["AISLE_CONFIG"] = str(config)
    write_orders(folder / "drops", DAYS, dirty=True)
    write_plans(folder / "drops", FIRST)
    shop.json("ingest", str(folder / "drops"), "--source", "corner")
    shop.json("backfill", "--from", str(FIRST), "--to", str(LAST), "--select", "facts")
    shop.json("run", "daily", "--partition", str(LAST))
    shop.identity, shop.key = Identity(read_key(key)), key.read_text().strip()
    return shop


def held(path: Path) -> str:
    """All that a file holds, as text: rows of Parquet and of SQLite, and the bytes themselves."""
    found = path.read_bytes().decode("utf-8", "replace") + path.name
    if path.suffix == ".parquet":
        found += str(pl.read_parquet(path, hive_partitioning=False).to_dict(as_series=False))
    if path.suffix == ".db":
        with sqlite3.connect(path) as db:
            tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
            found += str([db.execute(f'select * from "{table}"').fetchall() for table in tables])
    return found


def holders(home: Path, text: str) -> list[str]:
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return [path.relative_to(home).as_posix() for path in files if text in held(path)]


def test_no_clear_id_and_no_key_is_in_lake_quarantine_logs_or_store(shop):
    found = holders(shop.home, MARK)
    assert any(place.startswith("landing/") for place in found)  # the search does find them where they are
    assert [place for place in found if not place.startswith(LETS_CLEAR_IDS_IN)] == []
    assert holders(shop.home, shop.key) == []
    inside = holders(shop.home, shop.identity.inside_one(user(7)))
    for place in ("lake/raw/events/", "lake/raw/users/", "lake/features/dim_user/", "lake/surfaces/home/", "store/"):
        assert any(name.startswith(place) for name in inside), place


def test_every_row_of_every_shopper_is_there_under_one_internal_id(shop):
    rows = pl.read_parquet(shop.home / "lake/raw/events/*/data*.parquet", hive_partitioning=False)
    ids = shop.identity.outside(rows["user_id"].to_arrow()).to_pylist()
    assert set(ids) == {user(n) for n in range(USERS)}
    assert rows["user_id"].n_unique() == USERS
    assert len(ids) == sum(len(bought(n, day)) for n in range(USERS) for day in DAYS)


def test_a_quarantined_line_can_be_opened_with_the_key(shop):
    aside = pl.read_parquet(shop.home / "lake/raw/quarantine/events/*/data*.parquet", hive_partitioning=False)
    lines = shop.identity.opened_text(aside["source_text"].to_arrow()).to_pylist()
    assert f"x{LAST},{user(1)},s01,0,2.50,{LAST} 10:00:00" in lines


def test_a_shopper_is_recommended_to_and_explained_by_the_shops_own_id(shop):
    mine = shop.json("recommend", "--surface", "home", "--user", user(7))
    assert mine["source"] == "user"
    item = mine["items"][0]["item_id"]
    why = shop.json("explain", "--surface", "home", "--user", user(7), "--item", item)
    assert (why["user_id"], why["list"]["key"], why["shown"]["position"]) == (user(7), user(7), 1)
    assert shop.identity.inside_one(user(7)) not in json.dumps(why)
    nobody = shop.json("explain", "--surface", "home", "--user", MARK + "nobody", "--item", item, expect=1)
    assert f"there was no shopper '{MARK}nobody'" in nobody["error"]["problem"]


def test_mails_leave_with_the_shops_own_ids(shop):
    done = shop.json("email", "export", "--campaign", "weekly_digest")
    (file,) = (Path(done["folder"]) / "csv").iterdir()
    with file.open(newline="") as rows:
        mailed = {row["user_id"] for row in csv.DictReader(rows)}
    assert mailed, done["skipped_by_rule"]
    assert mailed <= {user(n) for n in range(USERS)}
    someone = sorted(mailed)[0]
    assert shop.json("email", "preview", "--campaign", "weekly_digest", "--user", someone)["outcome"] == "sent"


def test_another_key_and_plain_are_refused_and_nothing_is_written(shop, tmp_path):
    config = Path(shop.env["AISLE_CONFIG"]) / "aisle.toml"
    sealed, other = config.read_text(), tmp_path / "other"
    shop.run("identity", "new-key", str(other))
    before = shop.hashes()
    head = sealed.partition("[identity]")[0]
    for section, said in (
        ("", 'says mode = "plain"'),
        (f'[identity]\nmode = "sealed"\nkey_file = "{other}"', "was sealed with another key"),
    ):
        config.write_text(head + section)
        for words in (("run", "daily", "--partition", str(LAST)), ("recommend", "--surface", "home")):
            assert said in shop.json(*words, expect=1)["error"]["problem"]
    config.write_text(sealed)
    assert shop.hashes() == before
