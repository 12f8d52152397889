"""A copy of the project that a data engineer edits, with a shop of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("assets", "cli", "config", "data_contracts", "dbt_project", "jobs", "orchestration", "recs", "serving")
MAIN = 'from cli.main import main\n\nif __name__ == "__main__":\n    main()\n'


class Project:
    """The code under ``folder/aisle``, what it writes under ``folder/home``."""

    def __init__(self, folder: Path, config: Path | None = None) -> None:
        self.code, self.home = folder / "aisle", folder / "home"
        for room in ROOMS:
            ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
            shutil.copytree(ROOT / room, self.code / room, ignore=ignored)
        shutil.copy(ROOT / "dagster.yaml", self.code)
        (self.code / "run.py").write_text(MAIN)
        self.env = {**os.environ, "AISLE_HOME": str(self.home), "PYTHONPATH": str(self.code), "COLUMNS": "120"}
        if config:
            self.env["AISLE_CONFIG"] = str(config)

    def run(self, *words: str, expect: int = 0) -> str:
        """Run a command to its end and return its standard output."""
        done = subprocess.run(
            [sys.executable, self.code / "run.py", *words],
            cwd=self.code,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def json(self, *words: str, expect: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", expect=expect))

    def sql(self, model: str) -> Path:
        """The SQL file of a feature model; its YAML lies beside it."""
        return self.code / "dbt_project/models/features" / f"{model}.sql"

    def hashes(self, table: str) -> dict[str, str]:
        """The content hash of each partition of the tables that fit the pattern."""
        found = sorted((self.home / "lake").glob(f"{table}/as_of_date=*/_partition.json"))
        return {str(p.parent.relative_to(self.home)): json.loads(p.read_bytes())["content_hash"] for p in found}
