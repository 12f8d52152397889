"""The asset and the commands on a small shop: what a day shows, and what a day that is past or unfit for mail says."""

import json
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import msgspec
import pytest
import yaml

from assets.emails import EVERYONE, email_assets, export, send_ledger, stale_emails
from cli import main as command_line
from orchestration.resources import ShopResource
from orchestration.settings import load_settings
from recs.email.errors import BatchRefusedError
from recs.lake import Lake
from recs.releases.board import Act, Releases
from recs.store import store_at
from recs.surfaces.spec import read_specs
from tests.email.shop import AS_OF, SEND, contents, spec, write_lake

CONFIG = Path(__file__).parents[2] / "config"
SURFACES = ("home", "buy_again")
EARLIER = AS_OF - timedelta(days=1)
ACT = Act("2026-03-10T00:00:00+00:00", "test")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shop whose lake has one as-of day, and no release."""
    write_lake(tmp_path / "home" / "lake")
    for name in SURFACES:
        (tmp_path / "config" / "surfaces").mkdir(parents=True, exist_ok=True)
        shutil.copy(CONFIG / "surfaces" / f"{name}.yaml", tmp_path / "config" / "surfaces")
    (tmp_path / "config" / "campaigns").mkdir()
    fields = yaml.safe_dump(msgspec.to_builtins(spec(every_days=7)))
    (tmp_path / "config" / "campaigns" / "digest.yaml").write_text(fields)
    (tmp_path / "config" / "aisle.toml").write_text("[shop]\nfirst_day = 2026-03-01\nlast_day = 2026-03-20\n")
    for name, folder in (("AISLE_HOME", "home"), ("AISLE_CONFIG", "config")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    return load_settings()


def materialized(settings, day: date):
    resource = ShopResource(home=str(settings.home), config=str(settings.config))
    result = dg.materialize(email_assets(settings), resources={"shop": resource}, partition_key=day.isoformat())
    (check,) = result.get_asset_check_evaluations()
    (made,) = result.asset_materializations_for_node("emails__digest")
    assert (check.check_name, check.passed) == (EVERYONE, True)
    return {name: value.value for name, value in made.metadata.items()}


def test_a_day_shows_its_counts_and_a_second_run_keeps_the_batch(shop):
    assert stale_emails(shop, [EARLIER, AS_OF]) == {"emails/digest": [EARLIER, AS_OF]}
    first = materialized(shop, AS_OF)
    assert {name: first[name] for name in ("outcome", "reused", "audience", "sent", "skipped", "send_date")} == {
        "outcome": "built",
        "reused": False,
        "audience": 4,
        "sent": 4,
        "skipped": 0,
        "send_date": str(SEND),
    }
    before = contents(Path(first["path"]))
    again = materialized(shop, AS_OF)
    assert (again["outcome"], again["reused"], contents(Path(again["path"]))) == ("kept", True, before)
    assert stale_emails(shop, [EARLIER, AS_OF]) == {"emails/digest": []}


def test_a_past_day_is_refused_in_words_and_the_ledger_stays(shop):
    lake = Lake(shop.lake)
    for table in ("surfaces/home", "surfaces/buy_again", "features/dim_item", "features/dim_user"):
        shutil.copytree(lake.folder(table, AS_OF), lake.folder(table, EARLIER))
    materialized(shop, AS_OF)
    noted = contents(send_ledger(shop, "digest").folder)
    refused = materialized(shop, EARLIER)
    assert (refused["outcome"], refused["reused"], refused["dagster/row_count"]) == ("refused", True, 0)
    assert f"digest was sent on {SEND}, and {AS_OF} is before that" in refused["why"]
    assert contents(send_ledger(shop, "digest").folder) == noted


def test_lists_of_a_release_that_was_rolled_back_are_not_mailed(shop):
    lake, specs = Lake(shop.lake), read_specs(shop.config / "surfaces")
    releases = Releases(lake, store_at(shop.store))
    sealed = releases.seal(AS_OF, specs, code_version="", config_hash="", act=ACT)
    assert export(shop, spec(campaign="another"), as_of=AS_OF, send_date=SEND).manifest.release_id == sealed.id
    releases.catalogue.note(
        sealed.id, "rejected", msgspec.json.decode(b'{"at": "", "who": "", "why": "coats in July"}')
    )
    with pytest.raises(BatchRefusedError, match=f"belong to release {sealed.id}, which was refused or rolled back"):
        export(shop, spec(), as_of=AS_OF, send_date=SEND)


def aisle(monkeypatch, capsys, *words: str, expect: int = 0):
    monkeypatch.setattr(sys, "argv", ["aisle", "email", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert (ended.value.code or 0) == expect
    return json.loads(capsys.readouterr().out)


def test_the_commands_export_and_preview(shop, monkeypatch, capsys):
    wanted = ("--campaign", "digest")
    missing = aisle(monkeypatch, capsys, "preview", *wanted, "--user", "u0", expect=1)
    assert missing["error"]["fix"] == "run: aisle email export --campaign digest"
    done = aisle(monkeypatch, capsys, "export", *wanted)
    assert (done["outcome"], done["send_date"], done["sent"]) == ("built", str(SEND), 4)
    assert aisle(monkeypatch, capsys, "export", *wanted, "--date", str(SEND)) == {**done, "outcome": "kept"}
    mail = aisle(monkeypatch, capsys, "preview", *wanted, "--user", "u0")
    assert [item["item_id"] for item in mail["items"]] == ["tea", "milk", "jam"]
    aisle(monkeypatch, capsys, "export", *wanted, "--date", str(SEND + timedelta(days=1)))
    skipped = aisle(monkeypatch, capsys, "preview", *wanted, "--user", "u0")
    assert (skipped["outcome"], skipped["rule"]) == ("skipped", "frequency_cap")
    assert (
        "not in the audience"
        in aisle(monkeypatch, capsys, "preview", *wanted, "--user", "x", expect=1)["error"]["problem"]
    )
    assert "no campaign named" in aisle(monkeypatch, capsys, "export", "--campaign", "x", expect=1)["error"]["problem"]
