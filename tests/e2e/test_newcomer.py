"""A newcomer: clones into an empty folder, runs the year without a network, then every command of the docs."""

import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import blocks, printed, same, script

ROOT = Path(__file__).resolve().parents[2]
PAGES = (  # each goes on where the one before it ended
    "README.md",
    "docs/start.md",
    "docs/add-a-surface.md",
    "docs/why-was-this-shown.md",
    "docs/read-the-evaluation-report.md",
    "docs/pull-an-email-batch.md",
    "docs/add-a-feature.md",
    "docs/edit-a-feature.md",
    "docs/feature-catalogue.md",
    "docs/backfill-a-feature.md",
    "docs/why-point-in-time.md",
    "docs/suspected-bots.md",
    "docs/roll-back-a-release.md",
    "docs/onboard-your-shop.md",
    "docs/what-happens-to-a-bad-row.md",
    "docs/replay-quarantined-rows.md",
    "docs/simulate-a-shop.md",
    "docs/change-a-contract.md",
    "docs/keep-ids-sealed.md",
)
ACTIVATE = ". .venv/bin/activate\n"  # what Start has told the reader to do
GIB = 2**30
NO_NETWORK = ("unshare", "--net", *(("--user", "--map-root-user") if os.geteuid() else ()))

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a script in a fresh clone that has been installed and nothing more."""
    folder, logs = tmp_path_factory.mktemp("newcomer") / "aisle", tmp_path_factory.mktemp("logs")
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("AISLE_", "DAGSTER_", "VIRTUAL_"))
    }

    def run(text: str, *prefix: str) -> str:
        done = subprocess.run(
            [*prefix, "bash", "-c", text],
            cwd=folder,
            env={**bare, "LOGS": str(logs), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    run("make install")
    return run


@pytest.fixture(scope="module")
def first_run(shell) -> str:
    """`make run` with no network device but a loopback that is down."""
    return shell("make run", *NO_NETWORK)


def test_the_whole_year_runs_without_a_network_and_under_4_gib(first_run):
    peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert peak_bytes < 4 * GIB
    told = " ".join(first_run.split())
    for said in (
        r"history \([\d.]+ s\) table rows partitions kept",
        r"raw/events 1,345,962 337 0 ",  # every event up to the end of the week that judges the day, none kept
        r"facts/fct_user_item_daily 1,341,732 337 0 ",
        r"models/ranker [1-9]\d* 1 0 ",  # its rows are the features' gains: an untrained ranker has none
        r"rankings/discover [1-9][\d,]* 1 0 ",
        r"releases/release [1-9][\d,]* 1 0 ",
        r"home of shopper 1 ",
        r"buy_again of shopper 1 ",
        r"Because you bought",
        r"recall of the discover pools of 2017-11-26: 0\.",
        r"email batch weekly_digest for 2017-11-27: audience 1,157 = [1-9][\d,]* sent",
        r"make ui",
    ):
        assert re.search(said, told), said


def test_a_second_run_computes_nothing_again(first_run, shell):
    assert "Every table of 2017-11-26 is up to date: nothing was computed again." in shell("make run")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_works_and_prints_what_the_page_says(first_run, shell, page):
    found = blocks(ROOT / page)
    begin = ACTIVATE if PAGES.index(page) > PAGES.index("docs/start.md") else ""
    outputs = printed(shell(begin + script(found)))
    assert len(outputs) == len(found) > 0
    for block, output in zip(found, outputs, strict=True):
        if block.shown:
            assert same(block, output), f"{block.commands}\nprinted\n{output}\nand not\n{block.shown}"
