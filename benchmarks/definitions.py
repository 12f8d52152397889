"""How long the code location takes to load in a new process, against importing dagster alone."""

import statistics
import subprocess
import sys
import time
from typing import Any

RUNS = 5
CASES = {
    "import dagster": "import dagster",
    "load definitions": "from orchestration.definitions import defs; defs().get_repository_def()",
}


def rows(runs: int = RUNS) -> list[dict[str, Any]]:
    """Median wall seconds of each case, alternating; the first run of each only warms the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(runs + 1):
        for name, code in CASES.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    median = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    baseline = "import dagster"
    return [
        {"case": name, "seconds": s, "rate": 1 / s, "unit": "loads/s", "ratio_to": {baseline: s / median[baseline]}}
        for name, s in median.items()
    ]
