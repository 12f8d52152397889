"""Landing and its ledger: each content once, in order, whatever is killed or torn."""

import threading
from datetime import date
from pathlib import Path

import pytest

from recs.contracts import load_contracts
from recs.ingest.landing import land
from recs.ingest.ledger import LEDGER_FILE, TAKEN, Entry, Ledger, LedgerError
from recs.ingest.source import Source, load_source

CONTRACTS = load_contracts(Path(__file__).parents[2] / "data_contracts")
DAY = date(2017, 3, 1)
SOURCE = """
source: shop
arrival: now
drops:
  sales:
    file: "sales*.csv"
    feeds: events
    columns: {event_at: t, item_id: i, action: "'view'"}
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "shop.yaml").write_text(SOURCE)
    return load_source(tmp_path / "shop.yaml", CONTRACTS)


def offered(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_taken_at_the_moment_of_taking_and_copied(tmp_path, source):
    path = offered(tmp_path, "sales.csv", "t,i\n")
    [entry] = land(source, [path], tmp_path / "landing", arrival_date=DAY, arrival_hour=14)
    assert (entry.status, entry.file, entry.arrival_hour) == (TAKEN, "shop/2017-03-01/14/sales.csv", 14)
    assert (tmp_path / "landing" / entry.file).read_text() == "t,i\n"
    assert Ledger(tmp_path / "landing", "shop").taken() == [entry]


def test_a_second_copy_names_the_first_and_is_told_once(tmp_path, source):
    first, second = offered(tmp_path, "sales-1.csv", "t,i\n"), offered(tmp_path, "sales-2.csv", "t,i\n")
    for _ in range(3):
        entries = land(source, [first, second], tmp_path / "landing", arrival_date=DAY)
    assert [e.reason for e in entries] == ["same bytes as sales-1.csv, which was taken before"] * 2
    ledger = Ledger(tmp_path / "landing", "shop").entries()
    assert [(e.name, e.status) for e in ledger] == [("sales-1.csv", "taken"), ("sales-2.csv", "duplicate")]


def test_changed_bytes_under_an_old_name_are_a_new_arrival(tmp_path, source):
    for text in ("t,i\n", "t,i\n2017-03-01,a\n"):
        entries = land(source, [offered(tmp_path, "sales.csv", text)], tmp_path / "landing", arrival_date=DAY)
    assert entries[0].status == TAKEN
    assert len(list((tmp_path / "landing/shop/2017-03-01").glob("sales*.csv"))) == 2


def test_what_no_drop_takes_is_refused_with_the_reason(tmp_path, source):
    paths = [offered(tmp_path, "weather.csv", "x\n"), tmp_path / "absent.csv"]
    reasons = {e.name: e.reason for e in land(source, paths, tmp_path / "landing", arrival_date=DAY)}
    assert reasons["weather.csv"] == "no drop of shop takes this name (sales*.csv)"
    assert reasons["absent.csv"].startswith("there is no file")


def test_a_torn_last_line_does_not_count_and_the_next_writer_cuts_it_off(tmp_path, source):
    land(source, [offered(tmp_path, "sales.csv", "t,i\n")], tmp_path / "landing", arrival_date=DAY)
    path = tmp_path / "landing/shop" / LEDGER_FILE
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert len(Ledger(tmp_path / "landing", "shop").entries()) == 1
    land(source, [offered(tmp_path, "sales-2.csv", "t,i\n1,2\n")], tmp_path / "landing", arrival_date=DAY)
    assert [e.name for e in Ledger(tmp_path / "landing", "shop").entries()] == ["sales.csv", "sales-2.csv"]


def test_a_damaged_line_inside_the_ledger_is_an_error_that_names_it(tmp_path, source):
    land(source, [offered(tmp_path, "sales.csv", "t,i\n")], tmp_path / "landing", arrival_date=DAY)
    path = tmp_path / "landing/shop" / LEDGER_FILE
    path.write_bytes(b"garbage\n" + path.read_bytes())
    with pytest.raises(LedgerError, match="line 1 is not a ledger entry"):
        Ledger(tmp_path / "landing", "shop").entries()


def test_two_writers_do_not_mix_their_lines(tmp_path):
    ledger = Ledger(tmp_path, "shop")

    def write(number: int) -> None:
        for line in range(20):
            with ledger.writing():
                ledger.append([Entry(f"{number}-{line}", "0" * 64, TAKEN, reason="x" * 500)])

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len({e.name for e in ledger.entries()}) == 80
