"""Dirty files through the command line: each is accounted for with its reason, and the good rows arrive."""

import gzip
import os

import polars as pl

COLUMNS = ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value"]
COLUMNS += ["retail_disc", "coupon_disc", "coupon_match_disc", "week", "transaction_timestamp"]
HEADER = ",".join(COLUMNS)
DAY = "2017-01-02"


def line(basket: int, product: int, quantity: int = 1, at: str = "2017-01-02 10:00:00") -> str:
    return f"1,300,{basket},{product},{quantity},3.0,0,0,0,1,{at}"


def drop(folder, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


def test_dirty_files_are_accounted_for_and_the_good_rows_arrive(new_shop, tmp_path):
    shop, folder = new_shop(), tmp_path / DAY
    folder.mkdir()
    good = gzip.compress("\n".join([HEADER, line(1, 77), line(1, 78), ""]).encode(), mtime=0)
    bad_rows = [line(2, 77), line(2, 78, quantity=0), line(2, 79, at="2017-02-31 10:00:00"), "1,300", line(2, 80)]
    drop(folder, "transactions-a.csv.gz", good)
    drop(folder, "transactions-again.csv.gz", good)
    drop(folder, "transactions-b.csv.gz", gzip.compress("\n".join([HEADER, *bad_rows, ""]).encode()))
    drop(
        folder,
        "transactions-cut.csv.gz",
        gzip.compress("\n".join([HEADER, *[line(3, n) for n in range(500)]]).encode())[:-30],
    )
    drop(folder, "transactions-noise.csv.gz", os.urandom(5000))
    no_quantity = [HEADER.replace(",quantity", ""), "1,300,4,77,3.0,0,0,0,1,2017-01-02 10:00:00"]
    drop(folder, "transactions-short.csv.gz", gzip.compress("\n".join(no_quantity).encode()))

    report = shop.json("ingest", str(tmp_path), "--source", "complete_journey")
    files = {file["name"]: (file["status"], file["reason"]) for file in report["files"]}
    assert files["transactions-a.csv.gz"] == ("taken", "")
    assert files["transactions-again.csv.gz"][0] == "duplicate"
    assert "transactions-a.csv.gz" in files["transactions-again.csv.gz"][1]
    for name, reason in (("cut", "truncated"), ("noise", "not_gzip"), ("short", "quantity")):
        status, said = files[f"transactions-{name}.csv.gz"]
        assert status == "quarantined"
        assert reason in said

    events = report["tables"]["events"]
    assert {k: events[k] for k in ("read", "valid", "quarantined", "duplicate")} == {
        "read": 7,
        "valid": 4,
        "quarantined": 3,
        "duplicate": 0,
    }
    assert events["reasons"]["quantity:minimum"] == 1
    assert events["reasons"]["event_at:type"] == 1
    raw = pl.read_parquet(shop.home / "lake/raw/events" / f"arrival_date={DAY}/data*.parquet", hive_partitioning=False)
    assert sorted(raw["event_id"]) == ["1-77", "1-78", "2-77", "2-80"]
    aside = pl.read_parquet(
        shop.home / "lake/raw/quarantine/events" / f"arrival_date={DAY}/data*.parquet", hive_partitioning=False
    )
    assert line(2, 78, quantity=0) in set(aside["source_text"])

    again = shop.json("ingest", str(tmp_path), "--source", "complete_journey")
    assert {file["status"] for file in again["files"]} == {"duplicate"}
    assert again["tables"] == {}
