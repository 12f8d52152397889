"""The dbt project, parsed once after each change: dbt itself parses it at every start, for seconds."""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from orchestration.settings import PROJECT
from orchestration.versions import files_hash
from recs.errors import ConfigError

DBT_PROJECT = PROJECT / "dbt_project"
TARGET = DBT_PROJECT / "target"
SOURCES = ("models", "macros", "tests", "dbt_project.yml", "profiles.yml")
KEPT = ("manifest.json", "partial_parse.msgpack")


def parsed_project() -> Path:
    """The folder with what dbt made of the project as it is on disk: manifest.json for us, the rest for dbt."""
    folder = TARGET / f"parsed-{files_hash(DBT_PROJECT, SOURCES)}-{version('dbt-core')}"
    if not folder.exists():
        _parse(folder)
    return folder


def build_command() -> list[str]:
    """``dbt build`` of this environment on this project, without parsing it again."""
    return [sys.executable, "-P", "-m", "orchestration.dbt_process", str(parsed_project() / KEPT[1]), "build", *_PLACE]


_PLACE = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))


def _parse(folder: Path) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET) as work:
        command = [str(Path(sys.executable).with_name("dbt")), "parse", *_PLACE, "--no-partial-parse"]
        done = subprocess.run([*command, "--target-path", work, "--log-path", work], capture_output=True, text=True)
        if done.returncode != 0:
            raise ConfigError(
                f"dbt cannot parse {DBT_PROJECT}:\n{done.stdout}{done.stderr}", "mend the model that it names"
            )
        for old in TARGET.glob("parsed-*"):
            shutil.rmtree(old, ignore_errors=True)
        fresh = Path(work) / "parsed"
        fresh.mkdir()
        for name in KEPT:
            shutil.move(Path(work) / name, fresh / name)
        if not folder.exists():
            fresh.rename(folder)


if __name__ == "__main__":
    parsed_project()
