"""``aisle generate``: what it prints, and how it refuses."""

import json

import pytest

from cli.main import app, main

ASKED = ["generate", "--users", "50", "--items", "40", "--days", "2", "--events-per-day", "240", "--seed", "1"]


def run(monkeypatch, capsys, *more):
    """Exit code and standard output of the command as a shell would run it."""
    monkeypatch.setattr("sys.argv", ["aisle", *ASKED, *more])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().out


def test_json_is_one_document_whose_counts_are_those_of_the_truth(monkeypatch, capsys, tmp_path):
    code, text = run(monkeypatch, capsys, "--out", str(tmp_path / "shop"), "--first-day", "2026-03-01", "--json")
    told, truth = json.loads(text), json.loads((tmp_path / "shop/truth/shop.json").read_text())
    assert not code
    assert {name: told[name] for name in truth["made"]} == truth["made"]
    assert truth["asked"]["first_day"] == "2026-03-01"
    assert (tmp_path / "shop/drops/2026-03-02/23/events-2026-03-02T23.jsonl.gz").exists()


def test_people_are_told_what_was_written_and_what_to_land(monkeypatch, capsys, tmp_path):
    code, text = run(monkeypatch, capsys, "--out", str(tmp_path / "shop"), "--format", "parquet")
    assert not code
    assert "480 events in 2 days" in text
    assert f"Land {tmp_path / 'shop' / 'drops'}" in text
    assert list(tmp_path.glob("shop/drops/2026-01-01/*/events-*.parquet"))


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [("--dirt", "0.7", "dirt is 0.7"), ("--format", "xml", "--format is 'xml'"), ("--first-day", "soon", "'soon'")],
)
def test_a_wrong_value_is_refused_with_its_name(monkeypatch, capsys, tmp_path, option, value, problem):
    code, text = run(monkeypatch, capsys, "--out", str(tmp_path / "shop"), option, value, "--json")
    assert code == 1
    assert problem in json.loads(text)["error"]["problem"]
    assert not (tmp_path / "shop").exists()


def test_the_command_is_registered_once():
    assert [command.name for command in app.registered_commands].count("generate") == 1
