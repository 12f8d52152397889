"""Which code and configuration a stage's rows depend on, as hashes: what decides that a partition is out of date."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DBT_STAGES = ("facts", "features")
DBT_FUNCTIONS = ("orchestration/dbt_functions.py", "recs/models/item_pairs.py")
DBT_SHARED = ("dbt_project/dbt_project.yml", "dbt_project/macros", "dbt_project/models/staging", *DBT_FUNCTIONS)
HISTORY = ("recs/history.py", "assets/reading.py")
CHANNELS = (*HISTORY, "recs/pairs.py", "recs/models", "recs/channels")
CONTRACTS = tuple(f"recs/contracts/{module}.py" for module in ("gate", "model", "reading", "schema"))
HOLDING = tuple(f"recs/checks/{module}.py" for module in ("config", "hold", "measure", "profile", "shift"))
STAGE_CODE: Mapping[str, tuple[str, ...]] = {
    "raw": (*CONTRACTS, *HOLDING, "recs/identity", "recs/ingest", "recs/lake"),
    "facts": (*DBT_SHARED, "dbt_project/models/facts"),
    "features": (*DBT_SHARED, "dbt_project/models/features"),
    "models/ials": (*HISTORY, "recs/models/ials.py", "assets/models.py"),
    "models/ranker": (*HISTORY, "recs/ranking", "assets/ranker.py"),
    "channels": (*CHANNELS, "assets/channels.py"),
    "pools": (*CHANNELS, "recs/pools", "recs/ranking/ranked.py", "assets/pools.py"),
    "rankings": (*CHANNELS, "recs/ranking", "assets/rankings.py"),
    "surfaces": (*HISTORY, "recs/channels/ranked.py", "recs/policies", "recs/surfaces", "assets/surfaces.py"),
    "emails": ("recs/email", "recs/policies", "assets/emails.py"),
    "evaluation": (*HISTORY, "recs/evaluation", "assets/evaluation.py"),
    "releases": ("recs/releases", "recs/store", "recs/lookup"),
}
AFTER_RELEASE = frozenset({"emails", "evaluation"})  # they read what a release holds and change nothing in it
SOURCE_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml"})


def code_version(project: Path, table: str) -> str:
    """Hash of the source files that make a table's rows: its own where that can be told, else those of its stage."""
    stage, _, name = table.partition("/")
    if name and stage in DBT_STAGES:
        own = f"dbt_project/models/{stage}/{name}"
        return files_hash(project, (*DBT_SHARED, f"{own}.sql", f"{own}.yml"))
    return files_hash(project, STAGE_CODE.get(table) or STAGE_CODE[stage])


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
