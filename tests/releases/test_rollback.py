"""Taking a release back, letting promotion go on, verifying what is loaded, and pruning."""

from datetime import timedelta

import pytest

from recs.releases.board import Act, Releases
from recs.releases.errors import ReleaseError, ReleaseRefusedError
from recs.releases.rules import ReleaseRules
from recs.store import store_at
from tests.releases.shop import DAY, SPECS, lake_at, write_shop

ACT = Act("2026-03-10T03:00:00Z", "robin", "prices are wrong")


def days(count):
    return [DAY + timedelta(days=n) for n in range(count)]


@pytest.fixture
def shop(tmp_path):
    for day in days(6):
        write_shop(lake_at(tmp_path), day)
    return Releases(lake_at(tmp_path), store_at(tmp_path / "store"), ReleaseRules(keep=3))


def publish(shop, day, code_version="c1"):
    return shop.publish(day, SPECS, code_version=code_version, config_hash="f1", act=ACT)


def in_force(shop):
    return shop.catalogue.status()["active_release"]["id"]


def test_rollback_goes_back_and_holds_promotion_until_it_is_resumed(shop):
    good, bad = (publish(shop, day).manifest.id for day in days(2))
    assert shop.rollback(act=ACT).release_id == good == in_force(shop)
    assert shop.catalogue.state(bad) == "rejected"
    assert shop.catalogue.status()["promotion_held"] is True

    held = publish(shop, days(3)[2])
    assert (held.outcome, shop.catalogue.state(held.manifest.id), in_force(shop)) == ("held", "validated", good)

    shop.resume(act=ACT)
    assert publish(shop, days(3)[2]).outcome == "promoted"
    assert in_force(shop) == held.manifest.id


def test_a_rolled_back_release_never_comes_back(shop):
    bad = [publish(shop, day).manifest.id for day in days(2)][1]
    shop.rollback(act=ACT)
    shop.resume(act=ACT)
    words = f"{bad} was rolled back by robin at 2026-03-10T03:00:00Z \\(prices are wrong\\)"
    with pytest.raises(ReleaseRefusedError, match=words):
        publish(shop, days(2)[1])
    with pytest.raises(ReleaseRefusedError, match=words):
        shop.promote(bad, act=ACT)
    assert publish(shop, days(2)[1], code_version="c2").outcome == "promoted"


def test_a_second_rollback_goes_one_further(shop):
    first, second, _ = (publish(shop, day).manifest.id for day in days(3))
    assert [shop.rollback(act=ACT).release_id for _ in range(2)] == [second, first]
    with pytest.raises(ReleaseError, match=f"no earlier release than {first} is kept"):
        shop.rollback(act=ACT)
    assert in_force(shop) == first


def test_a_release_promoted_by_hand_keeps_the_hold(shop):
    for day in days(2):
        publish(shop, day)
    shop.rollback(act=ACT)
    held = publish(shop, days(3)[2]).manifest.id
    assert shop.promote(held, act=ACT).held is True
    assert in_force(shop) == held


@pytest.mark.parametrize("act", ["rollback", "resume"])
def test_nothing_can_be_moved_before_the_first_release(shop, act):
    with pytest.raises(ReleaseError, match="no release is in force"):
        getattr(shop, act)(act=ACT)


def test_an_unknown_release_is_named(shop):
    for name in ("20260101-0000000000", "../../etc", ""):
        with pytest.raises(ReleaseError, match="aisle releases list"):
            shop.promote(name, act=ACT)


def test_three_are_kept_and_the_rest_leave_the_store_alone(shop, tmp_path):
    ids = [publish(shop, day).manifest.id for day in days(5)]
    assert store_at(tmp_path / "store").releases() == ids[2:]
    assert [row["state"] for row in shop.catalogue.listing()] == ["active", *["retired"] * 4]
    assert shop.prune(act=ACT) == []


def test_the_release_in_force_is_kept_however_old_it_is(shop, tmp_path):
    ids = [publish(shop, day).manifest.id for day in days(3)]
    shop.rollback(act=ACT)
    shop.rollback(act=ACT)
    held = [publish(shop, day).manifest.id for day in days(6)[3:]]
    assert in_force(shop) == ids[0]
    assert sorted(shop.prune(act=ACT)) == ids[1:]
    assert store_at(tmp_path / "store").releases() == [ids[0], *held]


def test_a_flipped_byte_in_the_store_is_found_and_publishing_again_mends_it(shop, tmp_path):
    done = publish(shop, DAY)
    path = tmp_path / "store" / "lmdb" / done.manifest.id / "data.mdb"
    content = bytearray(path.read_bytes())
    at = content.find(b"Item")
    content[at] ^= 1
    path.write_bytes(content)
    [problem] = shop.verify()
    assert "not as they were loaded" in problem
    assert publish(shop, DAY).outcome == "in_force"
    assert shop.verify() == []


def test_a_store_that_was_emptied_is_found(shop, tmp_path):
    done = publish(shop, DAY)
    (tmp_path / "store" / "lmdb" / done.manifest.id / "data.mdb").unlink()
    assert shop.verify() == [
        f"release {done.manifest.id} is sealed, but not in the store: publish 2026-03-09 again to load it"
    ]


def test_a_promotion_whose_line_was_lost_is_written_later(shop, tmp_path):
    publish(shop, DAY)
    trail = tmp_path / "lake/releases/audit.jsonl"
    trail.write_text("".join(line for line in trail.open() if '"promote"' not in line))
    publish(shop, days(2)[1])
    assert [(line.action, line.who) for line in shop.catalogue.audit()][3] == ("promote", "unknown")
    assert shop.rollback(act=ACT).release_id.startswith("20260309")
