"""kill -9 in the middle of the chain: nothing half-made is visible, and the same command finishes the work."""

import signal
import time
from pathlib import Path

import pytest
from journey import AS_OF

from recs.lake import Lake
from recs.lake.damage import damaged_partitions

pytestmark = pytest.mark.long

EVENTS, FACTS = "lake/raw/events/*/_partition.json", "lake/facts/fct_item_daily/*/_partition.json"
MOMENTS = {  # what lies in the home at the moment of the kill, and at least how many of it
    "the first raw partitions": ("lake/raw/users/*/_partition.json", 1),
    "half of the events": (EVENTS, 20),
    "dbt has begun": ("lake/.tmp-dbt-*/target", 1),
    "dbt has staged a table": ("lake/.tmp-dbt-*/fct_*.parquet", 1),
    "half of the facts": (FACTS, 30),
    "dbt is at the features": ("lake/.tmp-dbt-*/feat_user_item.*.parquet", 1),
    "some features": ("lake/features/*/*/_partition.json", 3),
    "the first pools of past weeks": ("lake/pools/*/*/_partition.json", 3),
    "the ranker": ("lake/models/ranker/*/_partition.json", 1),
    "the first ranking": ("lake/rankings/*/*/_partition.json", 1),
    "the first surface": ("lake/surfaces/*/*/_partition.json", 1),
    "the store is being loaded": ("store/lmdb/.tmp-*", 1),
    "the release is loaded": ("store/lmdb/2*/data.mdb", 1),
    "the email batch": ("exports/emails/weekly_digest/2*/manifest.json", 1),
}


@pytest.fixture(scope="module")
def undisturbed(new_shop):
    shop = new_shop()
    shop.demo(AS_OF)
    return shop.hashes(), shop.json("status")["active_release"]["id"]


def wait_for(home: Path, pattern: str, number: int, process) -> None:
    until = time.monotonic() + 300
    while len(list(home.glob(pattern))) < number:
        assert process.poll() is None, f"the run ended before {pattern} was seen"
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.parametrize("moments", [list(MOMENTS)[0::2], list(MOMENTS)[1::2]], ids=["even", "odd"])
def test_killed_again_and_again_the_same_command_ends_in_the_same_bytes(new_shop, undisturbed, moments):
    """One home, killed at each moment in turn: every new start meets what the last kill left."""
    shop = new_shop()
    for moment in moments:
        pattern, number = MOMENTS[moment]
        process = shop.start("demo", "--data", str(shop.data), "--as-of", AS_OF, "--json")
        wait_for(shop.home, pattern, number, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not list(damaged_partitions(Lake(shop.home / "lake"))), moment
        assert shop.hashes().items() <= undisturbed[0].items(), moment
    shop.demo(AS_OF)
    assert shop.hashes() == undisturbed[0]
    assert shop.json("status")["active_release"]["id"] == undisturbed[1]
    shop.run("doctor", "--fix")
    assert not list(shop.home.rglob(".tmp-*"))
    assert shop.json("doctor") == {"ok": True, "findings": []}
    assert shop.hashes() == undisturbed[0]
