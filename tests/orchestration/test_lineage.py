"""Column lineage of compiled SQL: literal queries, and every model of the project."""

from orchestration.dbt_project import load_manifest
from orchestration.lineage import column_lineage

ORDERS = {
    "facts/orders": {"item": "VARCHAR", "paid": "DOUBLE"},
    "features/items": {"item": "VARCHAR", "title": "VARCHAR"},
}
SQL = """with sums as (select item, sum(paid) as total, count(*) as lines from "memory"."main"."orders" group by item)
select sums.item, upper(items.title) || total as label, lines, 1 as one from sums join items using (item)"""


def test_a_column_names_the_columns_it_is_made_from():
    assert column_lineage(SQL, ORDERS) == {
        "item": [("facts/orders", "item")],
        "label": [("facts/orders", "paid"), ("features/items", "title")],
    }


def test_every_model_has_lineage_into_tables_that_exist():
    manifest = load_manifest()
    assert set(manifest.lineage) == set(manifest.models)
    for table, lineage in manifest.lineage.items():
        for column, sources in lineage.items():
            assert column in manifest.columns(table)
            assert all(source in manifest.columns(parent) for parent, source in sources), (table, column)
