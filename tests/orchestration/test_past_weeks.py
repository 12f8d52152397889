"""What a ranker learns from, and what its card says of the partitions that it was trained on."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from assets.ranker import Past, mixed_code
from orchestration.settings import load_settings
from recs.lake import Lake, Provenance

DAYS = [date(2026, 3, 1), date(2026, 3, 8)]


def test_a_table_whose_days_were_made_by_different_code_is_named(tmp_path):
    lake = Lake(tmp_path)
    for table, versions in {"features/edited": "ab", "features/same": "aa"}.items():
        for day, version in zip(DAYS, versions, strict=True):
            rows = pl.DataFrame({"as_of_date": [day]})
            made_by = Provenance(version, "config", "run")
            lake.write_partition(table, day, rows, sort_by=["as_of_date"], inputs={}, provenance=made_by)
    assert mixed_code(lake, ["features/edited", "features/same", "features/absent"], DAYS) == ["features/edited"]


def write(lake, table, day, rows):
    lake.write_partition(table, day, rows, sort_by=[], inputs={}, provenance=Provenance("code", "config", "run"))


@pytest.mark.parametrize(("suspects", "taught"), [([], ["ann", "ann", "bot", "bot"]), (["bot"], ["ann", "ann"])])
def test_who_is_a_suspect_by_the_day_of_the_training_teaches_nothing(tmp_path, suspects, taught):
    lake, (day, known_by) = Lake(tmp_path), DAYS
    coded = {"user_code": pl.Int32, "item_code": pl.Int32}
    users = pl.DataFrame({"as_of_date": day, "user_code": [0, 1], "user_id": ["ann", "bot"]}).cast(
        {"user_code": pl.Int32}
    )
    items = pl.DataFrame({"as_of_date": day, "item_code": [0, 1], "item_id": ["a", "b"]}).cast({"item_code": pl.Int32})
    pool = pl.DataFrame(
        {"as_of_date": day, "user_code": [0, 0, 1, 1], "item_code": [0, 1, 0, 1], "pool_rank": [1, 2, 3, 4]}
    )
    write(lake, "features/dim_user", day, users)
    write(lake, "features/dim_item", day, items)
    write(lake, "pools/discover", day, pool.cast(coded))
    bought = pl.DataFrame({"user_id": ["ann", "bot"], "item_id": ["b", "a"]}).with_columns(
        arrival_date=pl.lit(known_by), event_date=pl.lit(known_by), purchase_count=1
    )
    write(lake, "facts/fct_user_item_daily", known_by, bought)
    flags = pl.DataFrame({"user_id": suspects}, schema={"user_id": pl.String}).with_columns(as_of_date=pl.lit(known_by))
    write(lake, "features/dim_suspect", known_by, flags)
    week = Past(load_settings({}), [])._week(lake, "discover", day, known_by, [])
    assert [users["user_id"][int(code)] for code in week.users] == taught
    assert week.labels.tolist() == [False, True, True, False][: len(taught)]
    rows = week.gather(np.ones(len(taught), bool))
    assert rows[:, -1].tolist() == [1, 2, 3, 4][: len(taught)]
