"""A data engineer adds a column: one SQL file and its YAML. What predicts is found, what peeks ahead is worthless."""

from pathlib import Path

import polars as pl
import pytest
from engineer import Project
from journey import AS_OF, HOUSEHOLDS, PRODUCTS, write_journey

pytestmark = pytest.mark.long

# what each household will look for in the week to come, known on the day: a wish list, say
WISHED_SQL = """
with weeks as (select cast(floor(({{ as_of() }} - date '2017-01-01') / 7) as integer) + 1 as week),
users as (select user_id from {{ ref('dim_user') }} where as_of_date = {{ as_of() }}),
slots as (select unnest(range(3)) as slot)
select {{ as_of() }} as as_of_date, user_id,
    cast(1000 + (cast(user_id as integer) * 7 + week * 13 + slot * 29) % 90 as varchar) as item_id,
    1 as is_wished
from users, weeks, slots
"""
# what only the future knows: purchases after the day
AHEAD_SQL = """
with sales as (select * from {{ ref('fct_user_item_daily') }})
select {{ as_of() }} as as_of_date, user_id, item_id,
    sum(purchase_count) filter (event_date > {{ as_of() }}) as bought_after
from sales group by user_id, item_id
"""
YAML = """models:
  - name: {name}
    description: One row per as_of_date, user_id and item_id.
    config: {{meta: {{entity: user_item, as_of: as_of_date, sort_by: [as_of_date, user_id, item_id]}}}}
    columns:
      - {{name: as_of_date, data_type: DATE, description: "UTC day whose knowledge the row holds."}}
      - {{name: user_id, data_type: VARCHAR, description: "Shop's id of the shopper."}}
      - {{name: item_id, data_type: VARCHAR, description: "Shop's id of the item."}}
      - {{name: {column}, data_type: INTEGER, description: "{told}"}}
"""


class Engineer(Project):
    """Adds feature models to the small grocer's project."""

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(folder)
        self.data = data

    def add(self, name: str, sql: str, column: str, told: str) -> None:
        self.sql(name).write_text(sql.lstrip())
        self.sql(name).with_suffix(".yml").write_text(YAML.format(name=name, column=column, told=told))

    def learned(self) -> tuple[dict[str, float], float]:
        """Gain of each feature of the discover ranker, and NDCG@10 of home on what was new."""
        card = self.json("models", "show", "ranker")["discover"]
        judged = self.json("evaluate", "--as-of", AS_OF)
        return {row["feature"]: row["gain"] for row in card["importances"]}, judged["surfaces"]["home"]["new"][
            "ndcg@10"
        ]


def wishful_journey(folder: Path) -> Path:
    """The small grocer, whose households also buy in each week what they wished for."""
    data = write_journey(folder)
    sales = pl.read_parquet(data / "transactions.parquet")
    day = (pl.col("transaction_timestamp").dt.date() - pl.date(2017, 1, 1)).dt.total_days()
    baskets = sales.with_columns(week=(day - 1) // 7 + 1).unique(
        ["household_id", "week"], keep="first", maintain_order=True
    )
    wished = pl.concat(
        baskets.with_columns(
            product_id=(1000 + (pl.col("household_id") * 7 + pl.col("week") * 13 + slot * 29) % PRODUCTS).cast(pl.Int64)
        )
        for slot in range(3)
    )
    more = pl.concat([sales, wished.select(sales.columns).cast(dict(sales.schema))])
    more.unique(["basket_id", "product_id"], keep="first", maintain_order=True).write_parquet(
        data / "transactions.parquet"
    )
    assert HOUSEHOLDS == 40
    return data


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engineer")
    project = Engineer(folder, wishful_journey(folder / "data"))
    project.json("demo", "--data", str(project.data), "--as-of", AS_OF)
    return project


def test_a_column_that_predicts_gains_importance_and_ndcg_without_python(project):
    gains, before = project.learned()
    assert not any("wished" in name for name in gains)
    project.add("feat_wish", WISHED_SQL, "is_wished", "1 where the shopper wished for the item.")
    project.json("demo", "--data", str(project.data), "--as-of", AS_OF)
    gains, after = project.learned()
    total = sum(gains.values())
    assert gains["feat_wish.is_wished"] > 0.2 * total
    assert after > before + 0.05


def test_a_column_that_only_the_future_knows_changes_no_bytes_and_gains_nothing(project):
    tables = [f"features/{p.name}" for p in (project.home / "lake/features").glob("[!.]*")]
    kept = {k: v for table in [*tables, "channels/*", "pools/*"] for k, v in project.hashes(table).items()}
    _, before = project.learned()
    project.add("feat_ahead", AHEAD_SQL, "bought_after", "Purchases after the day.")
    project.json("demo", "--data", str(project.data), "--as-of", AS_OF)
    rows = pl.read_parquet(project.home / "lake/features/feat_ahead/*/data.parquet", hive_partitioning=False)
    assert rows.height > 0
    assert rows["bought_after"].null_count() == rows.height  # ten past days in one run, and none saw the next
    gains, after = project.learned()
    assert gains["feat_ahead.bought_after"] == 0
    assert after == pytest.approx(before, abs=0.02)
    now = {k: v for table in [*tables, "channels/*", "pools/*"] for k, v in project.hashes(table).items()}
    assert {k: now.get(k) for k in kept} == kept
