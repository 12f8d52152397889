"""Loads that are killed, and publishers that race, in processes of their own."""

import signal
import subprocess
import sys

import pytest

from recs.store import Pointer, store_at
from recs.store.lmdb_store import CHUNK_RECORDS

COUNT = 2 * CHUNK_RECORDS + 10
LOADER = f"""
import sys, time
from pathlib import Path
from recs.store import store_at
stop = int(sys.argv[2])
def records():
    for n in range({COUNT} + 1):
        if n == stop:
            print("there", flush=True)
            time.sleep(60)
        if n < {COUNT}:
            yield n.to_bytes(4, "big"), b"x" * 40
store_at(Path(sys.argv[1])).load("r1", records())
"""
PROMOTER = """
import sys
from pathlib import Path
from recs.store import Pointer, StaleFence, store_at
store = store_at(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
wins = []
for fence in range(1, 201):
    try:
        store.promote(Pointer(sys.argv[2], fence, "now"))
        wins.append(fence)
    except StaleFence:
        pass
print(*wins, flush=True)
"""


def records():
    return ((n.to_bytes(4, "big"), b"x" * 40) for n in range(COUNT))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    store = store_at(tmp_path_factory.mktemp("undisturbed"))
    store.load("r1", records())
    return store.fingerprint("r1")


@pytest.mark.parametrize("moment", [0, 1, CHUNK_RECORDS + 5, COUNT])
def test_a_killed_load_leaves_nothing_half_visible_and_a_rerun_gives_the_same_bytes(tmp_path, moment, undisturbed):
    store = store_at(tmp_path)
    command = [sys.executable, "-c", LOADER, str(tmp_path), str(moment)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as loader:
        assert loader.stdout.readline() == "there\n"
        assert store.leftovers() == []  # a load that is alive is not a leftover
        loader.send_signal(signal.SIGKILL)
    assert (store.has("r1"), store.releases()) == (False, [])
    assert len(store.leftovers()) == 1
    store.load("r1", records())
    assert store.fingerprint("r1") == undisturbed
    assert [name.startswith("lmdb/.tmp-r1-") for name in store.clean()] == [True]
    assert (store.leftovers(), store.releases()) == ([], ["r1"])


def test_of_two_racing_publishers_one_wins_each_fence(tmp_path):
    store = store_at(tmp_path)
    racers = []
    for name in ("r1", "r2"):
        store.load(name, [(b"k", name.encode())])
        command = [sys.executable, "-c", PROMOTER, str(tmp_path), name]
        racers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    one, two = ([int(fence) for fence in racer.communicate(timeout=60)[0].split()] for racer in racers)
    assert set(one) & set(two) == set()
    assert store.active() == Pointer("r1" if 200 in one else "r2", 200, "now")


def test_a_half_written_pointer_is_never_read(tmp_path):
    store = store_at(tmp_path)
    store.load("r1", [])
    store.promote(Pointer("r1", 1, "now"))
    (tmp_path / ".tmp-active.json").write_text('{"release_id": "r')
    assert store.active() == Pointer("r1", 1, "now")
    assert store.clean() == [".tmp-active.json"]


def test_a_file_that_was_cut_short_is_refused_and_does_not_end_the_process(tmp_path):
    store = store_at(tmp_path)
    store.load("r1", records())
    path = tmp_path / "lmdb" / "r1" / "data.mdb"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(Exception, match="shorter than it says") as caught:
        store.reader("r1")
    assert "roll back" in str(caught.value)
