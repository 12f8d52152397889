"""A range of as-of days in one run against one day: of one feature model, and of all of them. Baseline: the one day.

Each run is what a backfill does below Dagster: stale days are known, dbt builds and tests, the days are committed.
"""

import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.history import LAST_DAY, History, write_history

SIZES = {
    "small": (History(500, 1_000, 120, 60), 10, 10),
    "full": (History(2_500, 65_000, 364, 520), 60, 60),  # as many facts as the demo's year has
}
ONE = "feat_item_engagement"
THREADS, MEMORY = 2, "2GB"
BASELINE = "one day"
PROJECT = Path(__file__).resolve().parent.parent


def rows(size: str = "small") -> list[dict[str, Any]]:
    """Seconds of one day and of a range, in a process each."""
    history, days, days_of_all = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        write_history(Path(folder) / "lake", history)
        cases = [("all", 1), ("all", days_of_all), (ONE, 1), (ONE, days)]
        found = {case: _run(folder, *case) for case in cases}
    return [
        {
            "case": f"{'all features' if model == 'all' else model}, {n} day{'s' * (n > 1)}, {history.name}",
            "seconds": one["seconds"],
            "rate": n / one["seconds"],
            "unit": "days/s",
            "peak_rss_bytes": one["peak_rss_bytes"],
            "ratio_to": {BASELINE: one["seconds"] / found[model, 1]["seconds"]},
        }
        for (model, n), one in found.items()
    ]


def _run(folder: str, model: str, days: int) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "benchmarks.backfill", folder, model, str(days)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    if done.returncode != 0:
        raise RuntimeError(f"{model}, {days} days:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout))


def _main(folder: str, model: str, days: int) -> None:
    import resource

    from assets.dbt_models import DAYS_AT_ONCE
    from orchestration.dbt_project import load_manifest
    from orchestration.dbt_run import DbtLimits, commit_model, dbt_build
    from recs.lake import Lake, Provenance
    from recs.lake.inputs import Inputs

    manifest, lake = load_manifest(), Lake(Path(folder) / "lake")
    made = [m for m in manifest.models.values() if m.table.startswith("features/") and model in ("all", m.name)]
    started = time.perf_counter()
    inputs, span = Inputs(lake), [LAST_DAY - timedelta(days=n) for n in range(days - 1, -1, -1)]
    for some in (span[n : n + DAYS_AT_ONCE] for n in range(0, days, DAYS_AT_ONCE)):
        with dbt_build(made, some, lake=lake, run_id="bench", limits=DbtLimits(THREADS, MEMORY)) as build:
            for one in made:
                parents = sorted(manifest.lake_parents(one.table))
                by = Provenance("code", "config", "bench")
                commit_model(build, one, some, inputs=inputs, parents=parents, provenance=by, threads=THREADS)
    taken = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    print(json.dumps({"seconds": taken, "peak_rss_bytes": peak}))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
