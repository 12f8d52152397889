"""The lander on a small literal year: what arrives when, in the same bytes, whole or not at all."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from recs.ingest.complete_journey import MARKER, land_year

ROOT = Path(__file__).parents[2]
TABLES = {
    "transactions": """
        select 900 + n % 7 as household_id, 300 + n % 3 as store_id, 1000 + n as basket_id, 50 + n % 9 as product_id,
               n % 4 as quantity, 0.25 * n as sales_value, 0.0 as retail_disc, 0.0 as coupon_disc,
               0.0 as coupon_match_disc, timestamp '2017-01-01 10:00:00' + to_hours(n::integer) as transaction_timestamp
        from range(2000) as t(n)""",
    "products": """
        select 50 as product_id, 1 as manufacturer_id, 'GROCERY' as department, 'Private' as brand,
               'FRUIT' as product_category, 'APPLE SAUCE' as product_type, '50 OZ' as package_size
        union all select 51, 2, 'MISCELLANEOUS', 'National', null, null, null""",
    "demographics": """
        select 900 as household_id, '65+' as age, '35-49K' as income, null::varchar as home_ownership,
               'Married' as marital_status, '2' as household_size, '2 Adults' as household_comp, '0' as kids_count""",
    "campaigns": "select 1 as campaign_id, 900 as household_id union all select 2, 901",
    "campaign_descriptions": """
        select 1 as campaign_id, 'Type A' as campaign_type, timestamp '2016-11-01' as start_date,
               timestamp '2017-01-20' as end_date
        union all select 2, 'Type B', timestamp '2017-01-05', timestamp '2017-02-01'""",
    "coupons": "select 777 as coupon_upc, 50 as product_id, 2 as campaign_id union all select 777, 50, 2",
    "promotions": """
        select * from (values (50, 300, '9', 'A', 3), (50, 300, '2', 'A', 3), (50, 301, '1', '0', 3),
                              (51, 302, '0', '0', 3), (51, 302, '0', 'D', 1))
        as t(product_id, store_id, display_location, mailer_location, week)""",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with duckdb.connect() as connection:
        for name, query in TABLES.items():
            connection.execute(f"copy ({query}) to '{folder}/{name}.parquet'")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as handle:
        return list(csv.DictReader(handle))


def tree(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_each_row_arrives_on_its_day_and_once(tmp_path, data):
    files = land_year(tmp_path, data)
    lines = [row for path in files if path.name == "transactions.csv.gz" for row in rows(path)]
    assert len(lines) == len({row["basket_id"] for row in lines}) == 2000
    for path in files:
        if path.name == "transactions.csv.gz":
            assert {row["transaction_timestamp"][:10] for row in rows(path)} == {path.parent.name}
    assert lines[1]["sales_value"] == "0.25"


def test_titles_are_readable_and_absent_where_the_type_is(tmp_path, data):
    land_year(tmp_path, data)
    titles = [row["title"] for row in rows(tmp_path / "2017-01-01/products.csv.gz")]
    assert titles == ["Apple Sauce, 50 oz (store brand)", ""]


def test_promotions_arrive_when_known_with_the_share_of_stores(tmp_path, data):
    land_year(tmp_path, data)
    found = {
        (path.parent.name, row["product_id"], row["kind"]): (row["starts_date"], row["stores"], row["reporting_stores"])
        for path in tmp_path.glob("*/promotions.csv.gz")
        for row in rows(path)
    }
    assert found == {
        ("2017-01-01", "51", "mailer"): ("2016-12-26", "1", "1"),  # known before the first day: arrives on it
        ("2017-01-02", "50", "mailer"): ("2017-01-09", "1", "3"),  # 7 days before
        ("2017-01-08", "50", "display"): ("2017-01-09", "2", "3"),  # 1 day before
    }


def test_campaigns_arrive_at_their_start_and_households_at_their_first_visit(tmp_path, data):
    land_year(tmp_path, data)
    days = {row["household_id"]: p.parent.name for p in tmp_path.glob("*/campaigns.csv.gz") for row in rows(p)}
    assert days == {"900": "2017-01-01", "901": "2017-01-05"}
    assert len(rows(tmp_path / "2017-01-05/coupons.csv.gz")) == 1
    households = [row["household_id"] for p in tmp_path.glob("*/households.csv.gz") for row in rows(p)]
    assert sorted(households) == [str(900 + n) for n in range(7)]


def test_two_runs_give_the_same_bytes_and_a_third_does_nothing(tmp_path, data):
    one, other = tmp_path / "one", tmp_path / "other"
    files = land_year(one, data)
    land_year(other, data, threads=1)
    assert tree(one) == tree(other)
    before = {path: path.stat().st_mtime_ns for path in files}
    assert land_year(one, data) == files
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_a_lost_file_is_landed_again(tmp_path, data):
    files = land_year(tmp_path, data)
    whole = files[3].read_bytes()
    files[3].unlink()
    land_year(tmp_path, data)
    assert files[3].read_bytes() == whole


@pytest.mark.parametrize("files_before_kill", [1, 20, 70])
def test_a_killed_lander_leaves_no_half_file_and_the_next_run_finishes(tmp_path, data, files_before_kill):
    whole, out = tmp_path / "whole", tmp_path / "out"
    land_year(whole, data)
    code = "import sys, pathlib, recs.ingest.complete_journey as c; c.land_year(*map(pathlib.Path, sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", code, str(out), str(data)], cwd=ROOT) as process:
        while process.poll() is None and len(list(out.glob("*/*.csv.gz"))) < files_before_kill:
            time.sleep(0.0005)
        os.kill(process.pid, signal.SIGKILL)
    wanted = tree(whole)
    for name, content in tree(out).items():
        if ".tmp-" not in name:
            assert content == wanted[name]
    land_year(out, data)
    assert {name: c for name, c in tree(out).items() if ".tmp-" not in name} == wanted
    assert (out / MARKER).exists()
