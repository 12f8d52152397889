"""What people read in the terminal: every character of a title or a rule arrives."""

import sys

import pytest

from cli import main
from cli.output import print_table
from recs.errors import AisleError


def test_a_title_in_brackets_is_no_markup(capsys):
    print_table("lists", ("title",), [("Tea [red] tin",)])
    assert "Tea [red] tin" in capsys.readouterr().out


def test_a_table_that_is_to_stay_whole_is_wider_than_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    row = ("mean_paid_price_364d", "DECIMAL(18,4)", 12345)
    print_table("features", ("feature", "type", "rows"), [row], is_whole=True)
    assert "mean_paid_price_364d  DECIMAL(18,4)  12,345" in capsys.readouterr().out


def test_an_error_keeps_the_name_of_its_rule_and_ends_its_sentences_once(capsys, monkeypatch):
    def fail() -> None:
        raise AisleError("the list is short [min_items]. Allowed when: it is longer.", "add a channel")

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.setattr(sys, "argv", ["aisle"])
    with pytest.raises(SystemExit, match="1"):
        main.main()
    assert capsys.readouterr().err == (
        "error: the list is short [min_items]. Allowed when: it is longer. Fix: add a channel.\n"
    )
