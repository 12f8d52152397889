"""De-duplication over the horizon: exact whatever the keys, and wherever they are kept."""

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.ingest import build, classify
from recs.ingest.duplicates import Duplicates, KeysCollide
from recs.ingest.seen import SeenKeys
from tests.ingest.shop import VIEWS, Shop

D1 = date(2025, 3, 1)
IDS = ["a", "b", "c", "d", "e", "f", "g"]
PARTS = [["a", "b", "a"], ["c", "b", "d"], ["a", "e", "f", "f"], ["g", "d"]]  # one an hour
FIRST_SEEN = [["a", "b"], ["c", "d"], ["e", "f"], ["g"]]
FEW_KEYS = "(md5_number({}) & 3::uhugeint)::ubigint"  # so that most events share theirs with another
KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=6)


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(KEYS, max_size=8), asked=KEYS, most=st.sampled_from([0, 3, 10, 1000]))
def test_what_is_known_is_what_a_set_would_know(parts, asked, most):
    with TemporaryDirectory() as folder:
        seen = SeenKeys(lambda day: Path(folder), most)
        for number, keys in enumerate(parts):
            part = np.sort(np.array(keys, np.uint64))
            part.tofile(Path(folder) / f"keys-{number}.u64")
            seen.add(D1, f"keys-{number}.u64", part)
        before = {key for keys in parts for key in keys}
        found = seen.known(np.array(sorted(set(asked)), np.uint64))
        assert found.tolist() == sorted(before.intersection(asked))
        assert seen.needs_files == (sum(map(len, parts)) > most)


def landed(shop: Shop, days: int) -> list[date]:
    """The four parts as hours of one day, or of one day each."""
    when = [(D1 + timedelta(n % days), n) for n in range(len(PARTS))]
    for (day, hour), ids in zip(when, PARTS, strict=True):
        lines = [f"{event},{D1} 00:00:00" for event in ids]
        shop.land(f"{day}/{hour:02d}/sales.csv", "\n".join(["id,seen_at", *lines]) + "\n", day=day)
    return sorted({day for day, _ in when})


@pytest.mark.parametrize("days", [1, 4])
@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("most", [0, 3, 1000])
@pytest.mark.parametrize("keys", [classify.KEYS_SQL, FEW_KEYS])
def test_an_event_counts_where_it_came_first(tmp_path, monkeypatch, days, one_by_one, most, keys):
    monkeypatch.setattr(classify, "KEYS_SQL", keys)
    monkeypatch.setattr(build, "SeenKeys", partial(SeenKeys, most_in_memory=most))
    shop = Shop(tmp_path, VIEWS)
    all_days = landed(shop, days)
    for some in [[day] for day in all_days] if one_by_one else [all_days]:
        shop.build(*some)
    found = [event for day in all_days for (event,) in shop.rows(day, "event_id")]
    assert found == [event for part in FIRST_SEEN for event in part]


def test_keys_that_are_shared_are_noticed_before_a_day_is_committed(tmp_path, monkeypatch):
    monkeypatch.setattr(classify, "KEYS_SQL", FEW_KEYS)
    noticed = []

    def prove(self):
        try:
            Duplicates.__dict__["prove_"](self)
        except KeysCollide:
            noticed.append(len(list((tmp_path / "lake/raw/events").glob("*"))))
            raise

    monkeypatch.setattr(Duplicates, "prove_", Duplicates.prove, raising=False)
    monkeypatch.setattr(Duplicates, "prove", prove)
    shop = Shop(tmp_path, VIEWS)
    expected = []
    for built, day in enumerate(landed(shop, 4)):
        shop.build(day)
        expected += [built] * (len(noticed) - len(expected))
    assert noticed == expected  # the day was not yet among those that readers see
    assert noticed


def test_an_id_that_comes_again_after_the_horizon_is_another_event(tmp_path):
    shop = Shop(tmp_path, VIEWS)
    days = [D1, D1 + timedelta(400), D1 + timedelta(801)]
    for day in days:
        shop.land(f"{day}/sales.csv", f"id,seen_at\na,{day} 00:00:00\n", day=day)
    assert [(counts.valid, counts.duplicate) for counts in shop.build(*days)] == [(1, 0), (0, 1), (1, 0)]
