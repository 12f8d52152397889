"""Asking Great Expectations, in a process of its own, whether days and rows are as their suites say."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs.checks.suites import Expectation, Suite
from recs.errors import AisleError

MOST_NAMED = 10_000  # days that a suite over days may name; of rows a few are enough
ROWS_NAMED = 20


class CheckError(AisleError):
    """Great Expectations could not be asked."""


@dataclass(frozen=True)
class Outcome:
    """What one expectation found: how many values failed, the index of those named, and why it could not be asked."""

    expectation: Expectation
    success: bool
    unexpected: int
    failing: tuple[str, ...]
    error: str | None


@dataclass(frozen=True)
class SuiteResult:
    """What the expectations of a suite found over ``rows`` rows, and the page that shows it."""

    rows: int
    outcomes: list[Outcome]
    page: str

    @property
    def success(self) -> bool:
        return all(outcome.success for outcome in self.outcomes)


class GreatExpectations:
    """One process of Great Expectations; it imports while its owner does something else, and answers once."""

    def __init__(self) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recs.checks.gx_run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=Path(__file__).parents[2],
        )

    def validate(self, asked: Sequence[tuple[Suite, pa.Table]], *, site: Path, run: str) -> dict[str, SuiteResult]:
        """Each suite on its frame, by suite name; draws the pages at ``site``. CheckError when the process fails."""
        with tempfile.TemporaryDirectory(prefix="aisle-checks-") as folder:
            suites = [_plain(suite, frame, Path(folder)) for suite, frame in asked]
            request = {"run": run, "site": str(site), "suites": suites}
            answer, _ = self._process.communicate(json.dumps(request).encode())
        if self._process.returncode != 0:
            raise CheckError(f"Great Expectations failed: {self._said()}", "mend that, then run the same days again")
        self._log.close()
        answered = json.loads(answer)["suites"]
        return {suite.name: _result(suite, answered[suite.name]) for suite, _ in asked}

    def close(self) -> None:
        """End a process that was not needed."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        self._log.close()
        return lines[-1] if lines else f"it ended with {self._process.returncode}"


def _plain(suite: Suite, frame: pa.Table, folder: Path) -> dict[str, Any]:
    path = folder / f"{suite.name}.parquet"
    pq.write_table(frame, path)
    named = ROWS_NAMED if suite.name.endswith(".rows") else MOST_NAMED
    expectations = [one.plain() for one in suite.expectations]
    return {
        "name": suite.name,
        "index": suite.index,
        "frame": str(path),
        "most_named": named,
        "expectations": expectations,
    }


def _result(suite: Suite, answered: Mapping[str, Any]) -> SuiteResult:
    pairs = zip(suite.expectations, answered["results"], strict=True)
    outcomes = [Outcome(e, r["success"], r["unexpected"], tuple(r["failing"]), r["error"]) for e, r in pairs]
    return SuiteResult(answered["rows"], outcomes, answered["page"])
