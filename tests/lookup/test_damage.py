"""Records that cannot be used, and a store that dies: there is always an answer, and never a wrong one."""

import pytest

from recs.lookup.lookup import Lookup
from recs.lookup.query import query_of
from recs.lookup.shelf import Shelf
from recs.store import StoreError, open_store
from recs.store.codec import item_key, list_key
from tests.lookup.shelves import ask, ids, publish
from tests.releases.shop import HOME, TRENDING


@pytest.fixture
def store(tmp_path):
    store = open_store("memory://")
    publish(tmp_path, store)
    return store


def rows_of(store):
    return store._loaded[store.active().release_id]


def flip(rows, key, at):
    record = bytearray(rows[key])
    record[at] ^= 0x10
    rows[key] = bytes(record)


@pytest.mark.parametrize("at", [0, 3, 9, 30, -1])
def test_a_damaged_list_is_a_counted_miss_and_the_next_list_answers(store, at):
    misses = []
    flip(rows_of(store), list_key(0, 0, "user", "ann"), at)
    got = ask(Shelf(store, on_miss=misses.append), surface="home", user_id="ann", region="north", count=100)
    assert (got["source"], ids(got), misses) == ("region", HOME["region:north"], ["damaged"])


def test_a_damaged_item_is_left_out(store):
    misses = []
    flip(rows_of(store), item_key(1), 40)
    got = ask(Shelf(store, on_miss=misses.append), surface="home", user_id="ann", count=100)
    assert ids(got) == [item for item in HOME["user:ann"] if item != "i01"]
    assert misses == ["damaged"]


def test_an_item_that_is_not_there_is_left_out(store):
    misses = []
    del rows_of(store)[item_key(1)]
    got = ask(Shelf(store, on_miss=misses.append), surface="home", user_id="ann", count=100)
    assert "i01" not in ids(got)
    assert misses == ["absent"]


class DyingReader:
    """Reads until it is told to die."""

    def __init__(self, reader):
        self.reader, self.alive, self.release_id = reader, True, reader.release_id

    def get(self, key):
        if not self.alive:
            raise StoreError("the disk is gone", "mend it")
        return self.reader.get(key)


def test_global_lists_outlive_the_store(store):
    misses = []
    reader = DyingReader(store.reader(store.active().release_id))
    lookup = Lookup(reader, misses.append)
    reader.alive = False
    for surface, expected in (("home", HOME["global:"]), ("trending", TRENDING["global:"])):
        answer = lookup.answer(
            query_of({"surface": surface, "user_id": "ann", "region": "north", "count": "100"}), request_id="q"
        )
        assert answer.sources == ((surface, "global"),)
        assert all(f'"item_id":"{item}"'.encode() in answer.body for item in expected)
    assert set(misses) == {"unreadable"}


def test_a_pointer_to_a_release_that_cannot_be_opened_leaves_the_last_one_answering(store, tmp_path):
    troubles = []
    shelf = Shelf(store, on_trouble=troubles.append)
    before = ask(shelf, surface="home")["release_id"]
    store.load("broken", [(b"x", b"y")])
    store.promote(type(store.active())("broken", 99, "now"))
    assert ask(shelf, surface="home")["release_id"] == before
    assert troubles == [
        "release 'broken' has no readable table of contents. "
        "Fix: run `aisle releases verify`, then roll back or publish the day again."
    ]
