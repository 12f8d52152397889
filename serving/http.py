"""Requests and responses as plain values, query strings, and problem documents (RFC 9457)."""

from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from recs.lookup.query import FIELDS, QueryError

JSON = "application/json"
PROBLEM = "application/problem+json"
LONGEST_QUERY = 16_384


class Request(NamedTuple):
    """What the handler needs of a request. ``path`` is decoded, ``query_string`` is not."""

    method: str
    path: str
    query_string: str = ""
    request_id: str | None = None  # the X-Request-Id header


class Response(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def response(
    status: int, body: bytes, *, content_type: str = JSON, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    fixed = [("content-type", content_type), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    return Response(status, [*fixed, *headers], body)


def problem(
    status: int,
    detail: str,
    *,
    field: str | None = None,
    allowed: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """A problem document; ``field`` and ``allowed`` say what to change in the request."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if field is not None:
        document |= {"field": field, "allowed": allowed}
    return response(status, msgspec.json.encode(document), content_type=PROBLEM, headers=headers)


def query_problem(error: QueryError) -> Response:
    field, _, allowed = error.args
    return problem(error.status, str(error), field=field, allowed=allowed)


def query_fields(query_string: str) -> dict[str, str]:
    """The parameters of a query string. QueryError when it cannot be decoded or gives one twice."""
    if len(query_string) > LONGEST_QUERY:
        raise QueryError("query string", "is too long", f"at most {LONGEST_QUERY} characters")
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise QueryError("query string", "cannot be decoded", "name=value pairs in percent-encoded UTF-8") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise QueryError(twice[:64], "is given twice", f"each once: {', '.join(FIELDS)}")
    return fields
