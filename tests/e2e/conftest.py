"""Drives the real command line against a small shop in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from journey import write_journey

ROOT = Path(__file__).resolve().parents[2]
AISLE = Path(sys.executable).with_name("aisle")


class Shop:
    """One AISLE_HOME and the command line on it."""

    def __init__(self, home: Path, data: Path, threads: int = 2) -> None:
        self.home, self.data = home, data
        self.env = {
            **os.environ,
            "AISLE_HOME": str(home),
            "AISLE_THREADS": str(threads),
            "POLARS_MAX_THREADS": str(threads),
        }

    def start(self, *words: str, log: IO[str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a process group of its own. What it says goes to ``log``, or to pipes for who waits."""
        return subprocess.Popen(
            [AISLE, *words],
            cwd=ROOT,
            env=self.env,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, expect: int = 0) -> str:
        """Run a command to its end and return its standard output."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=600)
        assert process.returncode == expect, f"aisle {' '.join(words)} ended with {process.returncode}\n{out}\n{err}"
        return out

    def json(self, *words: str, expect: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", expect=expect))

    def demo(self, as_of: str) -> Any:
        return self.json("demo", "--data", str(self.data), "--as-of", as_of)

    def hashes(self) -> dict[str, str]:
        """The content hash of every partition that a reader sees."""
        found = sorted(
            p for p in (self.home / "lake").rglob("_partition.json") if not p.parent.name.startswith(".tmp-")
        )
        return {str(p.parent.relative_to(self.home)): json.loads(p.read_bytes())["content_hash"] for p in found}


@pytest.fixture(scope="session")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_journey(tmp_path_factory.mktemp("journey"))


@pytest.fixture(scope="session")
def new_shop(tmp_path_factory: pytest.TempPathFactory, journey: Path) -> Callable[..., Shop]:
    def make(threads: int = 2, data: Path = journey) -> Shop:
        return Shop(tmp_path_factory.mktemp("home"), data, threads)

    return make
