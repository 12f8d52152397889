"""The target `dev`: plain dbt commands in dbt_project/, on a sample of the shop's own lake, which stays as it is."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

PROJECT = Path(__file__).parents[2] / "dbt_project"
D9, D10 = date(2026, 3, 9), date(2026, 3, 10)
USERS = [f"u{number}" for number in range(40)]
SAMPLED = "select user_id from unnest(?) as users(user_id) where hash(user_id) % 10000 < 3000"
Dbt = Callable[..., subprocess.CompletedProcess[str]]


def event(number, user, item):
    row = {"event_id": f"e{number}", "user_id": user, "item_id": item, "action": "purchase", "session_id": user}
    return row | {"event_at": "2026-03-09 09:00", "arrival_date": "2026-03-09", "quantity": 1, "unit_price": 2}


@pytest.fixture(scope="module")
def shop(new_lake):
    """feat_item and all that it reads, of two days, made and committed as the orchestration does."""
    lake = new_lake()
    items = ["mug", "tea"]
    lake.land("events", *(event(f"{u}{i}", u, i) for n, u in enumerate(USERS) for i in items[: 1 + n % 2]))
    lake.land("items", *({"item_id": item, "arrival_date": "2026-03-09"} for item in items))
    lake.land("users", *({"user_id": user, "arrival_date": "2026-03-09"} for user in USERS))
    done = lake.build("full", "+feat_item", verb="run", first=D9, last=D10)
    assert done.returncode == 0, done.stdout
    for table in lake.models:
        for day in (D9, D10) if list((lake.root / "full").glob(f"{table.split('/')[1]}.*.parquet")) else ():
            lake.commit("full", table, day)
    return lake


def dbt(home: Path, target: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """dbt as somebody types it in dbt_project/, but for the folder that it writes to."""
    places = {"AISLE_HOME": str(home), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target / "logs")}
    command = [str(Path(sys.executable).with_name("dbt")), *words]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **places}, capture_output=True, text=True)


@pytest.fixture(scope="module")
def dev(shop) -> Dbt:
    def run(*words: str, home: Path = shop.root) -> subprocess.CompletedProcess[str]:
        return dbt(home, shop.root / "dev-target", *words, "--target", "dev")

    return run


def built(shop, model: str) -> pl.DataFrame:
    return pl.read_parquet(shop.root / f"dev-target/dev/{model}.*.parquet")


def lake_files(shop) -> dict[Path, str]:
    files = sorted(path for path in (shop.root / "lake").rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_plain_build_is_of_the_newest_day_and_leaves_the_lake_as_it_is(shop, dev):
    before = lake_files(shop)
    done = dev("build", "-s", "feat_item")
    assert done.returncode == 0, done.stdout
    assert "Dev: as of 2026-03-10, 2 % of shoppers" in done.stdout
    assert "dev/<model>.*.parquet" in done.stdout
    assert built(shop, "feat_item")["as_of_date"].unique().to_list() == [D10]
    assert lake_files(shop) == before


def test_a_sample_is_some_shoppers_with_all_of_their_rows(shop, dev):
    done = dev("run", "-s", "feat_user_item", "--vars", "{sample_percent: 30, last_date: 2026-03-09}")
    assert done.returncode == 0, done.stdout
    sampled = [row[0] for row in duckdb.execute(SAMPLED, [USERS]).fetchall()]
    assert 0 < len(sampled) < len(USERS)
    whole = shop.staged("full", "features/feat_user_item", D9)
    assert_frame_equal(built(shop, "feat_user_item"), whole.filter(pl.col("user_id").is_in(sampled)))
    assert not list((shop.root / "dev-target/dev").glob("feat_item.*"))  # the build before has been replaced


def test_a_sample_of_all_is_what_the_orchestration_builds(shop, dev):
    done = dev("run", "-s", "feat_item", "feat_user_item", "--vars", "{sample_percent: 100}")
    assert done.returncode == 0, done.stdout
    for model in ("feat_item", "feat_user_item"):
        assert_frame_equal(built(shop, model), shop.staged("full", f"features/{model}", D10))


def test_a_lake_without_a_day_to_build_is_named(shop, dev, tmp_path):
    done = dev("build", "-s", "feat_item", home=tmp_path)
    assert done.returncode != 0
    assert f"The lake {tmp_path}/lake holds no day to build" in done.stdout
    assert "`aisle demo` or `aisle run daily`" in done.stdout


@pytest.mark.long
def test_without_dev_the_variables_are_wanted_still(shop, tmp_path):
    done = dbt(shop.root, tmp_path, "build", "-s", "feat_item")
    assert done.returncode != 0
    assert "dbt was called without the variable 'first_date'. Fix: pass --vars" in done.stdout


@pytest.mark.long
def test_the_pages_of_dbt_name_every_model_and_column(shop, dev):
    done = dev("docs", "generate", "--static")
    assert done.returncode == 0, done.stdout
    page = (shop.root / "dev-target/static_index.html").read_text()
    columns = shop.models["features/feat_item"]["columns"]
    assert [c["name"] for c in columns if c["description"] not in page] == []
    catalog = (shop.root / "dev-target/catalog.json").read_text()
    assert [table for table in shop.models if f'"model.aisle.{table.split("/")[1]}"' not in catalog] == []
