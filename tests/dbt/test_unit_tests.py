"""dbt's own unit tests, which runs leave out: they test the SQL, not a day's data."""


def test_every_dbt_unit_test_passes(new_lake):
    lake = new_lake()
    done = lake.build("unit", "test_type:unit", verb="test")
    assert done.returncode == 0, done.stdout
    assert "13 unit tests" in done.stdout.split("Finished running")[1]
