import subprocess
import sys

HEAVY = ("pandas", "polars", "scipy", "duckdb", "pyarrow", "dagster", "numpy", "yaml", "recs.lake", "recs.releases")


def test_the_lookup_and_the_service_import_nothing_heavy():
    code = (
        "import recs.lookup.shelf, recs.lookup.lookup, recs.store, serving.main, serving.service, serving.openapi, sys;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
