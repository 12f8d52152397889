"""What the ranker joins, as dbt's manifest tells it: a literal manifest, and the project's own."""

from orchestration.dbt_manifest import DbtManifest
from orchestration.dbt_project import load_manifest
from recs.ranking.features import ENTITIES, FeatureTable, Ratio


def column(kind, **more):
    return {"data_type": kind, "description": "", **more}


def model(name, columns, group="features", **meta):
    node = {"resource_type": "model", "name": name, "description": "", "columns": columns}
    node |= {"config": {"meta": {"dagster": {"group": group}, **meta}}, "depends_on": {"nodes": []}}
    return {f"model.aisle.{name}": node}


def feature_tables(*models):
    nodes = {key: node for one in models for key, node in one.items()}
    return DbtManifest({"nodes": nodes, "sources": {}, "child_map": {}}).feature_tables()


NUMBERS = {"orders_28d": column("INTEGER")}
AS_OF = {"as_of": "as_of_date"}


def test_numbers_and_truths_are_features_and_texts_days_and_times_are_not():
    columns = {
        "as_of_date": column("DATE"),
        "user_id": column("VARCHAR"),
        "first_at": column("TIMESTAMP"),
        "zoned_at": column("timestamp with time zone"),
        "label": column("varchar(9)"),
        "notes": column("TEXT"),
        "raw": column("JSON"),
        "orders_28d": column("INTEGER"),
        "spend_28d": column("DECIMAL(18,4)"),
        "share": column("float"),
        "is_new": column("BOOLEAN"),
    }
    (got,) = feature_tables(model("feat_user", columns, entity="user", **AS_OF))
    assert got == FeatureTable("features/feat_user", "user", ("orders_28d", "spend_28d", "share", "is_new"))
    assert got.features == [f"feat_user.{name}" for name in ("orders_28d", "spend_28d", "share", "is_new")]


def test_a_column_whose_meta_says_so_is_kept_from_the_ranker():
    columns = {
        "a": column("INTEGER", config={"meta": {"ranker": False}}),
        "b": column("INTEGER", meta={"ranker": False}),
        "c": column("INTEGER", meta={"ranker": False}, config={"meta": {"ranker": True}}),
        "d": column("INTEGER", config={"meta": {"unit": "days"}}),
        "e": column("INTEGER", meta=None, config={}),
    }
    (got,) = feature_tables(model("feat_item", columns, entity="item", **AS_OF))
    assert got.columns == ("c", "d", "e")


def test_level_and_ratios_come_from_the_models_meta():
    ratios = {"price_index": {"of": "feat_item.price", "to": "mean_price", "description": "Against its kind."}}
    by_kind = model("feat_category", NUMBERS, entity="category", level="category_l3", ratios=ratios, **AS_OF)
    plain = model("feat_user_category", NUMBERS, entity="user_category", ratios=None, **AS_OF)
    category, user_category = feature_tables(plain, by_kind)
    assert category.level == "category_l3"
    assert category.ratios == (Ratio("price_index", "feat_item.price", "mean_price"),)
    assert category.features == ["feat_category.orders_28d", "feat_category.price_index"]
    assert (user_category.level, user_category.ratios) == ("category_l2", ())


def test_facts_pairs_and_regions_are_no_features_and_the_others_come_by_name():
    got = feature_tables(
        model("fct_user_daily", NUMBERS, group="facts", entity="user"),  # as of no day
        model("feat_item_pair", NUMBERS, entity="item_pair", **AS_OF),
        model("dim_region", NUMBERS, entity="region", **AS_OF),
        model("stg_events", NUMBERS, group="staging"),
        model("feat_user", NUMBERS, entity="user", **AS_OF),
        model("feat_item", NUMBERS, entity="item", **AS_OF),
    )
    assert [table.table for table in got] == ["features/feat_item", "features/feat_user"]


def test_the_projects_features_have_names_of_their_own_and_ratios_between_tables_that_are_there():
    tables = load_manifest().feature_tables()
    names = [name for table in tables for name in table.features]
    assert len(names) == len(set(names))
    assert {table.entity for table in tables} == set(ENTITIES)
    assert {ratio.of.split(".")[0] for table in tables for ratio in table.ratios} <= {table.name for table in tables}
