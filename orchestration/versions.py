"""Which code and configuration a stage's rows depend on, as hashes: what decides that a partition is out of date."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

STAGE_CODE: Mapping[str, tuple[str, ...]] = {
    "raw": ("recs/contracts", "recs/ingest", "recs/lake"),
    "facts": (
        "dbt_project/dbt_project.yml",
        "dbt_project/macros",
        "dbt_project/models/staging",
        "dbt_project/models/facts",
    ),
    "features": (
        "dbt_project/dbt_project.yml",
        "dbt_project/macros",
        "dbt_project/models/staging",
        "dbt_project/models/features",
    ),
    "channels": ("recs/channels", "assets/channels.py"),
    "surfaces": ("recs/policies", "recs/surfaces", "assets/surfaces.py"),
    "releases": ("recs/releases", "recs/store", "recs/lookup"),
}
SOURCE_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml"})


def code_version(project: Path, stage: str) -> str:
    """Hash of the source files that make a stage's rows."""
    return files_hash(project, STAGE_CODE[stage])


def files_hash(root: Path, places: Iterable[str]) -> str:
    """Hash of the names and bytes of the source files in ``places`` below ``root``."""
    digest = hashlib.sha256()
    for place in places:
        path = root / place
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in SOURCE_SUFFIXES)
        for file in files:
            digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def config_hash(values: Mapping[str, Any]) -> str:
    """Hash of configuration values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]
