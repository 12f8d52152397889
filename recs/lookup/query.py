"""A question to the lookup, its limits, and what is said when it breaks one. Reading HTTP stays in serving."""

from collections.abc import Mapping

import msgspec

from recs.errors import AisleError

MOST_ITEMS = 100
LONGEST_ID = 128
MOST_SURFACES = 10
DEFAULT_COUNT = 20
FIELDS = ("surface", "surfaces", "user_id", "session_id", "item_id", "region", "count", "page_token")


class QueryError(AisleError):
    """A question that cannot be answered as asked: ``field`` and what is ``allowed`` in it."""

    status = 400

    def __init__(self, field: str, problem: str, allowed: str) -> None:
        Exception.__init__(self, field, problem, allowed)

    def __str__(self) -> str:
        field, problem, allowed = self.args
        return f"{field} {problem}. Allowed: {allowed}."


class ReleaseGoneError(QueryError):
    """A page token whose release is no longer kept."""

    status = 410


class Query(msgspec.Struct, frozen=True):
    """One question. ``together`` marks ``surfaces=``: several lists of one page, with no item twice."""

    surfaces: tuple[str, ...]
    together: bool = False
    user_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    region: str | None = None
    count: int = DEFAULT_COUNT
    page_token: str | None = None

    def key(self, source: str) -> str | None:
        """The id that a source's list is stored under, or None when the question does not say."""
        if source == "user":
            return self.user_id
        if source == "item":
            return self.item_id
        return self.region if source == "region" else ""


def query_of(fields: Mapping[str, str]) -> Query:
    """The checked question of plain text fields. QueryError names the first field that is wrong and what is allowed."""
    for name in fields:
        if name not in FIELDS:
            raise QueryError(name, "is not a parameter here", ", ".join(FIELDS))
    for name in ("user_id", "session_id", "item_id", "region"):
        if name in fields:
            _check_id(name, fields[name])
    return Query(
        surfaces=_surfaces(fields),
        together="surfaces" in fields,
        user_id=fields.get("user_id"),
        session_id=fields.get("session_id"),
        item_id=fields.get("item_id"),
        region=fields.get("region"),
        count=_count(fields.get("count")),
        page_token=fields.get("page_token"),
    )


def _surfaces(fields: Mapping[str, str]) -> tuple[str, ...]:
    if ("surface" in fields) == ("surfaces" in fields):
        problem = "and surfaces cannot both be given" if "surface" in fields else "is missing"
        raise QueryError("surface", problem, "either surface=NAME or surfaces=NAME,NAME")
    if "surface" in fields:
        return (fields["surface"],)
    names = tuple(fields["surfaces"].split(","))
    if len(names) > MOST_SURFACES or len(set(names)) < len(names):
        raise QueryError("surfaces", "names too many surfaces or one twice", f"1 to {MOST_SURFACES} different names")
    return names


def _check_id(name: str, value: str) -> None:
    if not 1 <= len(value) <= LONGEST_ID or not value.isprintable():
        raise QueryError(name, "is not an id", f"1 to {LONGEST_ID} printable characters")


def _count(text: str | None) -> int:
    if text is None:
        return DEFAULT_COUNT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_ITEMS):
        raise QueryError("count", "is not a number of items", f"a whole number from 1 to {MOST_ITEMS}")
    return int(text)
