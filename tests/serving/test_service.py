"""The handler on a real store, without a server."""

import json

import pytest

from recs.store import open_store
from serving.http import Request
from serving.metrics import Metrics
from serving.service import Service
from serving.settings import ServingSettings, load_settings
from tests.lookup.shelves import publish


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    store = open_store("memory://")
    publish(tmp_path_factory.mktemp("shop"), store)
    return Service(store, Metrics())


def get(service, path, query="", method="GET", request_id=None):
    status, headers, body = service.respond(Request(method, path, query, request_id))
    return status, dict(headers), body


def test_a_good_question_is_answered_as_json(service):
    status, headers, body = get(service, "/v1/recommendations", "surface=home&user_id=ann&count=3")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert len(json.loads(body)["items"]) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("surface=home&count=0", "count"),
        ("surface=home&surface=home", "surface"),
        ("surface=home&colour=red", "colour"),
        ("surface=home&user_id=", "user_id"),
        ("surface=home&user_id=%ff", "query string"),
        ("surface=home&user_id=a%00", "user_id"),
        ("surface=home&" + "&".join("a=1" for _ in range(60)), "query string"),
        ("surface=home&user_id=" + "a" * 20_000, "query string"),
        ("", "surface"),
    ],
)
def test_a_bad_question_gets_a_problem_document_that_names_the_field(service, query, field):
    status, headers, body = get(service, "/v1/recommendations", query)
    document = json.loads(body)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert (document["status"], document["title"], document["field"]) == (400, "Bad Request", field)
    assert document["allowed"]


def test_percent_encoding_and_plus_are_decoded(service):
    status, _, body = get(service, "/v1/recommendations", "surface=home&user_id=%61n%6E&region=a+b")
    assert (status, json.loads(body)["source"]) == (200, "user")


def test_other_paths_and_methods_are_told_what_there_is(service):
    status, headers, body = get(service, "/v2/recommendations")
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert "/v1/recommendations" in json.loads(body)["detail"]
    status, headers, _ = get(service, "/healthz", method="POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    assert get(service, "/healthz", method="HEAD")[::2] == (200, b"")


def test_request_ids_are_fresh_and_a_given_one_is_echoed(service):
    ask = "/v1/recommendations", "surface=home"
    first, second = (json.loads(get(service, *ask)[2])["request_id"] for _ in range(2))
    assert first != second
    assert get(service, *ask, request_id="abc-1")[1]["x-request-id"] == "abc-1"
    echoed = get(service, *ask, request_id="evil\r\nset-cookie: x")[1]["x-request-id"]
    assert len(echoed) == 32


def test_readiness_follows_the_release():
    empty = Service(open_store("memory://"), Metrics())
    assert get(empty, "/healthz")[0] == 200
    for path, query in (("/readyz", ""), ("/v1/recommendations", "surface=home")):
        status, headers, _ = get(empty, path, query)
        assert (status, headers["content-type"]) == (503, "application/problem+json")


def test_the_first_release_is_answered_without_a_restart(tmp_path):
    store = open_store("memory://")
    service = Service(store, Metrics())
    assert get(service, "/readyz")[0] == 503
    name = publish(tmp_path, store)
    assert json.loads(get(service, "/readyz")[2])["release_id"] == name


def test_metrics_count_by_surface_source_and_status(tmp_path):
    store = open_store("memory://")
    name = publish(tmp_path, store)
    service = Service(store, Metrics())
    for query in ("surface=home&user_id=ann", "surface=home", "surface=nonsense", "surfaces=home,trending"):
        get(service, "/v1/recommendations", query)
    status, headers, body = get(service, "/metrics")
    text = body.decode()
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert 'aisle_requests_total{source="user",status="200",surface="home"} 1.0' in text
    assert 'aisle_requests_total{source="global",status="200",surface="home"} 2.0' in text
    assert 'aisle_requests_total{source="none",status="400",surface=""} 1.0' in text
    assert "nonsense" not in text
    assert "aisle_answer_seconds_count" in text
    assert f'aisle_release_info{{release_id="{name}",as_of="2026-03-09"}} 1' in text
    assert "aisle_release_promoted_timestamp_seconds 1773111600" in text


def test_damaged_records_are_counted(tmp_path):
    store = open_store("memory://")
    name = publish(tmp_path, store)
    rows = store._loaded[name]
    rows.update({key: b"broken" for key in rows if key.endswith(b"uann")})
    service = Service(store, Metrics())
    assert json.loads(get(service, "/v1/recommendations", "surface=home&user_id=ann")[2])["source"] == "global"
    assert 'aisle_record_misses_total{kind="damaged"} 1.0' in get(service, "/metrics")[2].decode()


def test_settings_come_back_from_the_environment_they_make(tmp_path):
    for settings in (ServingSettings(tmp_path), ServingSettings(tmp_path, tmp_path / "metrics")):
        assert load_settings(settings.environment()) == settings
    assert load_settings({"AISLE_HOME": str(tmp_path)}).store_root == tmp_path / "store"
