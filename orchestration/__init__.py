"""The Dagster code location: keys, partitions, settings, resources, and how dbt is driven."""
