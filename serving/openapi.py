"""The OpenAPI document, written by hand and held to the running service by tests."""

from typing import Any

from recs.lookup.query import DEFAULT_COUNT, LONGEST_ID, MOST_ITEMS, MOST_SURFACES

_TEXT_OR_NULL = {"type": ["string", "null"]}


def document(surfaces: list[str]) -> dict[str, Any]:
    """OpenAPI 3.1 of what is served; ``surfaces`` are those of the release in force."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aisle lookup",
            "version": "1",
            "description": "Recommendations computed in batch, served by lookup.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/v1/recommendations": {"get": _recommendations(surfaces)},
            "/healthz": {"get": _plain("Whether the process is alive.", "health", "Status")},
            "/readyz": {"get": _plain("Whether a release is in force.", "readiness", "Ready", problems=("503",))},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _plain("This document.", "openapi", "Anything")},
        },
        "components": {"schemas": _schemas()},
    }


def _recommendations(surfaces: list[str]) -> dict[str, Any]:
    answer = {"oneOf": [{"$ref": "#/components/schemas/Answer"}, {"$ref": "#/components/schemas/PageOfLists"}]}
    return {
        "operationId": "recommendations",
        "summary": "One surface's list, or several lists of one page with no item twice.",
        "description": "Give either surface or surfaces. Unknown shoppers, items and regions get a wider list.",
        "parameters": [_parameter(name, schema, text) for name, schema, text in _parameters(surfaces)],
        "responses": {"200": _json("The answer.", answer), **_problems("400", "410", "503")},
    }


def _parameters(surfaces: list[str]) -> list[tuple[str, dict[str, Any], str]]:
    name: dict[str, Any] = {"type": "string", **({"enum": surfaces} if surfaces else {})}
    several = {"type": "array", "items": name, "minItems": 1, "maxItems": MOST_SURFACES, "uniqueItems": True}
    # what can be said of "printable" in every dialect of regular expressions
    an_id = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": r"^[^\u0000-\u001f\u007f-\u00a0]+$"}
    count = {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_COUNT}
    return [
        ("surface", name, "The list to answer."),
        ("surfaces", several, "Several lists of one page, separated by commas."),
        ("user_id", an_id, "The shopper, for lists keyed by user."),
        ("session_id", an_id, "An anonymous visitor."),
        ("item_id", an_id, "The product shown, for lists keyed by item."),
        ("region", an_id, "The store, for regional lists and fallbacks."),
        ("count", count, "Items wanted in each list."),
        ("page_token", {"type": "string"}, "next_page_token of the page before, with the same parameters."),
    ]


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    form = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema, **form}


def _plain(summary: str, operation: str, schema: str, problems: tuple[str, ...] = ()) -> dict[str, Any]:
    answer = _json(summary, {"$ref": f"#/components/schemas/{schema}"})
    return {"operationId": operation, "summary": summary, "responses": {"200": answer, **_problems(*problems)}}


def _metrics() -> dict[str, Any]:
    answer = {"description": "Prometheus text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {"operationId": "metrics", "summary": "Counters and timings.", "responses": {"200": answer}}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: str) -> dict[str, Any]:
    words = {"400": "The request must change.", "410": "The page token's release is gone.", "503": "No release yet."}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": words[status], "content": content} for status in statuses}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    nothing_yet = {"type": "null"}
    source = {"enum": ["user", "item", "region", "global", None]}
    items = {"type": "array", "maxItems": MOST_ITEMS, "items": {"$ref": "#/components/schemas/Item"}}
    one_list = {"surface": text, "source": source, "items": items}
    head = {"request_id": text, "release_id": text, "as_of": {"type": "string", "format": "date"}}
    head |= {"experiment_id": nothing_yet, "variant": nothing_yet}
    token = {"next_page_token": _TEXT_OR_NULL}
    metadata = {"title": _TEXT_OR_NULL, "price": {"type": ["number", "null"]}, "currency": _TEXT_OR_NULL}
    metadata |= {"image_url": _TEXT_OR_NULL, "category": _TEXT_OR_NULL}
    reason = _object({"code": text, "text": text, "item_id": _TEXT_OR_NULL})
    problem = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text}
    return {
        "Answer": _object({**head, **one_list, **token}),
        "PageOfLists": _object({**head, "lists": {"type": "array", "items": _object(one_list)}, **token}),
        "Item": _object(
            {"item_id": text, "score": {"type": "number"}, "reason": reason, "metadata": _object(metadata)}
        ),
        "Problem": _object(problem, {"field": text, "allowed": text}),
        "Status": _object({"status": text}),
        "Ready": _object({"status": text, "release_id": text, "as_of": text}),
        "Anything": {"type": "object"},
    }
