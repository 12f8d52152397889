"""What every store must do. A new backend adds one line to URLS."""

import pytest

from recs.store import SCHEMES, Pointer, StaleFence, StoreError, open_store

URLS = {"lmdb": "lmdb://{tmp}/store", "memory": "memory://"}
ROWS = [(b"a", b"mug"), (b"b", b"hat"), (b"c", b"")]


@pytest.fixture(params=sorted(URLS))
def store(request, tmp_path):
    return open_store(URLS[request.param].format(tmp=tmp_path))


def read(store, release_id):
    reader = store.reader(release_id)
    try:
        return list(reader.records())
    finally:
        reader.close()


def test_no_registered_backend_escapes_this_suite():
    assert set(URLS) == set(SCHEMES)


def test_an_unknown_scheme_is_refused_with_the_ones_there_are():
    with pytest.raises(StoreError, match="use one of: lmdb, memory"):
        open_store("ftp://somewhere")


def test_what_is_loaded_is_read_back(store):
    assert store.load("r1", iter(ROWS)) == 3
    reader = store.reader("r1")
    assert [reader.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"mug", b"hat", b"", None]
    assert list(reader.records()) == ROWS
    reader.close()
    reader.close()


def test_two_readers_of_one_release_live_side_by_side(store):
    store.load("r1", ROWS)
    one, two = store.reader("r1"), store.reader("r1")
    one.close()
    assert two.get(b"a") == b"mug"
    two.close()


def test_an_empty_release_is_a_release(store):
    assert store.load("r1", []) == 0
    assert (store.has("r1"), read(store, "r1")) == (True, [])


def test_releases_are_listed_and_do_not_mix(store):
    store.load("r2", ROWS)
    store.load("r1", [(b"a", b"other")])
    assert store.releases() == ["r1", "r2"]
    assert read(store, "r1") == [(b"a", b"other")]


def test_a_load_that_fails_leaves_nothing(store):
    def broken():
        yield from ROWS
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        store.load("r1", broken())
    assert (store.has("r1"), store.releases(), store.leftovers()) == (False, [], [])


@pytest.mark.parametrize("second", [b"a", b"A"])
def test_keys_that_do_not_ascend_are_refused(store, second):
    with pytest.raises(StoreError, match="ascending key order"):
        store.load("r1", [(b"a", b"1"), (second, b"2")])
    assert not store.has("r1")


def test_loading_again_replaces_whole(store):
    store.load("r1", ROWS)
    store.load("r1", [(b"z", b"new")])
    assert read(store, "r1") == [(b"z", b"new")]


def test_the_fingerprint_follows_the_content(store):
    store.load("r1", ROWS)
    store.load("r2", ROWS)
    store.load("r3", [*ROWS, (b"d", b"cup")])
    assert store.fingerprint("r1") == store.fingerprint("r2") != store.fingerprint("r3")


def test_reading_what_is_not_loaded_says_how_to_load_it(store):
    with pytest.raises(StoreError, match=r"release 'r9' is not in the store. Fix: publish"):
        store.reader("r9")


def test_nothing_is_in_force_until_it_is_promoted(store):
    store.load("r1", ROWS)
    before = store.stamp()
    assert store.active() is None
    assert store.promote(Pointer("r1", 1, "now")) == store.active() == Pointer("r1", 1, "now")
    assert store.stamp() != before


def test_only_a_loaded_release_is_promoted(store):
    with pytest.raises(StoreError, match="is not in the store"):
        store.promote(Pointer("r1", 1, "now"))
    assert store.active() is None


@pytest.mark.parametrize("fence", [1, 2])
def test_a_stale_publisher_never_wins(store, fence):
    store.load("r1", ROWS)
    store.load("r2", ROWS)
    store.promote(Pointer("r2", 2, "now"))
    with pytest.raises(StaleFence, match=f"release 'r1' came with fence {fence}, the store is at 2"):
        store.promote(Pointer("r1", fence, "later"))
    assert store.active() == Pointer("r2", 2, "now")


def test_the_pointer_carries_what_stood_before_and_the_hold(store):
    store.load("r1", ROWS)
    pointer = Pointer("r1", 7, "now", previous="r0", held=True)
    store.promote(pointer)
    assert store.active() == pointer


def test_the_release_in_force_cannot_be_removed(store):
    store.load("r1", ROWS)
    store.load("r2", ROWS)
    store.promote(Pointer("r1", 1, "now"))
    with pytest.raises(StoreError, match="'r1' is in force"):
        store.remove("r1")
    store.remove("r2")
    store.remove("r2")
    assert store.releases() == ["r1"]
