"""One dbt command on a project that is parsed already: ``python -m orchestration.dbt_process PARSED ARGUMENT...``.

dbt parses a project anew whenever its variables differ, and ours hold the days of the run: seconds at every start.
"""

import sys
from pathlib import Path


def main() -> int:
    """Run dbt's command line with the manifest of ``dbt parse`` (``partial_parse.msgpack``); 1 when it fails."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    parsed, *arguments = sys.argv[1:]
    manifest = Manifest.from_msgpack(Path(parsed).read_bytes())
    manifest.build_flat_graph()
    done = dbtRunner(manifest=manifest).invoke(arguments)
    if done.exception:
        print(done.exception)
    return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main())
