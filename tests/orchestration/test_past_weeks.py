"""What a ranker's card says of the partitions that it was trained on."""

from datetime import date

import polars as pl

from assets.ranker import mixed_code
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
