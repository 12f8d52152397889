"""dbt's own unit tests, which runs leave out: they test the SQL, not a day's data."""

from pathlib import Path

import yaml

MODELS = Path(__file__).parents[2] / "dbt_project/models"


def test_every_dbt_unit_test_passes(new_lake):
    lake = new_lake()
    done = lake.build("unit", "test_type:unit", verb="test")
    assert done.returncode == 0, done.stdout
    declared = [yaml.safe_load(path.read_text()).get("unit_tests", []) for path in MODELS.glob("*/*.yml")]
    assert f"{sum(map(len, declared))} unit tests" in done.stdout.split("Finished running")[1]
