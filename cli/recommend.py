"""``aisle recommend``: a lookup through the code that serves. ``aisle serve``: the endpoint."""

import json as jsonlib
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError


def register(app: typer.Typer) -> None:
    app.command("recommend")(recommend)
    app.command("serve")(serve)


def recommend(
    surface: Annotated[str, typer.Option(help="Such as home, buy_again, product_similar.")],
    user: Annotated[str, typer.Option(help="A shopper's id.")] = "",
    item: Annotated[str, typer.Option(help="A product's id.")] = "",
    region: Annotated[str, typer.Option(help="A store's id.")] = "",
    count: Annotated[int, typer.Option(help="How many items, 1 to 100.")] = 10,
    json: Json = False,
) -> None:
    """What the endpoint would answer now."""
    fields = {"surface": surface, "user_id": user, "item_id": item, "region": region, "count": str(count)}
    answer = lookup(load_settings(), {name: value for name, value in fields.items() if value})
    if json:
        print_json(answer)
    else:
        show_answer(surface, answer)


def serve(
    port: Annotated[int, typer.Option(help="Port.")] = 8787,
    workers: Annotated[int, typer.Option(help="Processes that answer.")] = 1,
    host: Annotated[
        str, typer.Option(help="Address; another than this machine's own only when asked for.")
    ] = "127.0.0.1",
) -> None:
    """The lookup endpoint."""
    from serving.main import serve as serve_until_interrupted

    if workers < 1:
        raise ConfigError(f"--workers is {workers}", "use 1 or more")
    settings = load_settings()
    _ = settings.identity  # a key that does not fit is told here, not by every worker
    out.print(f"Answering on http://{host}:{port}/v1/recommendations (stop with Ctrl-C)")
    serve_until_interrupted(settings.store, host=host, port=port, workers=workers, key_file=settings.key_file)


def lookup(settings: Settings, fields: Mapping[str, str]) -> dict[str, Any]:
    """One answer, as the endpoint gives it."""
    from recs.lookup.query import query_of
    from recs.lookup.shelf import Shelf
    from recs.store import store_at
    from serving.border import internal

    identity, shelf = settings.identity, Shelf(store_at(settings.store))
    try:
        answer = shelf.answer(internal(query_of(fields), identity), request_id=uuid4().hex)
    finally:
        shelf.close()
    return dict(jsonlib.loads(answer.body))


def show_answer(title: str, answer: Mapping[str, Any]) -> None:
    """An answer as a table: title, reason, price."""
    rows = [(n, *_row(item)) for n, item in enumerate(answer["items"], 1)]
    print_table(f"{title}  (from the {answer['source']} list)", ("", "item", "title", "reason", "price"), rows)


def _row(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    price = item["metadata"].get("price")
    return item["item_id"], item["metadata"]["title"], item["reason"]["text"], "" if price is None else f"{price:.2f}"
