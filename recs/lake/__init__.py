"""Where a partition lives, atomic writes, and reading as of a day."""

from recs.lake.lake import Lake
from recs.lake.partition import PARTITION_FILE, PartitionInfo, Provenance, partition_column

__all__ = ["PARTITION_FILE", "Lake", "PartitionInfo", "Provenance", "partition_column"]
