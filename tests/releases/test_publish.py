"""Publishing one as-of day on a real lake and a real store."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta

import polars as pl
import pytest

from recs.lookup.query import query_of
from recs.lookup.shelf import Shelf
from recs.releases.board import Act, Releases
from recs.releases.errors import ReleaseError
from recs.releases.manifest import read_manifest
from recs.releases.records import plain_number, release_records
from recs.store import StaleFence, store_at
from tests.releases.shop import DAY, HOME, SHOP, SPECS, lake_at, surface_frame, write_shop, write_surface

ACT = Act("2026-03-10T03:00:00Z", "robin", "the daily run")
PUBLISHER = """
import sys
from pathlib import Path
from tests.releases.shop import DAY, SPECS, lake_at
from recs.releases.board import Act, Releases
from recs.store import store_at
home = Path(sys.argv[1])
print("ready", flush=True)
Releases(lake_at(home), store_at(home / "store")).publish(
    DAY, SPECS, code_version="c1", config_hash="f1", act=Act("2026-03-10T03:00:00Z", "robin", "the daily run"))
print("done", flush=True)
"""


def releases_at(folder):
    return Releases(lake_at(folder), store_at(folder / "store"))


def publish(releases, day=DAY, act=ACT, code_version="c1"):
    return releases.publish(day, SPECS, code_version=code_version, config_hash="f1", act=act)


def answer(folder, **fields):
    shelf = Shelf(store_at(folder / "store"))
    try:
        return json.loads(shelf.answer(query_of(fields), request_id="q").body)
    finally:
        shelf.close()


def test_a_published_day_is_in_force_and_answers(tmp_path):
    write_shop(lake_at(tmp_path))
    releases = releases_at(tmp_path)
    done = publish(releases)
    assert done.outcome == "promoted"
    got = answer(tmp_path, surface="home", user_id="ann")
    assert got["release_id"] == done.manifest.id == releases.catalogue.status()["active_release"]["id"]
    assert [item["item_id"] for item in got["items"]] == HOME["user:ann"]
    assert releases.verify() == []


def test_the_same_content_twice_is_one_release_loaded_once(tmp_path):
    write_shop(lake_at(tmp_path))
    releases = releases_at(tmp_path)
    first = publish(releases)
    file = tmp_path / "store" / "lmdb" / first.manifest.id / "data.mdb"
    before = file.stat().st_mtime_ns, file.stat().st_ino
    second = publish(releases, act=Act("2026-03-11T03:00:00Z", "sam"))
    assert (second.outcome, second.manifest) == ("in_force", first.manifest)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_two_homes_make_the_same_id_and_the_same_bytes(tmp_path):
    prints = []
    for home in (tmp_path / "one", tmp_path / "two"):
        write_shop(lake_at(home))
        done = publish(releases_at(home), act=Act(f"at {home.name}", home.name))
        prints.append((done.manifest.id, store_at(home / "store").fingerprint(done.manifest.id)))
    assert prints[0] == prints[1]


def test_other_rows_or_other_code_are_another_release(tmp_path):
    lake = lake_at(tmp_path)
    write_shop(lake)
    releases = releases_at(tmp_path)
    ids = [publish(releases).manifest.id, publish(releases, code_version="c2").manifest.id]
    write_surface(lake, DAY, "home", surface_frame(DAY, "home", {**HOME, "user:cat": ["i05", "i06", "i07"]}))
    ids.append(publish(releases).manifest.id)
    assert len(set(ids)) == 3
    assert [row["state"] for row in releases.catalogue.listing()].count("active") == 1


def test_the_listing_is_newest_first_in_the_agreed_shape(tmp_path):
    releases = releases_at(tmp_path)
    for ago in (1, 0):
        write_shop(lake_at(tmp_path), DAY - timedelta(days=ago))
        publish(releases, DAY - timedelta(days=ago))
    listing = releases.catalogue.listing()
    assert [(row["as_of_date"], row["state"]) for row in listing] == [
        ("2026-03-09", "active"),
        ("2026-03-08", "retired"),
    ]
    assert set(listing[0]) == {"id", "as_of_date", "state", "sealed_at", "content_hash"}


def test_a_day_before_the_one_in_force_is_sealed_and_never_promoted(tmp_path):
    releases = releases_at(tmp_path)
    for day in (DAY, DAY - timedelta(days=5)):
        write_shop(lake_at(tmp_path), day)
    newest = publish(releases).manifest.id
    older = publish(releases, DAY - timedelta(days=5))
    assert (older.outcome, releases.catalogue.state(older.manifest.id)) == ("older", "sealed")
    assert releases.catalogue.status()["active_release"]["id"] == newest
    with pytest.raises(ReleaseError, match="older than"):
        releases.promote(older.manifest.id, act=ACT)


def test_a_manifest_changed_after_sealing_is_noticed(tmp_path):
    write_shop(lake_at(tmp_path))
    done = publish(releases_at(tmp_path))
    path = tmp_path / "lake" / "releases" / done.manifest.id / "manifest.json"
    path.write_text(path.read_text().replace('"code_version": "c1"', '"code_version": "c9"'))
    with pytest.raises(ReleaseError, match="changed after it was sealed"):
        read_manifest(path)


def test_a_missing_table_is_named_with_what_makes_it(tmp_path):
    write_shop(lake_at(tmp_path), lists={"home": HOME})
    with pytest.raises(ReleaseError, match=r"surfaces/product_similar has no partition 2026-03-09. Fix: materialize"):
        publish(releases_at(tmp_path))


def test_tables_that_changed_since_sealing_are_not_loaded(tmp_path):
    lake = lake_at(tmp_path)
    write_shop(lake)
    manifest = releases_at(tmp_path).seal(DAY, SPECS, code_version="c1", config_hash="f1", act=ACT)
    write_surface(lake, DAY, "home", surface_frame(DAY, "home", {"global:": ["i01"]}))
    with pytest.raises(ReleaseError, match="surfaces/home of 2026-03-09 has other rows now"):
        list(release_records(lake, manifest))


def test_records_come_in_store_order_whatever_the_ids_look_like(tmp_path):
    lake = lake_at(tmp_path)
    users = ["é" * 128, "\U0001f600" * 128, "a" * 128, "A", "~", "ann/../x"]
    home = {**{f"user:{user}": ["i01", "i02", "i03"] for user in users}, "global:": ["i04", "i05", "i06"]}
    write_shop(lake, lists={**SHOP, "home": home})
    done = publish(releases_at(tmp_path))
    keys = [key for key, _ in release_records(lake, done.manifest)]
    assert keys == sorted(set(keys))
    for user in users:
        assert answer(tmp_path, surface="home", user_id=user)["source"] == "user"


def test_the_trail_says_who_did_what_and_why(tmp_path):
    write_shop(lake_at(tmp_path))
    name = publish(releases_at(tmp_path)).manifest.id
    lines = [json.loads(line) for line in (tmp_path / "lake/releases/audit.jsonl").read_text().splitlines()]
    assert [line["action"] for line in lines] == ["seal", "load", "validate", "promote"]
    assert lines[-1] == {
        "at": ACT.at, "who": "robin", "action": "promote", "release": name, "from": None, "why": "the daily run"
    }  # fmt: skip


def test_a_line_torn_by_a_kill_spoils_no_other(tmp_path):
    write_shop(lake_at(tmp_path))
    releases = releases_at(tmp_path)
    publish(releases)
    with (tmp_path / "lake/releases/audit.jsonl").open("a") as trail:
        trail.write('{"at": "2026')
    publish(releases, code_version="c2")
    assert [line.action for line in releases.catalogue.audit()] == ["seal", "load", "validate", "promote"] * 2


def test_a_publisher_that_was_overtaken_is_told(tmp_path):
    lake = lake_at(tmp_path)
    write_shop(lake)
    store = store_at(tmp_path / "store")
    fast, slow = Releases(lake, store), Releases(lake, store)
    validate = slow.validate

    def overtaken(name, *, act):
        publish(fast, code_version="c2")
        return validate(name, act=act)

    slow.validate = overtaken
    with pytest.raises(StaleFence, match="the store is at 1"):
        publish(slow)
    assert fast.catalogue.status()["active_release"]["id"] == publish(fast, code_version="c2").manifest.id


@pytest.mark.parametrize("milliseconds", [0, 30, 60, 90, 130, 180])
def test_a_publisher_killed_at_any_moment_is_repaired_by_running_it_again(tmp_path, milliseconds):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for home in (calm, killed):
        write_shop(lake_at(home))
    expected = publish(releases_at(calm)).manifest.id
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(killed)], stdout=subprocess.PIPE, text=True
    ) as publisher:
        assert publisher.stdout.readline() == "ready\n"
        time.sleep(milliseconds / 1000)
        publisher.send_signal(signal.SIGKILL)
    releases = releases_at(killed)
    status = releases.catalogue.status()["active_release"]
    assert status is None or (status["id"] == expected and releases.verify() == [])
    publish(releases)
    assert releases.catalogue.status()["active_release"]["id"] == expected
    assert releases.verify() == []
    assert [line.action for line in releases.catalogue.audit() if line.action == "promote"] == ["promote"]
    store_at(killed / "store").clean()
    fingerprints = {store_at(home / "store").fingerprint(expected) for home in (calm, killed)}
    assert len(fingerprints) == 1


def test_prices_are_written_without_trailing_zeros():
    prices = pl.Series([1990, 20000, 5], dtype=pl.Int64).to_list()
    from decimal import Decimal

    assert [plain_number(Decimal(p).scaleb(-4).quantize(Decimal("0.0001"))) for p in prices] == ["0.199", "2", "0.0005"]
