"""A shop that lands what its tills wrote down, day by day, for tests of dirt and of arrivals."""

from datetime import date

from tests.ingest.shop import Shop

D1, D2, D3 = date(2017, 1, 1), date(2017, 1, 2), date(2017, 1, 3)
HEADER = "id,seen_at,user,item,n,paid"
SOURCE = """
source: shop
arrival: path
drops:
  sales:
    file: "sales*"
    feeds: events
    columns:
      event_id: id
      event_at: seen_at
      user_id: user
      item_id: item
      action: "'purchase'"
      quantity: n
      unit_price: paid::decimal(18,4) / nullif(n::integer, 0)
  catalogue:
    file: "items*"
    feeds: items
    columns:
      item_id: id
      title: name
      is_available: "true"
      is_blocked: "false"
      is_adult: "false"
      updated_at: arrival_date
"""
GOOD = "e1,2017-01-01 10:00:00,ann,i1,2,3.00"


def sales(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


class Till(Shop):
    """Files are offered on the day that their folder names."""

    def offer(self, day: date, name: str, data: str | bytes) -> list[str]:
        """Offer one file; returns statuses."""
        return [entry.status for entry in self.land(f"{day}/{name}", data, day=day)]

    def quarantined(self, day: date) -> list[tuple[object, ...]]:
        """(line, text, rules) of the day's quarantined event rows."""
        return self.rows(day, "source_line", "source_text", "rules", table="raw/quarantine/events")

    def events(self, day: date) -> list[object]:
        return [event for (event,) in self.rows(day, "event_id")]
