"""A release in memory, made by the code that publishes, for questions to be asked of it."""

import json
from datetime import date
from pathlib import Path

from recs.lookup.query import query_of
from recs.lookup.shelf import Shelf
from recs.releases.board import Act, Releases
from recs.store import Store
from tests.releases.shop import DAY, SHOP, SPECS, lake_at, write_shop

ACT = Act("2026-03-10T03:00:00Z", "robin")


def publish(folder: Path, store: Store, day: date = DAY, lists: dict[str, dict[str, list[str]]] = SHOP) -> str:
    write_shop(lake_at(folder), day, lists)
    releases = Releases(lake_at(folder), store)
    return releases.publish(day, SPECS, code_version="c", config_hash="f", act=ACT).manifest.id


def ask(shelf: Shelf, **fields: object) -> dict:
    query = query_of({name: str(value) for name, value in fields.items()})
    return json.loads(shelf.answer(query, request_id="q1").body)


def ids(answer: dict) -> list[str]:
    return [item["item_id"] for item in answer["items"]]
