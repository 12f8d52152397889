"""What a partition says of itself: its sidecar file, and the column that names its day."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PARTITION_FILE = "_partition.json"
DATA_FILE = "data.parquet"
DATA_FILES = "data*.parquet"  # data-<part>.parquet where a partition was written in parts
ARRIVAL_STAGES = frozenset({"raw", "facts"})


@dataclass(frozen=True)
class Provenance:
    """Who computed a partition: hash of the code, hash of the configuration, id of the run."""

    code_version: str
    config_hash: str
    run_id: str


@dataclass(frozen=True)
class PartitionInfo:
    """One partition's sidecar. ``content_hash`` covers the logical rows and any files beside them, not run ids.

    ``deleted_rows``: how many rows retention has deleted; the hash is still theirs.
    """

    table: str
    day: str
    rows: int
    bytes: int
    content_hash: str
    inputs: Mapping[str, str]
    code_version: str
    config_hash: str
    run_id: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of a partition that was written in parts
    deleted_rows: int | None = None

    def to_json(self) -> str:
        told = {name: value for name, value in asdict(self).items() if name != "deleted_rows" or value is not None}
        return json.dumps(told, indent=1, sort_keys=True, default=str)

    @staticmethod
    def read(folder: Path) -> "PartitionInfo | None":
        """The sidecar of a partition folder, or None where there is no partition."""
        try:
            return PartitionInfo(**json.loads((folder / PARTITION_FILE).read_bytes()))
        except FileNotFoundError:
            return None


def partition_column(table: str) -> str:
    """The date column that names a table's partitions: by arrival for raw and facts, else by as-of day."""
    return "arrival_date" if table.split("/", 1)[0] in ARRIVAL_STAGES else "as_of_date"
