"""A shop whose drops come by the hour, for tests of hours and of the inbox."""

from datetime import date

SOURCE = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*"
    feeds: events
    columns: {event_id: id, event_at: seen_at, item_id: item, action: "'view'"}
  catalogue:
    file: "items*"
    feeds: items
    columns: {item_id: id, title: name, is_available: "true", is_blocked: "false", is_adult: "false", updated_at: arrival_date}
"""  # noqa: E501
D1, D2 = date(2026, 3, 1), date(2026, 3, 2)


def sales(*ids: str, item: str = "i1") -> str:
    return "\n".join(["id,seen_at,item", *(f"{n},2026-03-01 04:00:00,{item}" for n in ids)]) + "\n"
