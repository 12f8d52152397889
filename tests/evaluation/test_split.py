import json
from math import log2

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.evaluate import MODELS
from cli.main import app
from recs.errors import ConfigError
from recs.evaluation.split import evaluate_split, read_split
from recs.evaluation.split_models import FITS

TRAIN = [("ann", "mug"), ("ann", "hat"), ("bob", "mug"), ("cat", "mug"), ("cat", "hat"), ("cat", "pen")]
TEST = [("ann", "pen"), ("bob", "pen"), ("bob", "cup"), ("eve", "hat")]


@pytest.fixture
def files(tmp_path):
    """Writes a file and gives its path: rows under the names user_id, item_id and further ones."""

    def write(name, rows, columns=("user_id", "item_id")):
        frame, path = pl.DataFrame(rows, columns, orient="row"), tmp_path / name
        frame.write_parquet(path) if name.endswith(".parquet") else frame.write_csv(path)
        return path

    return write


@pytest.fixture
def report(files):
    def run(models=("popularity",), ks=(2,), train=TRAIN, test=TEST, items=None):
        paths = [files("train.csv", train), files("test.parquet", test)]
        paths += [files("items.csv", items, ["item_id"])] if items else []
        return evaluate_split(read_split(*paths), models, ks=ks)

    return run


def test_popular_items_of_train_by_hand(report):
    """mug 3, hat 2, pen 1, cup 0 takers. ann is shown pen, cup; bob hat, pen; eve, unknown to train, mug, hat."""
    got = report()
    second = 1 / log2(3)
    assert {name: value for name, value in got["models"]["popularity"].items() if "@" in name} == pytest.approx(
        {
            "recall@2": (1 + 1 / 2 + 1) / 3,
            "ndcg@2": (1 + second / (1 + second) + second) / 3,
            "map@2": (1 + 1 / 2 / 2 + 1 / 2) / 3,
            "mrr@2": (1 + 1 / 2 + 1 / 2) / 3,
            "hit_rate@2": 1,
            "precision@2": 1 / 2,
            "coverage@2": 1,
            "novelty@2": -(2 * log2(3 / 10) + 2 * log2(2 / 10) + log2(4 / 10) + log2(1 / 10)) / 6,
            "gini@2": (-3 * 1 - 1 * 1 + 1 * 2 + 3 * 2) / (4 * 6),
        }
    )
    assert {name: value for name, value in got.items() if name != "models"} == {
        "users": 3,
        "items": 4,
        "users_unknown_to_train": 1,
        "items_unknown_to_train": 1,
        "items_that_may_not_be_listed": 0,
        "test_pairs_also_in_train": 0,
    }


def test_an_item_file_says_what_may_be_listed_and_the_rest_stays_relevant(report):
    got = report(items=[("mug",), ("hat",), ("new",)])
    assert got["items"] == 3
    assert got["items_that_may_not_be_listed"] == 2
    assert got["models"]["popularity"]["recall@2"] == pytest.approx((0 + 0 + 1) / 3)


def test_a_pair_in_both_files_cannot_be_found_again_and_is_counted(report):
    got = report(test=[("bob", "mug"), ("bob", "hat")])
    assert got["test_pairs_also_in_train"] == 1
    assert got["models"]["popularity"]["recall@2"] == 1 / 2


GROUPS = [
    (f"u{n}", item)
    for n in range(12)
    for item in ("abcd" if n % 2 else "wxyz")
    if (n // 2) % 4 != "abcdwxyz".index(item) % 4
]
HELD_OUT = [(f"u{n}", ("abcd" if n % 2 else "wxyz")[(n // 2) % 4]) for n in range(12)]


@pytest.mark.parametrize("model", ["item_knn", "ials"])
def test_two_groups_of_users_are_told_apart(report, model):
    """Each user took three of the four items of the own group: the fourth comes first."""
    assert report([model], ks=[1], train=GROUPS, test=HELD_OUT)["models"][model]["recall@1"] == 1


def test_repeated_rows_add_their_weights(files):
    train = files(
        "train.csv", [("ann", "mug", 1.5), ("ann", "mug", 2.0), ("bob", "hat", 1.0)], ["user_id", "item_id", "weight"]
    )
    assert read_split(train, files("test.csv", TEST)).train.sum(axis=1).ravel().tolist()[0][:2] == [3.5, 1.0]


def test_ids_are_text_whatever_their_type(files):
    as_numbers, as_text = files("train.parquet", [(1, 7), (2, 7), (2, 8)]), files("test.csv", [(1, 8)])
    assert (
        evaluate_split(read_split(as_numbers, as_text), ["popularity"], ks=[1])["models"]["popularity"]["recall@1"] == 1
    )


@pytest.mark.parametrize(
    ("name", "rows", "columns", "message"),
    [
        (
            "a.csv",
            [("ann", "mug")],
            ["user", "item_id"],
            r"a.csv has no column 'user_id' \(it has: user, item_id\). Fix: rename",
        ),
        (
            "a.csv",
            [("ann", None), ("bob", "mug")],
            ["user_id", "item_id"],
            "a.csv: column 'item_id' is empty in 1 rows",
        ),
        ("a.parquet", [], ["user_id", "item_id"], "a.parquet holds no rows"),
        (
            "a.csv",
            [("ann", "mug", "much"), ("ann", "hat", "-1")],
            ["user_id", "item_id", "weight"],
            "column 'weight' holds 2 values",
        ),
        ("a.txt", [("ann", "mug")], ["user_id", "item_id"], "a.txt is neither .parquet nor .csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_fix(files, name, rows, columns, message):
    with pytest.raises(ConfigError, match=message):
        read_split(files(name, rows, columns), files("test.csv", TEST))


def test_a_missing_and_a_broken_file_are_named(tmp_path, files):
    with pytest.raises(ConfigError, match=r"nowhere.csv is not a file. Fix: give the path"):
        read_split(tmp_path / "nowhere.csv", files("test.csv", TEST))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ConfigError, match=r"broken.parquet cannot be read: .* Fix: check that it is whole"):
        read_split(files("train.csv", TRAIN), tmp_path / "broken.parquet")


@pytest.fixture
def aisle(files):
    paths = ["--train", str(files("train.csv", TRAIN)), "--test", str(files("test.csv", TEST))]
    return lambda *more: CliRunner().invoke(app, ["evaluate", "split", *paths, *more])


def test_the_command_prints_one_json_document(aisle):
    result = aisle("--models", "popularity, item_knn", "--k", "2,1", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(document["models"]) == ["popularity", "item_knn"]
    assert {"recall@1", "mrr@2", "gini@2", "fit_s", "score_s"} < set(document["models"]["item_knn"])


def test_the_command_prints_a_table_and_what_it_could_not_know(aisle):
    shown = aisle("--models", "popularity", "--k", "2").stdout
    assert "3 users, 4 items" in shown
    assert "recall@2" in shown
    assert "0.8333" in shown
    assert "users unknown to train: 1" in shown


@pytest.mark.parametrize("k", ["0", "ten", "5,,10", "5000"])
def test_wrong_cut_offs_are_wrong_usage(aisle, k):
    result = aisle("--k", k)
    assert result.exit_code == 2
    assert "not a list of whole numbers" in " ".join(result.stderr.replace("│", " ").split())


def test_an_unknown_model_is_refused_before_any_work(aisle):
    result = aisle("--models", "popularity,guess")
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == "there is no model 'guess'. Fix: choose from popularity, item_knn, ials."


def test_every_model_is_judged_unless_some_are_named():
    assert MODELS.split(",") == list(FITS)
