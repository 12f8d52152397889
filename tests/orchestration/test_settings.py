"""The environment and aisle.toml are read once, and say what is wrong with them."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from orchestration import partitions
from orchestration.settings import load_settings
from orchestration.versions import config_hash, files_hash
from recs.errors import ConfigError


def config(folder: Path, text: str) -> dict[str, str]:
    (folder / "aisle.toml").write_text(text)
    return {"AISLE_CONFIG": str(folder), "AISLE_HOME": str(folder / "home")}


def test_two_homes_share_nothing(tmp_path):
    env = config(tmp_path, "[shop]\nfirst_day = 2017-01-01\n")
    here, there = load_settings(env), load_settings({**env, "AISLE_HOME": str(tmp_path / "other")})
    assert here.first_day == date(2017, 1, 1)
    for name in ("landing", "lake", "store", "dagster"):
        assert getattr(here, name) == tmp_path / "home" / name
        assert getattr(there, name) == tmp_path / "other" / name


@pytest.mark.parametrize(
    ("text", "env", "said"),
    [
        ("[shop]\nfirst_day = 'soon'\n", {}, "shop.first_day is 'soon'. Fix: write a day"),
        ("shop = [", {}, "is not TOML"),
        ("[shop]\nfirst_day = 2017-01-01\n", {"AISLE_THREADS": "many"}, "AISLE_THREADS is 'many'"),
    ],
)
def test_bad_settings_name_the_value_and_the_fix(tmp_path, text, env, said):
    with pytest.raises(ConfigError, match=said):
        _ = load_settings({**config(tmp_path, text), **env}).first_day


class Baking(msgspec.Struct, forbid_unknown_fields=True):
    minutes: float
    trays: int = 1


def test_a_section_is_read_as_what_it_is_made_of_or_names_the_field(tmp_path):
    settings = load_settings(config(tmp_path, "[baking]\nminutes = 30\n[burning]\nminute = 30\n"))
    assert settings.section("baking", Baking) == Baking(30.0, 1)
    for name, field in (("burning", "unknown field `minute`"), ("cooling", "missing required field `minutes`")):
        with pytest.raises(ConfigError, match=rf"aisle.toml: \[{name}\]: .*{field}.*Fix: correct the field"):
            settings.section(name, Baking)


def test_a_missing_config_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="point AISLE_CONFIG to a folder"):
        load_settings({"AISLE_CONFIG": str(tmp_path / "nowhere")})


def test_a_version_sees_names_and_bytes_of_source_files_only(tmp_path):
    (tmp_path / "a.sql").write_text("select 1")
    first = files_hash(tmp_path, ["."])
    (tmp_path / "a.pyc").write_text("x")
    assert files_hash(tmp_path, ["."]) == first
    (tmp_path / "a.sql").rename(tmp_path / "b.sql")
    assert files_hash(tmp_path, ["."]) != first
    assert config_hash({"a": 1, "b": 2}) == config_hash({"b": 2, "a": 1})


def test_a_shop_whose_data_have_ended_has_no_later_partition(tmp_path):
    ended = load_settings(config(tmp_path, "[shop]\nfirst_day = 2017-01-01\nlast_day = 2017-01-03\n"))
    days = partitions.daily(ended.first_day, ended.last_day).get_partition_keys()
    assert days == ["2017-01-01", "2017-01-02", "2017-01-03"]
    (tmp_path / "open").mkdir()
    assert load_settings(config(tmp_path / "open", "[shop]\nfirst_day = 2017-01-01\n")).last_day is None
