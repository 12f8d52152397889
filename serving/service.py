"""The handler: a request in, a response out. The server around it is `main`; what to answer is recs.lookup's."""

import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from recs.identity import PLAIN, Identity
from recs.lookup.query import Query, QueryError, query_of
from recs.lookup.shelf import Shelf
from recs.store import Store, StoreError
from serving.border import internal
from serving.http import Request, Response, problem, query_fields, query_problem, response
from serving.metrics import CONTENT_TYPE, Metrics
from serving.openapi import document

LOG = logging.getLogger("aisle.serving")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Service:
    """Answers requests from the releases of a store. For one thread: one worker, one service."""

    def __init__(self, store: Store, metrics: Metrics, identity: Identity = PLAIN) -> None:
        self._store = store
        self._identity = identity
        self._metrics = metrics
        self._missed: Counter[str] = Counter()
        self._shelf = Shelf(store, on_miss=self._on_miss, on_trouble=self._on_trouble)
        self._routes: dict[str, Callable[[Request, str], Response]] = {
            "/v1/recommendations": self._recommendations,
            "/healthz": lambda request, request_id: response(200, b'{"status":"ok"}'),
            "/readyz": self._ready,
            "/metrics": self._metrics_text,
            "/openapi.json": self._openapi,
        }

    def respond(self, request: Request) -> Response:
        """Always a response: a problem document when the request, or this service, is at fault."""
        fresh = os.urandom(16).hex()
        given = request.request_id
        echoed = given if given is not None and _REQUEST_ID.fullmatch(given) else fresh
        try:
            status, headers, body = self._routed(request, fresh)
        except Exception:
            LOG.exception(json.dumps({"event": "failed", "path": request.path, "request_id": echoed}))
            status, headers, body = problem(500, "The service failed. It has been logged under this request id.")
        return Response(status, [*headers, ("x-request-id", echoed)], b"" if request.method == "HEAD" else body)

    def close(self) -> None:
        self._shelf.close()

    def _routed(self, request: Request, request_id: str) -> Response:
        route = self._routes.get(request.path)
        if route is None:
            return problem(404, f"There is nothing here. Served: {', '.join(self._routes)}.")
        if request.method not in ("GET", "HEAD"):
            return problem(405, f"{request.path} answers to GET and HEAD only.", headers=(("allow", "GET, HEAD"),))
        return route(request, request_id)

    def _recommendations(self, request: Request, request_id: str) -> Response:
        started = time.perf_counter()
        query: Query | None = None
        try:
            query = internal(query_of(query_fields(request.query_string)), self._identity)
            answer = self._shelf.answer(query, request_id=request_id)
        except QueryError as error:
            self._metrics.answered("", None, error.status, time.perf_counter() - started)
            return query_problem(error)
        except StoreError as error:
            self._metrics.answered("", None, 503, time.perf_counter() - started)
            return problem(503, str(error))
        seconds = time.perf_counter() - started
        for surface, source in answer.sources:
            self._metrics.answered(surface, source, 200, seconds)
        return response(200, answer.body)

    def _ready(self, request: Request, request_id: str) -> Response:
        lookup = self._shelf.current(retry=True)
        if lookup is None:
            return problem(503, "No release is in force yet. Publish one, for example with `aisle demo`.")
        body = {"status": "ready", "release_id": lookup.release_id, "as_of": lookup.contents.as_of}
        return response(200, msgspec.json.encode(body))

    def _metrics_text(self, request: Request, request_id: str) -> Response:
        try:
            pointer = self._store.active()
        except StoreError:
            pointer = None
        text = self._metrics.text(self._shelf.current(), pointer.promoted_at if pointer else None)
        return response(200, text, content_type=CONTENT_TYPE)

    def _openapi(self, request: Request, request_id: str) -> Response:
        lookup = self._shelf.current()
        surfaces = [entry.name for entry in lookup.contents.surfaces] if lookup else []
        return response(200, msgspec.json.encode(document(surfaces)))

    def _on_miss(self, kind: str) -> None:
        """Each is counted; the 1st, 10th, 100th ... is logged, so that a damaged store does not fill the disk too."""
        self._metrics.missed(kind)
        self._missed[kind] += 1
        if str(self._missed[kind]).strip("0") == "1":
            fix = "run `aisle releases verify`"
            LOG.warning(json.dumps({"event": "record_miss", "kind": kind, "count": self._missed[kind], "fix": fix}))

    def _on_trouble(self, words: str) -> None:
        self._metrics.trouble()
        LOG.warning(json.dumps({"event": "release_not_opened", "detail": words}))
