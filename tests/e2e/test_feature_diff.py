"""A data engineer edits a feature model and asks what that does before anything is committed."""

from datetime import date
from pathlib import Path

import pytest
from corner import USERS, days_from, user, write_config, write_orders, write_plans
from engineer import Project

pytestmark = pytest.mark.long

DAYS = days_from(date(2026, 3, 1), 17)  # whose tenth day is the newest with a week after it
AS_OF, NEWEST = DAYS[9], DAYS[11]
GONE = user(3)


KNOWN_SQL = """
select {{ as_of() }} as as_of_date, user_id, 1 as is_known from {{ ref('dim_user') }} where as_of_date = {{ as_of() }}
"""
KNOWN_YAML = """models:
  - name: feat_known
    description: One row per as_of_date and user_id.
    config: {meta: {entity: user, as_of: as_of_date, owner: loyalty, sort_by: [as_of_date, user_id]}}
    columns:
      - {name: as_of_date, data_type: DATE, description: "UTC day whose knowledge the row holds."}
      - {name: user_id, data_type: VARCHAR, description: "Shop's id of the shopper."}
      - {name: is_known, data_type: INTEGER, description: "1 for everyone."}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A shop with features of three days. Since then one model was edited, one was broken and one is new."""
    folder = tmp_path_factory.mktemp("engineer")
    config = write_config(folder / "config", first_day=DAYS[0])
    write_orders(folder / "drops", DAYS)
    write_plans(folder / "drops", DAYS[0])
    project = Project(folder, config)
    project.run("ingest", str(folder / "drops"), "--source", "corner")
    project.run("backfill", "--from", str(DAYS[0]), "--to", str(DAYS[-1]), "--select", "staging,facts")
    project.run("backfill", "--from", str(DAYS[9]), "--to", str(NEWEST), "--select", "features")
    wrap(project.sql("feat_user"), "* replace (since_purchase_days + 1 as since_purchase_days)", f"user_id <> '{GONE}'")
    wrap(project.sql("feat_category"), "*", "user_no = 3")
    project.sql("feat_known").write_text(KNOWN_SQL.lstrip())
    project.sql("feat_known").with_suffix(".yml").write_text(KNOWN_YAML)
    return project


def wrap(sql: Path, columns: str, where: str) -> None:
    """Select from the model as it was."""
    sql.write_text(f"select {columns} from (\n{sql.read_text()}\n) where {where}\n")


def leftovers(home: Path) -> list[Path]:
    return list((home / "lake").glob(".tmp-*"))


def test_a_diff_tells_what_changed_from_what_did_not_and_commits_nothing(project):
    before = project.hashes("features/*")
    document = project.json("features", "diff", "feat_user", "feat_item")
    assert document["as_of_date"] == str(AS_OF)
    assert document["outcome_until"] == str(DAYS[16])
    item, edited = sorted(document["models"], key=lambda model: model["model"])
    assert edited["rows"] == {"before": USERS, "after": USERS - 1, "kept": USERS - 1, "added": 0, "removed": 1}
    assert [name for name, column in edited["columns"].items() if column["changed"]] == ["since_purchase_days"]
    since, baskets = edited["columns"]["since_purchase_days"], edited["columns"]["basket_count_28d"]
    assert (since["before"]["mean"], since["after"]["mean"], since["changed_share"]) == (0, 1, 1)
    assert since["psi"] > 0.25
    assert since["before"]["correlation"] is None  # all bought on the day: there is no order
    assert (baskets["changed_share"], baskets["psi"]) == (0, 0)
    assert -1 <= edited["columns"]["spend_28d"]["after"]["correlation"] <= 1
    assert edited["outcome"] == "the shopper's purchase lines"
    assert edited["in_force"]["is_same_code"] is False
    assert edited["in_force"]["are_same_inputs"] is True
    assert (item["changed"], item["in_force"]["is_same_code"]) == (False, True)
    assert item["rows"]["kept"] == item["rows"]["before"] == item["rows"]["after"] > 0
    assert all(one["build_seconds"][side] > 0 for one in (item, edited) for side in ("before", "after"))
    assert project.hashes("features/*") == before
    assert leftovers(project.home) == []


def test_in_words_with_a_sample_of_a_day_whose_week_is_not_over(project):
    told = project.run("features", "diff", "feat_user", "--as-of", str(NEWEST), "--sample", "0.5")
    assert f"feat_user, as of {NEWEST}, 50 % of the shoppers" in told
    assert (
        f"no correlation: the 7 days after {NEWEST} have not arrived: facts/fct_user_item_daily ends 2026-03-17" in told
    )
    (title,) = (line for line in told.splitlines() if line.endswith("columns change"))
    assert title.startswith("1 of ")
    assert " in force " in told
    assert "Nothing was committed." in told
    kept = int(told.split(" kept")[0].split()[-1])
    assert 0 < kept < USERS - 1


def test_sql_that_fails_is_said_in_dbts_words(project):
    problem = project.json("features", "diff", "feat_category", expect=1)["error"]["problem"]
    assert 'Referenced column "user_no" not found in FROM clause' in problem
    assert leftovers(project.home) == []


def test_a_model_that_is_new_has_no_version_in_force(project):
    told = project.run("features", "diff", "feat_known")
    assert f"new: no version is in force; it would have {USERS} rows" in told
    assert "columns added: is_known" in told
    (listed,) = (f for f in project.json("features", "list")["features"] if f["name"] == "feat_known.is_known")
    assert (listed["owner"], listed["as_of_date"], listed["build_seconds"]) == ("loyalty", None, None)
