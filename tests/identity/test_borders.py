"""Every place where a shop's user id comes in or goes out, on a lake and a store that hold internal ids alone."""

import csv
import json
import logging
import shutil
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import msgspec
import polars as pl
import pytest
import yaml

from assets.emails import email_assets, emails_root
from cli import main as command_line
from cli.recommend import lookup
from orchestration.launch import prepare_instance
from orchestration.resources import ShopResource
from orchestration.settings import Settings, load_settings
from recs.identity import Identity, IdentityError
from recs.identity.fingerprint import keep_fingerprint
from recs.lake import Lake, Provenance
from recs.store import open_store, store_at
from serving.http import Request
from serving.metrics import Metrics
from serving.service import Service
from serving.settings import ServingSettings
from serving.settings import load_settings as load_serving
from tests.email.shop import AS_OF, SEND, spec, write_lake
from tests.lookup.shelves import publish
from tests.releases.shop import HOME, ITEMS, SHOP

CONFIG = Path(__file__).parents[2] / "config"
KEY = bytes(range(64))
SEALED = Identity(KEY)
ANN, BOB = "zqx-user-00017", "zqx-user-00018"
LISTS = {**SHOP, "home": {f"user:{SEALED.inside_one(ANN)}": HOME["user:ann"], "global:": ITEMS[20:40]}}


def sealed_settings(folder: Path, monkeypatch) -> Settings:
    """A shop in ``folder`` whose user ids are sealed; its lake is marked as such."""
    key = folder / "key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    (folder / "config").mkdir(exist_ok=True)
    toml = f'[shop]\nfirst_day = 2026-03-01\nlast_day = 2026-03-20\n[identity]\nmode = "sealed"\nkey_file = "{key}"\n'
    (folder / "config" / "aisle.toml").write_text(toml)
    for name, value in (("AISLE_HOME", "home"), ("AISLE_CONFIG", "config")):
        monkeypatch.setenv(name, str(folder / value))
    settings = load_settings()
    keep_fingerprint(settings.identity, settings.lake)
    return settings


def files_with(root: Path, text: str) -> list[str]:
    """Files below ``root`` whose bytes, or Parquet rows, hold a text."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        rows = str(pl.read_parquet(path, hive_partitioning=False).to_dicts()) if path.suffix == ".parquet" else ""
        if text.encode() in path.read_bytes() or text in rows or text in path.name:
            found.append(path.relative_to(root).as_posix())
    return found


def aisle(monkeypatch, capsys, *words: str, expect: int = 0):
    monkeypatch.setattr(sys, "argv", ["aisle", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert (ended.value.code or 0) == expect
    return json.loads(capsys.readouterr().out)


def answer(service: Service, user: str) -> dict:
    query = f"surface=home&user_id={user}&count=12"
    return json.loads(service.respond(Request("GET", "/v1/recommendations", query)).body)


def test_the_endpoint_finds_the_list_of_a_clear_id_and_logs_no_id(tmp_path, caplog):
    store = open_store("memory://")
    publish(tmp_path, store, lists=LISTS)
    service, plain = Service(store, Metrics(), SEALED), Service(store, Metrics())
    with caplog.at_level(logging.DEBUG):
        mine = answer(service, ANN)
        assert (mine["source"], [item["item_id"] for item in mine["items"]]) == ("user", HOME["user:ann"])
        assert answer(service, BOB)["source"] == "global"
        assert answer(service, SEALED.inside_one(ANN))["items"] == mine["items"]
        assert answer(plain, ANN)["source"] == "global"
    assert "zqx-user" not in caplog.text + json.dumps(mine)


def test_pages_of_a_sealed_shopper_go_on_with_their_token(tmp_path):
    store = open_store("memory://")
    publish(tmp_path, store, lists=LISTS)
    service, seen, token = Service(store, Metrics(), SEALED), [], ""
    while token is not None:
        query = f"surface=home&user_id={ANN}&count=5" + (f"&page_token={token}" if token else "")
        page = json.loads(service.respond(Request("GET", "/v1/recommendations", query)).body)
        seen += [item["item_id"] for item in page["items"]]
        token = page["next_page_token"]
    assert seen[:12] == HOME["user:ann"]


def test_workers_are_told_where_the_key_is_and_not_the_key(tmp_path):
    told = ServingSettings(tmp_path, key_file=tmp_path / "key").environment()
    assert load_serving(told) == ServingSettings(tmp_path, key_file=tmp_path / "key")
    assert KEY.hex() not in str(told)


def test_the_store_on_disk_holds_no_clear_id_and_recommend_asks_for_the_internal_one(tmp_path, monkeypatch, capsys):
    settings = sealed_settings(tmp_path, monkeypatch)
    publish(settings.home, store_at(settings.store), lists=LISTS)
    mine = aisle(monkeypatch, capsys, "recommend", "--surface", "home", "--user", ANN)
    assert (mine["source"], mine["items"][0]["item_id"]) == ("user", HOME["user:ann"][0])
    assert lookup(settings, {"surface": "home", "user_id": BOB})["source"] == "global"
    assert files_with(settings.home, "zqx-user") == []
    assert files_with(settings.store, SEALED.inside_one(ANN))  # so the search would have found a clear one


@pytest.fixture
def mailing(tmp_path, monkeypatch) -> Settings:
    """A sealed shop with lists for u0 to u3 as they are inside, and one campaign that mails them."""
    for name in ("home", "buy_again"):
        (tmp_path / "config" / "surfaces").mkdir(parents=True, exist_ok=True)
        shutil.copy(CONFIG / "surfaces" / f"{name}.yaml", tmp_path / "config" / "surfaces")
    (tmp_path / "config" / "campaigns").mkdir()
    fields = yaml.safe_dump(msgspec.to_builtins(spec(every_days=7)))
    (tmp_path / "config" / "campaigns" / "digest.yaml").write_text(fields)
    settings = sealed_settings(tmp_path, monkeypatch)
    seal_lake(write_lake(settings.lake))
    return settings


def clear(user: str) -> str:
    """u3 is one whom no sender can read."""
    return "zqx-user-0003\x07" if user == "u3" else f"zqx-user-{user[1:]:0>4}"


def seal_lake(lake: Lake) -> None:
    """Put the internal id of ``clear`` in the place of every u0, u1, ..."""
    internal = {f"u{n}": SEALED.inside_one(clear(f"u{n}")) for n in range(10)}
    for path in sorted(lake.root.glob("*/*/*=*")):
        table = path.parent.relative_to(lake.root).as_posix()
        rows = lake.read(table, AS_OF)
        named = [name for name in ("user_id", "key") if name in rows.columns]
        rows = rows.with_columns(pl.col(name).replace(internal) for name in named)
        lake.write_partition(table, AS_OF, rows, sort_by=[], inputs={}, provenance=Provenance("", "", ""))


def test_mails_leave_with_the_shops_ids_and_everything_kept_holds_internal_ones(mailing, monkeypatch, capsys):
    aisle(monkeypatch, capsys, "email", "export", "--campaign", "digest")
    folder = emails_root(mailing) / "digest" / str(SEND)
    with (folder / "csv" / f"digest-{SEND}.csv").open(newline="") as file:
        mails = list(csv.DictReader(file))
    assert [row["user_id"] for row in mails] == ["zqx-user-0000", "zqx-user-0001", "zqx-user-0002"]
    assert "zqx-user-0001" in (folder / "preview.html").read_text()
    kept = pl.read_parquet(folder / "batch.parquet")
    assert sorted(SEALED.outside(kept["user_id"].to_arrow()).to_pylist()) == [row["user_id"] for row in mails]
    same = {SEALED.outside_one(user): item for user, item in kept.select("user_id", "rec_1_item_id").iter_rows()}
    assert same == {row["user_id"]: row["rec_1_item_id"] for row in mails}
    skipped = pl.read_parquet(folder / "skipped.parquet")
    assert skipped.select("user_id", "rule").rows() == [(SEALED.inside_one(clear("u3")), "unusable_id")]
    assert files_with(mailing.home, "zqx-user") == [
        f"exports/emails/digest/{SEND}/csv/digest-{SEND}.csv",
        f"exports/emails/digest/{SEND}/preview.html",
    ]


def test_a_preview_is_asked_for_by_the_shops_id(mailing, monkeypatch, capsys):
    asked = ("email", "preview", "--campaign", "digest", "--user")
    aisle(monkeypatch, capsys, "email", "export", "--campaign", "digest")
    mail = aisle(monkeypatch, capsys, *asked, "zqx-user-0000")
    assert (mail["user_id"], [item["item_id"] for item in mail["items"]]) == ("zqx-user-0000", ["tea", "milk", "jam"])
    assert aisle(monkeypatch, capsys, *asked, "u0", expect=1)["error"]["kind"] == "EmailError"


def test_what_dagster_shows_of_a_batch_holds_no_clear_id(mailing):
    resource = ShopResource(home=str(mailing.home), config=str(mailing.config))
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            email_assets(mailing), resources={"shop": resource}, partition_key=str(AS_OF), instance=instance
        )
        logged = "".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert SEALED.inside_one("zqx-user-0000") in logged
    for secret in ("zqx-user", KEY.hex()):
        assert secret not in logged


def test_the_same_frequency_cap_holds_on_the_next_day(mailing, monkeypatch, capsys):
    first = aisle(monkeypatch, capsys, "email", "export", "--campaign", "digest")
    later = date(2026, 3, 11)
    second = aisle(monkeypatch, capsys, "email", "export", "--campaign", "digest", "--date", str(later))
    assert (first["sent"], first["skipped_by_rule"]) == (3, {"unusable_id": 1})
    assert (second["sent"], second["skipped_by_rule"]) == (0, {"frequency_cap": 3, "unusable_id": 1})


def test_a_lake_that_is_configured_otherwise_is_refused_before_a_run_writes(mailing):
    toml = mailing.config / "aisle.toml"
    toml.write_text(toml.read_text().partition("[identity]")[0])
    before = sorted(mailing.home.rglob("*"))
    plain = load_settings()
    for act in (
        lambda: prepare_instance(plain),
        lambda: ShopResource(home=str(plain.home), config=str(plain.config)).lake(),
        lambda: lookup(plain, {"surface": "home"}),
    ):
        with pytest.raises(IdentityError, match=r"is sealed, and .identity. says mode = .plain."):
            act()
    assert sorted(mailing.home.rglob("*")) == before
