"""The real endpoint over loopback: a server of its own, asked by a client of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from recs.store import Pointer, store_at
from tests.lookup.shelves import publish
from tests.releases.shop import DAY, HOME, ITEMS, SHOP

PROJECT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from pathlib import Path
from serving.main import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]), workers=int(sys.argv[3]))
"""


class Endpoint:
    def __init__(self, folder, workers=1):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-c", SERVE, str(folder / "store"), str(self.port), str(workers)]
        self.log = (folder / "server.log").open("w")
        env = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=self.log, stderr=subprocess.STDOUT)
        self.wait()

    def wait(self):
        for _ in range(200):
            try:
                self.get("/healthz")
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(0.1)
        raise TimeoutError("the endpoint did not start")

    def get(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, **fields):
        query = "&".join(f"{name}={quote(str(value))}" for name, value in fields.items())
        return json.loads(self.get(f"/v1/recommendations?{query}")[2])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
        self.log.close()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    publish(folder, store_at(folder / "store"))
    running = Endpoint(folder)
    yield running
    running.stop()


def test_it_answers_over_http(endpoint):
    assert [item["item_id"] for item in endpoint.ask(surface="home", user_id="ann")["items"]] == HOME["user:ann"]
    status, headers, _ = endpoint.get("/v1/recommendations?surface=home&count=1000")
    assert (status, headers["content-type"]) == (400, "application/problem+json")


def test_it_listens_on_this_machine_only(endpoint):
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert f"0100007F:{endpoint.port:04X}" in listening
    assert f"00000000:{endpoint.port:04X}" not in listening


def test_a_given_request_id_is_echoed_over_http(endpoint):
    assert endpoint.get("/healthz", headers={"X-Request-Id": "abc-1"})[1]["x-request-id"] == "abc-1"


def test_every_answer_keeps_the_word_of_the_document(endpoint):
    """Schemathesis makes good and bad requests from /openapi.json and holds every answer to it."""
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"http://127.0.0.1:{endpoint.port}/openapi.json"]
    # a page token is good only for its own question, which a schema cannot say: good-looking ones may be refused
    limits = ["--exclude-checks", "positive_data_acceptance", "--max-examples", "25", "--seed", "1", "--no-color"]
    done = subprocess.run([*command, *limits], cwd=endpoint.folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_the_document_names_the_surfaces_and_paths_that_are_served(endpoint):
    document = json.loads(endpoint.get("/openapi.json")[2])
    names = {p["name"]: p["schema"] for p in document["paths"]["/v1/recommendations"]["get"]["parameters"]}
    assert names["surface"]["enum"] == sorted(SHOP)
    for path in document["paths"]:
        assert endpoint.get(path)[0] in (200, 400)
    told = json.loads(endpoint.get("/nowhere")[2])["detail"]
    assert all(path in told for path in document["paths"])


def test_a_promotion_is_seen_between_two_requests_and_a_walk_goes_on_in_its_own_release(endpoint):
    page = endpoint.ask(surface="home", user_id="ann", count=5)
    lists = {**SHOP, "home": {**HOME, "user:ann": ITEMS[30:36]}}
    newer = publish(endpoint.folder, store_at(endpoint.folder / "store"), DAY + timedelta(days=1), lists)
    fresh = endpoint.ask(surface="home", user_id="ann", count=5)
    assert (fresh["release_id"], fresh["items"][0]["item_id"]) == (newer, "i30")
    rest = endpoint.ask(surface="home", user_id="ann", count=5, page_token=page["next_page_token"])
    assert (rest["release_id"], rest["items"][0]["item_id"]) == (page["release_id"], "i05")


def test_global_lists_are_answered_after_the_store_folder_is_gone(tmp_path):
    publish(tmp_path, store_at(tmp_path / "store"))
    running = Endpoint(tmp_path)
    try:
        assert running.get("/readyz")[0] == 200
        (tmp_path / "store").rename(tmp_path / "gone")
        assert [item["item_id"] for item in running.ask(surface="home")["items"]] == HOME["global:"]
        assert running.get("/readyz")[0] == 200
    finally:
        running.stop()


def test_a_release_that_cannot_be_opened_is_logged_with_the_remedy_and_the_last_one_goes_on(tmp_path):
    store = store_at(tmp_path / "store")
    name = publish(tmp_path, store)
    running = Endpoint(tmp_path)
    try:
        assert running.ask(surface="home")["release_id"] == name
        store.load("broken", [(b"x", b"y")])
        store.promote(Pointer("broken", 99, "now"))
        assert running.ask(surface="home")["release_id"] == name
        assert "aisle_release_troubles_total 1.0" in running.get("/metrics")[2].decode()
    finally:
        running.stop()
    [line] = [line for line in (tmp_path / "server.log").read_text().splitlines() if "release_not_opened" in line]
    assert "run `aisle releases verify`" in json.loads(line[line.index("{") :])["detail"]


def test_metrics_of_several_workers_add_up(tmp_path):
    publish(tmp_path, store_at(tmp_path / "store"))
    running = Endpoint(tmp_path, workers=2)
    try:
        for _ in range(40):
            running.ask(surface="home")
        text = running.get("/metrics")[2].decode()
        assert 'aisle_requests_total{source="global",status="200",surface="home"} 40.0' in text
    finally:
        running.stop()
