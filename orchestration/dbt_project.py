"""The dbt project, parsed once after each change: dbt itself parses it at every start, for seconds."""

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from orchestration.dbt_manifest import DbtManifest
from orchestration.lineage import Lineage, column_lineage
from orchestration.settings import PROJECT
from orchestration.versions import files_hash
from recs.errors import ConfigError
from recs.lake.swap import replaced_folder

DBT_PROJECT = PROJECT / "dbt_project"
TARGET = DBT_PROJECT / "target"
SOURCES = (
    *(f"dbt_project/{part}" for part in ("models", "macros", "tests", "dbt_project.yml", "profiles.yml")),
    *(f"orchestration/{module}.py" for module in ("dbt_project", "lineage")),
)
MANIFEST, PARSED, LINEAGE = "manifest.json", "partial_parse.msgpack", "lineage.json"


def parsed_project() -> Path:
    """The folder with what dbt makes of the project as it is on disk; made anew after each change, for some seconds."""
    folder = TARGET / f"parsed-{files_hash(PROJECT, SOURCES)}-{version('dbt-core')}"
    if not folder.exists():
        _parse(folder)
    return folder


def build_command() -> list[str]:
    """``dbt build`` of this environment on this project, without parsing it again."""
    return [sys.executable, "-P", "-m", "orchestration.dbt_process", str(parsed_project() / PARSED), "build", *_PLACE]


_PLACE = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))
_NO_RUN = {"first_date": "2000-01-01", "last_date": "2000-01-01", "lake_root": "none", "stage_root": "none"}


def load_manifest() -> DbtManifest:
    """The manifest of the project as it is on disk, with its column lineage."""
    folder = parsed_project()
    return DbtManifest(*(json.loads((folder / name).read_bytes()) for name in (MANIFEST, LINEAGE)))


def _parse(folder: Path) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET) as work:
        command = [str(Path(sys.executable).with_name("dbt")), "compile", *_PLACE, "--no-partial-parse"]
        command += ["--target-path", work, "--log-path", work, "--vars", json.dumps(_NO_RUN)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise ConfigError(f"dbt cannot read {DBT_PROJECT}:\n{done.stdout}{done.stderr}", "mend what it names")
        lineage = _lineage(DbtManifest(json.loads((Path(work) / MANIFEST).read_bytes())))
        with replaced_folder(folder) as fresh:
            (fresh / LINEAGE).write_text(json.dumps(lineage))
            for name in (MANIFEST, PARSED):
                shutil.move(Path(work) / name, fresh / name)
    for old in set(TARGET.glob("parsed-*")) - {folder}:
        shutil.rmtree(old, ignore_errors=True)


def _lineage(manifest: DbtManifest) -> dict[str, Lineage]:
    """Lineage by table; a model that sqlglot cannot read has none."""
    from sqlglot.errors import SqlglotError

    found: dict[str, Lineage] = {}
    for table, model in manifest.models.items():
        with suppress(SqlglotError, ValueError, KeyError):
            found[table] = column_lineage(model.compiled_sql, {p: manifest.columns(p) for p in model.parents})
    return found


if __name__ == "__main__":
    parsed_project()
