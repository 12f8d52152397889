"""The Dagster UI as `aisle ui` starts it: what it shows of a run, and runs started from it in a browser."""

import json
import os
import shutil
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from journey import AS_OF
from playwright.sync_api import Page, sync_playwright

pytestmark = pytest.mark.long

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GROUPS = {"raw", "staging", "facts", "features", "channels", "models", "pools", "rankings", "surfaces", "releases"}
GROUPS |= {"emails", "evaluation"}
OWN_TABLE = {"releases": "surfaces", "emails": "sample"}  # these are no tables of the lake, so no schema is theirs
LATEST = """{ assetNodes { assetKey { path } groupName assetMaterializations(limit: 1) { partition metadataEntries {
  label
  ... on IntMetadataEntry { intValue }
  ... on TableMetadataEntry { table { records } }
  ... on TableSchemaMetadataEntry { schema { columns { name type description } } }
  ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
} } } }"""


class Ui:
    """A running UI: its pages and its GraphQL endpoint."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=30))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def runs(self) -> dict[str, dict[str, Any]]:
        found = self.query("{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }")
        return {run["runId"]: run for run in found["runsOrError"]["results"]}

    def finished(self, before: set[str], timeout_s: float = 300) -> list[dict[str, Any]]:
        """The runs that were not there before, once each has ended."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            new = [run for run_id, run in self.runs().items() if run_id not in before]
            if new and all(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in new):
                return new
            time.sleep(1)
        raise AssertionError(f"no run has ended in {timeout_s} s")


def _alive(group: int) -> bool:
    """Whether a process of the group is left a while after its leader has ended."""
    for _ in range(60):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(1)
    return True


def _wait_for(check: Callable[[], Any], timeout_s: float, what: str) -> Any:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            return check()
        except (OSError, KeyError, AssertionError):
            time.sleep(0.5)
    raise AssertionError(f"{what} in {timeout_s} s")


@pytest.fixture(scope="module")
def shop(new_shop):
    shop = new_shop()
    shop.demo(AS_OF)
    return shop


@pytest.fixture(scope="module")
def ui(shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = Ui(f"http://127.0.0.1:{port}")
    log = tmp_path_factory.mktemp("ui") / "log"
    with log.open("w") as out, shop.start("ui", "--port", str(port), log=out) as process:
        try:
            _wait_for(lambda: page.query(LATEST)["assetNodes"][0], 90, "the UI shows no assets")
            yield page
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
            process.wait(timeout=60)
    assert process.returncode in (0, 1, -signal.SIGINT), log.read_text()
    assert not _alive(process.pid)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def test_every_asset_of_the_run_shows_counts_and_a_table(ui):
    nodes = ui.query(LATEST)["assetNodes"]
    assert {node["groupName"] for node in nodes} == GROUPS
    for node in nodes:  # the evaluation too: the demo judges its day
        (latest,) = node["assetMaterializations"]
        entries = {entry["label"]: entry for entry in latest["metadataEntries"]}
        assert latest["partition"] == AS_OF, node["assetKey"]
        assert entries["dagster/row_count"]["intValue"] >= 0, node["assetKey"]
        own = OWN_TABLE.get(node["groupName"])
        shown = entries[own]["table"]["records"] if own else entries["dagster/column_schema"]["schema"]["columns"]
        assert shown, node["assetKey"]


def test_dbt_models_show_their_columns_and_where_each_comes_from(ui):
    nodes = {"/".join(node["assetKey"]["path"]): node for node in ui.query(LATEST)["assetNodes"]}
    entries = {
        entry["label"]: entry
        for entry in nodes["features/feat_user_item"]["assetMaterializations"][0]["metadataEntries"]
    }
    columns = {column["name"]: column for column in entries["dagster/column_schema"]["schema"]["columns"]}
    assert columns["user_id"]["type"] == "VARCHAR"
    assert columns["user_id"]["description"]
    lineage = {column["columnName"]: column["columnDeps"] for column in entries["dagster/column_lineage"]["lineage"]}
    assert {("/".join(dep["assetKey"]["path"]), dep["columnName"]) for dep in lineage["item_id"]} == {
        ("facts/fct_user_item_daily", "item_id")
    }


def test_the_graph_is_grouped_by_stage(ui, page):
    page.goto(f"{ui.url}/asset-groups")
    for stage in sorted(GROUPS):
        page.get_by_text(stage, exact=True).first.wait_for()


def _launch(ui: Ui, page: Page, partitions: str) -> list[dict[str, Any]]:
    """Materialize all assets for some partitions, as a person would, and wait until the runs have ended."""
    before = set(ui.runs())
    page.goto(f"{ui.url}/locations/aisle/jobs/daily")
    page.get_by_role("button", name="Materialize").first.click()
    box = page.get_by_placeholder("ex: 2017")
    box.fill(partitions)
    box.press("Tab")
    page.get_by_role("button", name="Launch").click()
    return ui.finished(before)


@pytest.mark.parametrize(("first", "last"), [("2017-03-06", "2017-03-06"), ("2017-03-07", "2017-03-09")])
def test_a_day_and_a_range_are_each_materialized_in_one_run(ui, shop, page, first, last):
    (run,) = _launch(ui, page, first if first == last else f"[{first}...{last}]")
    assert run["status"] == "SUCCESS"
    for table in ("raw/events", "facts/fct_item_daily", "features/feat_item", "channels/co_buy", "surfaces/home"):
        made = {folder.name.split("=")[1] for folder in (shop.home / "lake" / table).glob("*=*")}
        assert {first, last} <= made, table
    assert shop.json("status")["active_release"]["as_of_date"] == last
