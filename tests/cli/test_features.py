"""``aisle features list`` and ``catalogue`` on a lake of a few rows, through the command line's own functions."""

import json
from datetime import date, timedelta

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from cli import features
from orchestration.settings import PROJECT
from recs.errors import ConfigError
from recs.lake import PARTITION_FILE, Lake, Provenance

TABLE = "features/feat_user"
DAY = date(2026, 3, 9)
BY = Provenance("code", "config", "run")


def aisle(*words: str):
    app = typer.Typer()
    features.register(app)
    got = CliRunner().invoke(app, ["features", *words], catch_exceptions=False)
    assert got.exit_code == 0
    return json.loads(got.stdout) if "--json" in words else got.stdout


def snapshot(lake: Lake, day: date, baskets: list[int | None], extra=None) -> None:
    users = [f"user-{n}" for n in range(len(baskets))]
    rows = pl.DataFrame({"user_id": users, "basket_count_28d": pl.Series(baskets, dtype=pl.Int32)})
    rows = rows.select(as_of_date=pl.lit(day), user_id="user_id", basket_count_28d="basket_count_28d")
    lake.write_partition(TABLE, day, rows, sort_by=["user_id"], inputs={}, provenance=BY, extra=extra)


@pytest.fixture
def lake(tmp_path, monkeypatch) -> Lake:
    monkeypatch.setenv("AISLE_HOME", str(tmp_path))
    monkeypatch.setenv("AISLE_CONFIG", str(PROJECT / "config"))
    lake = Lake(tmp_path / "lake")
    for days, baskets in ((35, [9, 9, 9]), (29, [1, 2, None, 4]), (7, [1, 1, 1])):
        snapshot(lake, DAY - timedelta(days=days), baskets)
    snapshot(lake, DAY, [9, 9, 9, 9, 9, 9, 9, None], {"build_seconds": 1.5})
    gains = [("discover", "feat_user.basket_count_28d", 1.0), ("discover", "feat_item.price", 3.0)]
    gains += [("repeat", "feat_item.price", 0.0)]
    rows = pl.DataFrame(gains, schema=["purpose", "feature", "gain"], orient="row")
    lake.write_partition(
        "models/ranker",
        DAY,
        rows.with_columns(as_of_date=pl.lit(DAY)),
        sort_by=["purpose"],
        inputs={},
        provenance=BY,
    )
    return lake


def row(document, name: str):
    (found,) = (feature for feature in document["features"] if feature["name"] == name)
    return found


def test_a_feature_is_told_with_its_nulls_drift_importance_and_cost(lake):
    found = row(aisle("list", "--json"), "feat_user.basket_count_28d")
    assert {key: found[key] for key in ("entity", "owner", "type", "rows", "is_learned", "build_seconds")} == {
        "entity": "user",
        "owner": "features",
        "type": "INTEGER",
        "rows": 8,
        "is_learned": True,
        "build_seconds": 1.5,
    }
    assert (found["as_of_date"], found["compared_with"]) == (str(DAY), str(DAY - timedelta(days=29)))
    assert (found["null_share"], found["null_share_change"]) == (0.125, -0.125)
    assert found["psi"] > 0.25
    assert found["importance"] == {"discover": 0.25}
    assert found["description"]


def test_an_earlier_day_shows_what_was_known_then(lake):
    then = DAY - timedelta(days=29)
    document = aisle("list", "--as-of", str(then), "--json")
    found = row(document, "feat_user.basket_count_28d")
    assert (found["as_of_date"], found["compared_with"]) == (str(then), str(then - timedelta(days=6)))
    assert (found["build_seconds"], found["importance"], document["ranker_as_of_date"]) == (None, {}, None)


def test_a_snapshot_that_retention_has_emptied_is_none(lake):
    folder = lake.folder(TABLE, DAY - timedelta(days=29))
    told = json.loads((folder / PARTITION_FILE).read_text())
    (folder / PARTITION_FILE).write_text(json.dumps(told | {"rows": 0, "deleted_rows": told["rows"]}))
    found = row(aisle("list", "--json"), "feat_user.basket_count_28d")
    assert found["compared_with"] == str(DAY - timedelta(days=35))


def test_columns_kept_from_the_ranker_ratios_and_models_without_rows_are_listed_too(lake):
    document = aisle("list", "--json")
    kept, ratio = row(document, "feat_user.basket_count_1d"), row(document, "feat_user.item_basket_share_91d")
    assert (kept["is_learned"], kept["psi"], kept["importance"]) == (False, None, {})
    assert (ratio["is_learned"], ratio["type"], ratio["null_share"]) == (True, "ratio", None)
    price = row(document, "feat_item.price")
    assert (price["as_of_date"], price["rows"], price["importance"]) == (None, None, {"discover": 0.75, "repeat": 0.0})
    assert not {"dim_user", "dim_suspect"} & {model["model"] for model in document["models"]}
    assert not any(name["column"] in ("user_id", "as_of_date") for name in document["features"])


def test_the_list_names_the_page_and_the_page_is_written_whole(lake):
    assert "to search: aisle features catalogue" in aisle("list")
    said = aisle("catalogue")
    page = lake.root.parent / "reports" / "features.html"
    assert f"Page: {page}" in said
    assert "basket_count_28d" in page.read_text()
    told = aisle("list")
    assert f"{page}; aisle features catalogue makes it anew" in told
    assert "feat_user: user, owner features, as of 2026-03-09, 8 rows, 1.5 s a day to build" in told


def test_a_shop_without_features_is_told_what_makes_them(tmp_path, monkeypatch):
    monkeypatch.setenv("AISLE_HOME", str(tmp_path))
    monkeypatch.setenv("AISLE_CONFIG", str(PROJECT / "config"))
    assert aisle("list", "--json")["as_of_date"] is None
    assert "No ranker is trained yet." in aisle("list")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["feat_usr"], "there is no feature model 'feat_usr'"),
        (["stg_events"], "there is no feature model 'stg_events'"),
        (["feat_user", "--as-of", "March"], "'March' is not a day"),
    ],
)
def test_a_diff_of_what_is_not_there_is_refused(lake, words, problem):
    with pytest.raises(ConfigError, match=problem):
        aisle("diff", *words)


def test_a_diff_of_a_day_that_is_not_committed_says_which_are(lake):
    with pytest.raises(Exception, match=r"no partition 2026-03-08: it has 2026-02-02 to 2026-03-09. Fix: choose one"):
        aisle("diff", "feat_user", "--as-of", "2026-03-08")
