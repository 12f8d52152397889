"""Mistakes in a campaign's file are told with the file, the field and what is allowed."""

from pathlib import Path

import pytest
import yaml

from recs.email.spec import campaign_spec, read_campaign, read_campaigns
from recs.errors import ConfigError

ROOT = Path(__file__).parents[2]
GOOD = yaml.safe_load((ROOT / "config" / "campaigns" / "weekly_digest.yaml").read_text())


def test_the_shops_own_campaigns_are_fit():
    found = read_campaigns(ROOT / "config" / "campaigns", ["home", "buy_again"])
    assert list(found) == ["weekly_digest"]
    assert found["weekly_digest"].looks_back_days == 28


def test_a_shop_without_campaigns_has_none(tmp_path):
    assert read_campaigns(tmp_path / "campaigns", ["home"]) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "unknown field `colour`. Fix: the fields are campaign, title, audience, surfaces"),
        ({"audience": {"campaigns": "all"}}, r"\$.audience.campaigns`. Fix: audience takes {campaigns: active} or"),
        ({"audience": {"who": "all"}}, "unknown field `who` .* Fix: audience takes"),
        ({"items": 0}, "items`. Fix: items takes a whole number from 1 to 50"),
        ({"items": "six"}, "items`. Fix: items takes a whole number"),
        ({"min_items": 9}, r"field 'min_items' \(9\) is above items \(6\). Fix: min_items takes"),
        ({"locale": "de"}, "locale`. Fix: locale takes en"),
        ({"every_days": 0}, "every_days`. Fix: every_days takes a whole number from 1"),
        ({"hold_out_pct": 101}, "Fix: hold_out_pct takes a number from 0 to 100"),
        ({"destinations": ["fax"]}, "field 'destinations' names 'fax'. Fix: destinations takes a list of some of: csv"),
        ({"destinations": ["csv", "csv"]}, "field 'destinations' names one twice"),
        ({"surfaces": []}, "Fix: surfaces takes a list such as"),
        ({"surfaces": [{"name": "home", "quota": 7}]}, "field 'surfaces' gives 'home' a quota of 7 in a mail of 6"),
        ({"surfaces": [{"name": "home", "quota": 1}] * 2}, "field 'surfaces' names a surface twice"),
        ({"campaign": "../up"}, "Fix: campaign takes a name of a-z"),
        ({"title": None}, "title`. Fix: title takes a text"),
    ],
)
def test_a_mistake_is_told(change, told):
    with pytest.raises(ConfigError, match=told) as caught:
        campaign_spec({**GOOD, **change}, file="digest.yaml")
    assert str(caught.value).startswith("digest.yaml: ")


def test_a_missing_field_is_told():
    with pytest.raises(ConfigError, match=r"missing required field `items`. Fix: items takes"):
        campaign_spec({name: value for name, value in GOOD.items() if name != "items"}, file="digest.yaml")


def test_a_file_has_its_campaigns_name_is_yaml_and_names_surfaces_of_shoppers(tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(GOOD))
    with pytest.raises(ConfigError, match=r"field 'campaign' is 'weekly_digest'. Fix: name the file weekly_"):
        read_campaign(path)
    path.write_text("a: [")
    with pytest.raises(ConfigError, match=r"other.yaml: cannot be read as YAML"):
        read_campaign(path)
    path.unlink()
    (tmp_path / "weekly_digest.yaml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(ConfigError, match=r"'buy_again', which is no surface keyed by user. Fix: name some of: home"):
        read_campaigns(tmp_path, ["home"])
