"""Sources that nobody had in mind when the mapping was made, each onboarded by one YAML."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.ingest.shop import Shop

GA4 = """
source: ga4
arrival: path
drops:
  events:
    file: "events_*.jsonl"
    format: json_lines
    feeds: events
    unknown_columns: note
    known_columns: [event_date, platform]
    columns: &columns
      event_id: user_pseudo_id || '.' || event_timestamp || '.' || event_name
      event_at: event_timestamp
      user_id: coalesce(user_id, user_pseudo_id)
      session_id: >-
        list_filter(from_json(event_params, '["JSON"]'),
                    lambda p: p->>'$.key' = 'ga_session_id')[1]->>'$.value.int_value'
      item_id: items->>'$[0].item_id'
      action: event_name
      quantity: coalesce(items->>'$[0].quantity', case when $action = 'purchase' then '1' end)
      unit_price: items->>'$[0].price'
      currency: >-
        list_filter(from_json(event_params, '["JSON"]'),
                    lambda p: p->>'$.key' = 'currency')[1]->>'$.value.string_value'
      query: >-
        list_filter(from_json(event_params, '["JSON"]'),
                    lambda p: p->>'$.key' = 'search_term')[1]->>'$.value.string_value'
      device: device->>'$.category'
      region: geo->>'$.country'
    times: {event_at: epoch_us}
    values:
      action: {view_item: view, add_to_cart: cart, view_search_results: search}
    quarantine:
      not_an_event_of_the_shop: event_name in ('session_start', 'user_engagement')
"""


def ga4(name: str, second: int, params: dict[str, object], items: list[dict[str, object]], **more: object) -> str:
    values = {k: {"int_value" if isinstance(v, int) else "string_value": v} for k, v in params.items()}
    event = {
        "event_date": "20260301",
        "event_timestamp": str(1772359200_000000 + second * 1_000_000),
        "event_name": name,
        "event_params": [{"key": key, "value": value} for key, value in values.items()],
        "user_pseudo_id": "77.1",
        "device": {"category": "mobile", "language": "de"},
        "geo": {"country": "Germany"},
        "items": items,
        "platform": "WEB",
    }
    return json.dumps(event | more)


def test_a_nested_analytics_export(tmp_path: Path):
    shop, day = Shop(tmp_path, GA4), date(2026, 3, 1)
    mug = {"item_id": "mug", "price": 12.5, "quantity": 2}
    lines = [
        ga4("view_item", 0, {"page": "/mug", "ga_session_id": 5}, [{"item_id": "mug"}]),
        ga4("purchase", 1, {"currency": "EUR", "ga_session_id": 5}, [mug, {"item_id": "hat"}], user_id="ann"),
        ga4("view_search_results", 2, {"search_term": "blue mug", "ga_session_id": 5}, []),
        ga4("session_start", 3, {}, []),
        ga4("add_to_cart", 4, {}, []),
        ga4("view_item", 5, {}, [{"item_id": "mug"}], event_params="none", app_info={"id": "x"}),
    ]
    shop.land("2026-03-01/11/events_20260301.jsonl", "\n".join(lines), day=day)
    [counts] = shop.build(day)
    told = ("event_id", "event_at", "user_id", "session_id", "item_id", "action")
    at = [datetime(2026, 3, 1, 10, 0, second) for second in range(3)]
    assert shop.rows(day, *told) == [
        ("77.1.1772359200000000.view_item", at[0], "77.1", "5", "mug", "view"),
        ("77.1.1772359201000000.purchase", at[1], "ann", "5", "mug", "purchase"),
        ("77.1.1772359202000000.view_search_results", at[2], "77.1", "5", None, "search"),
    ]
    more = ("quantity", "unit_price", "currency", "query", "device", "region", "arrival_hour")
    assert shop.rows(day, *more) == [
        (None, None, None, None, "mobile", "Germany", 11),
        (2, Decimal("12.5000"), "EUR", None, "mobile", "Germany", 11),
        (None, None, None, "blue mug", "mobile", "Germany", 11),
    ]
    assert shop.rows(day, "source_line", "rules", table="raw/quarantine/events") == [
        (4, "source:not_an_event_of_the_shop; item_id:required; action:valid_values"),
        (5, "item_id:required"),
        (6, "session_id:type; currency:type; query:type"),
    ]
    assert counts.files[0].unknown_columns == ["app_info"]


GERMAN = r"""
source: laden
arrival: path
zone: Europe/Berlin
drops:
  belege:
    file: "Belege*.csv"
    feeds: events
    delimiter: ";"
    encoding: cp1252
    unknown_columns: refuse
    known_columns: [Bemerkung]
    columns:
      event_id: "\"Beleg-Nr.\" || '/' || Position"
      event_at: '"Datum Uhrzeit"'
      user_id: '"Kunden-Nr."'
      session_id: '"Beleg-Nr."'
      item_id: '"Artikel Größe"'
      action: "case Zeilenart when 'V' then 'purchase' when 'R' then 'return' end"
      quantity: "abs(replace(replace(Menge, '.', ''), ',', '.')::decimal(18, 3))"
      unit_price: "abs(replace(replace(trim(\"Preis €\"), '.', ''), ',', '.')::decimal(18, 4))"
      currency: "'EUR'"
      region: Straße
    times: {event_at: "%d.%m.%Y %H:%M"}
    quarantine:
      storno: Zeilenart = 'S'
      gutschein: '"Artikel Größe" like ''GUTSCHEIN%'''
"""
BELEGE = """Beleg-Nr.;Position;Datum Uhrzeit;Kunden-Nr.;Zeilenart;Artikel Größe;Menge;Preis €;Straße;Bemerkung
1001;1;01.03.2026 09:30;K7;V;Ärmel XL;2;1.234,50;Königsallee;"neu; ""frisch\"""
1001;2;01.03.2026 09:30;K7;V;GUTSCHEIN 10;1;-10,00;Königsallee;
1002;1;01.03.2026 09:31;;R;Ärmel XL;-1;-1.234,50 ;Königsallee;
1003;1;01.03.2026 09:32;K8;S;Hut M;1;5,00;Königsallee;storniert
1004;1;31.02.2026 09:33;K8;V;Hut M;1;5,00;Königsallee;
1005;1;01.03.2026 09:34;K8;V;Hut M;1,5;5,00;Königsallee;
1006;1;29.03.2026 02:30;K8;V;Hut M;1.000;0,99;Weg;
1007;1;29.03.2026 03:30;K8;V;Hut M;1;0,99;Weg;
"""


def test_a_german_till_with_purchases_and_returns_in_one_file(tmp_path: Path):
    shop, day = Shop(tmp_path, GERMAN), date(2026, 3, 29)
    shop.land("2026-03-29/Belege.csv", BELEGE.replace("\n", "\r\n").encode("cp1252"), day=day)
    shop.build(day)
    told = ("event_id", "event_at", "user_id", "item_id", "action", "quantity", "unit_price", "region")
    assert shop.rows(day, *told) == [
        ("1001/1", datetime(2026, 3, 1, 8, 30), "K7", "Ärmel XL", "purchase", 2, Decimal("1234.5000"), "Königsallee"),
        ("1002/1", datetime(2026, 3, 1, 8, 31), None, "Ärmel XL", "return", 1, Decimal("1234.5000"), "Königsallee"),
        ("1006/1", datetime(2026, 3, 29, 1, 30), "K8", "Hut M", "purchase", 1000, Decimal("0.9900"), "Weg"),
        ("1007/1", datetime(2026, 3, 29, 1, 30), "K8", "Hut M", "purchase", 1, Decimal("0.9900"), "Weg"),
    ]  # 02:30 was skipped that night, and is read as an hour later
    bad = shop.rows(day, "source_line", "source_text", "rules", table="raw/quarantine/events")
    lines = BELEGE.split("\n")
    assert bad == [
        (2, lines[2], "source:gutschein"),
        (4, lines[4], "source:storno; action:required"),
        (5, lines[5], "event_at:type"),
        (6, lines[6], "quantity:type"),
    ]


def test_a_new_column_of_the_till_is_refused_by_name(tmp_path: Path):
    shop, day = Shop(tmp_path, GERMAN), date(2026, 3, 29)
    shop.land("2026-03-29/Belege.csv", BELEGE.replace("Bemerkung", "Gerät").encode("cp1252"), day=day)
    shop.build(day)
    assert shop.rows(day, "source_text", "rules", table="raw/quarantine/events") == [
        ("column Gerät is in neither columns nor known_columns", "file:unknown_column")
    ]
