"""What was loaded is compared with what was sealed; here the store is made to differ in one thing at a time."""

import pytest

from recs.releases.manifest import release_content, sealed
from recs.releases.readback import read_back_refusals, store_refusals
from recs.releases.records import release_records
from recs.store import open_store
from recs.store.codec import decode_list, encode_list, list_key
from tests.releases.shop import DAY, SPECS, lake_at, write_shop

ANN = list_key(0, 0, "user", "ann")


@pytest.fixture
def lake(tmp_path):
    write_shop(lake_at(tmp_path))
    return lake_at(tmp_path)


@pytest.fixture
def manifest(lake):
    return sealed(release_content(lake, DAY, SPECS, code_version="c", config_hash="f"), at="now", previous=None)


def reader_of(records):
    store = open_store("memory://")
    store.load("r1", sorted(records.items()))
    return store.reader("r1")


def rules(refusals):
    return {(refusal.rule, refusal.surface) for refusal in refusals}


def test_a_true_load_passes(lake, manifest):
    reader = reader_of(dict(release_records(lake, manifest)))
    assert store_refusals(reader, manifest) == []
    assert read_back_refusals(lake, reader, manifest, keys=1000) == []


def test_a_list_that_did_not_arrive_is_found_both_ways(lake, manifest):
    records = dict(release_records(lake, manifest))
    del records[ANN]
    reader = reader_of(records)
    assert rules(store_refusals(reader, manifest)) == {("loaded_keys", "home"), ("loaded_rows", "home")}
    [refusal] = read_back_refusals(lake, reader, manifest, keys=1000)
    assert refusal.problem == "the user list of 'ann' is in the table, the lookup answers from global"


def test_a_damaged_record_is_found(lake, manifest):
    records = dict(release_records(lake, manifest))
    records[ANN] = records[ANN][:-1] + bytes([records[ANN][-1] ^ 1])
    assert ("checksum", "store") in rules(store_refusals(reader_of(records), manifest))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r._replace(items=(r.items[1], r.items[0], *r.items[2:])), "differs from its table at position 1"),
        (lambda r: r._replace(reasons=(r.reasons[0],) * len(r.items)), "differs from its table at position 2"),
        (lambda r: r._replace(scores=tuple(s * 2 for s in r.scores)), "comes back with other scores"),
    ],
)
def test_a_list_with_other_content_is_found_by_reading_it_back(lake, manifest, change, words):
    records = dict(release_records(lake, manifest))
    records[ANN] = encode_list(ANN, change(decode_list(ANN, records[ANN])))
    reader = reader_of(records)
    assert store_refusals(reader, manifest) == []
    [refusal] = read_back_refusals(lake, reader, manifest, keys=1000)
    assert words in refusal.problem
