"""The work itself in plain Python: no Dagster, no dbt, no clock, no environment."""
