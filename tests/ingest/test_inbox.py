"""The inbox of a source: what is complete is taken once and leaves; nothing that nobody has taken is lost."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recs.ingest.inbox import complete_files, inbox_folder, take_inbox
from recs.ingest.ledger import Ledger
from tests.ingest.hours import D1, SOURCE, sales
from tests.ingest.shop import Shop

INBOX = SOURCE.replace("arrival: path", "arrival: now")
NOW = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)


def put(shop: Shop, name: str, text: str, *, age_s: float = 0) -> Path:
    path = inbox_folder(shop.landing, shop.source) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (NOW.timestamp() - age_s,) * 2)
    return path


def left(shop: Shop) -> list[str]:
    folder = inbox_folder(shop.landing, shop.source)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_taken_leaves_the_inbox_and_what_is_refused_or_unfinished_stays(tmp_path):
    shop = Shop(tmp_path, INBOX)
    unfinished = [".sales.csv", "_sales.csv", "sales.csv.tmp", "sales.csv.PART", "sales.csv.partial", ".new/sales.csv"]
    for number, name in enumerate([*unfinished, "weather.csv", "sales.csv", "deep/er/sales-2.csv"]):
        put(shop, name, sales(f"{number}"))
    entries = take_inbox(shop.source, shop.landing, now=NOW)
    assert sorted((e.name, e.status, e.arrival_date, e.arrival_hour) for e in entries if e.status == "taken") == [
        ("sales-2.csv", "taken", "2026-03-01", 5),
        ("sales.csv", "taken", "2026-03-01", 5),
    ]
    assert left(shop) == sorted([*unfinished, "weather.csv"])
    assert [e.status for e in take_inbox(shop.source, shop.landing, now=NOW)] == ["refused"]
    assert [e.status for e in Ledger(shop.landing, "shop").entries()].count("refused") == 1
    shop.build(D1)
    assert {event for (event,) in shop.rows(D1, "event_id")} == {"7", "8"}


def test_a_file_that_is_known_leaves_the_inbox_too(tmp_path):
    shop = Shop(tmp_path, INBOX)
    for name in ("sales.csv", "sales-again.csv"):
        put(shop, name, sales("a"))
        take_inbox(shop.source, shop.landing, now=NOW)
    assert left(shop) == []
    assert [e.status for e in Ledger(shop.landing, "shop").entries()] == ["taken", "duplicate"]


def test_a_refused_file_does_not_keep_a_good_one_of_its_name_from_leaving(tmp_path):
    shop = Shop(tmp_path, SOURCE)  # by path: one has a day and the other has none
    put(shop, "sales.csv", sales("a"))
    put(shop, "2026-03-01/05/sales.csv", sales("b"))
    assert sorted(e.status for e in take_inbox(shop.source, shop.landing, now=NOW)) == ["refused", "taken"]
    assert left(shop) == ["sales.csv"]


def test_a_file_of_a_quiet_source_is_taken_once_nobody_has_written_to_it_for_a_while(tmp_path):
    shop = Shop(tmp_path, INBOX + "complete: quiet\nquiet_s: 60\n")
    put(shop, "sales-old.csv", sales("a"), age_s=60)
    put(shop, "sales-new.csv", sales("b"), age_s=59)
    put(shop, "sales-future.csv", sales("c"), age_s=-3600)
    assert [e.name for e in take_inbox(shop.source, shop.landing, now=NOW)] == ["sales-old.csv"]
    assert left(shop) == ["sales-future.csv", "sales-new.csv"]


def test_a_file_that_is_replaced_while_it_is_taken_is_not_lost(tmp_path):
    shop = Shop(tmp_path, INBOX)
    fresh = tmp_path / "fresh.csv"
    for number in range(60):
        put(shop, "sales.csv", sales(f"old-{number}"))
        fresh.write_text(sales(f"new-{number}"))
        replacing = threading.Timer(
            number / 10_000, fresh.replace, [inbox_folder(shop.landing, shop.source) / "sales.csv"]
        )
        replacing.start()
        take_inbox(shop.source, shop.landing, now=NOW)
        replacing.join()
        take_inbox(shop.source, shop.landing, now=NOW)
        newest = Ledger(shop.landing, "shop").taken()[-1]
        assert (shop.landing / newest.file).read_text() == sales(f"new-{number}")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_kill_while_a_file_leaves_is_repaired_by_the_next_taking(tmp_path, replaced):
    shop = Shop(tmp_path, INBOX)
    path = put(shop, "sales.csv", sales("a"))
    path.rename(path.with_name(".leaving-sales.csv"))  # as a kill leaves it, before or after the ledger was written
    if replaced:
        put(shop, "sales.csv", sales("b"))
    [entry] = take_inbox(shop.source, shop.landing, now=NOW)
    assert (shop.landing / entry.file).read_text() == sales("b" if replaced else "a")
    assert not list(inbox_folder(shop.landing, shop.source).iterdir())


def test_an_inbox_that_is_not_there_is_empty(tmp_path):
    shop = Shop(tmp_path, INBOX)
    assert take_inbox(shop.source, shop.landing, now=NOW) == []
    assert complete_files(inbox_folder(shop.landing, shop.source), shop.source, now_s=0) == []


@pytest.mark.parametrize("landed_before", [True, False])
def test_a_kill_between_landing_and_leaving_is_repaired_by_the_next_taking(tmp_path, landed_before):
    shop = Shop(tmp_path, INBOX)
    path = put(shop, "sales.csv", sales("a"))
    entries = take_inbox(shop.source, shop.landing, now=NOW)
    path.write_text(sales("a"))  # as if the kill had come before it left
    if not landed_before:  # as if it had come before the ledger was written
        Ledger(shop.landing, "shop").path.unlink()
    again = take_inbox(shop.source, shop.landing, now=NOW)
    assert [e.status for e in again] == ["duplicate" if landed_before else "taken"]
    assert left(shop) == []
    assert Ledger(shop.landing, "shop").taken() == entries
    shop.build(D1)
    assert shop.rows(D1, "event_id") == [("a",)]


def test_files_of_one_name_from_one_hour_to_the_next_are_corrections_or_new_files_as_the_source_says(tmp_path):
    seen = {}
    for choice in ("correction", "new"):
        (tmp_path / choice).mkdir()
        shop = Shop(tmp_path / choice, INBOX + f"same_name: {choice}\n")
        for hour, ids in ((1, "ab"), (2, "bc")):
            put(shop, "sales.csv", sales(*ids))
            take_inbox(shop.source, shop.landing, now=NOW.replace(hour=hour))
            [counts] = shop.build(D1)
        seen[choice] = (shop.rows(D1, "event_id"), counts.retracted)
    assert seen == {"correction": ([("a",), ("b",), ("c",)], 1), "new": ([("a",), ("b",), ("c",)], 0)}
