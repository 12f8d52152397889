"""Every command of the pages on sources, contracts and bad rows, in a copy of the project that nothing else touches."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pages import blocks, printed, same, script

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(  # they run Dagster
        pytest.param(f"docs/{page}.md", marks=pytest.mark.long)
        for page in ("what-happens-to-a-bad-row", "replay-quarantined-rows", "onboard-your-shop", "simulate-a-shop")
    ),
    "docs/change-a-contract.md",
)
MADE = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".hypothesis", "*.egg-info")
AISLE = "from cli.main import main; main()"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, under git, with an environment that runs the copy's own code."""
    folder = tmp_path_factory.mktemp("copy") / "aisle"
    shutil.copytree(ROOT, folder, ignore=MADE)
    tools = folder / ".venv/bin"
    tools.mkdir(parents=True)
    called = {"python": "", "aisle": f" -c '{AISLE}'", "uv": " -c 'raise SystemExit(1)'"}
    for name, words in called.items():
        path = tools / name
        path.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}"{words} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (folder / ".venv/.run").touch()  # for make, it has been installed
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "copy"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_works_and_prints_what_the_page_says(copy, page):
    found = blocks(ROOT / page)
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("AISLE_", "DAGSTER_", "VIRTUAL_"))
    }
    done = subprocess.run(
        ["bash", "-c", script(found)],
        cwd=copy,
        env={**bare, "PATH": f"{copy / '.venv/bin'}:{os.environ['PATH']}", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for block, output in zip(found, printed(done.stdout), strict=True):
        if block.shown:
            assert same(block, output), f"{block.commands}\nprinted\n{output}\nand not\n{block.shown}"


def test_what_the_page_on_contracts_changes_it_takes_back(copy):
    """The pages after it go on in the same folder."""
    told = subprocess.run(["git", "status", "--short"], cwd=copy, capture_output=True, text=True, check=True).stdout
    assert [
        line
        for line in told.splitlines()
        if not any(name in line for name in ("dirty", "till", "sim", "my-", "drops", "clicks"))
    ] == []
