import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.store import BadRecord, StoreError
from recs.store.codec import (
    NO_ITEM,
    ItemRecord,
    ListRecord,
    decode_item,
    decode_list,
    encode_item,
    encode_list,
    item_key,
    list_key,
    list_length,
)

KEY = list_key(0, 0, "user", "ann")
CODES = st.integers(0, NO_ITEM)
ROW = st.tuples(CODES, CODES, st.integers(0, 255), st.integers(0, 255), st.floats(-1e6, 1e6, width=32))


def record(rows):
    return (
        ListRecord(*(tuple(column) for column in zip(*rows, strict=True))) if rows else ListRecord((), (), (), (), ())
    )


@given(st.lists(ROW, max_size=120))
def test_a_list_comes_back_with_scores_to_one_step(rows):
    put = record(rows)
    got = decode_list(KEY, encode_list(KEY, put))
    assert got[:4] == put[:4]
    spread = max(put.scores, default=0) - min(put.scores, default=0)
    assert got.scores == pytest.approx(put.scores, rel=1e-6, abs=spread / 65535 + 1e-30)


@given(st.lists(ROW, min_size=1, max_size=20), st.data())
def test_any_changed_byte_is_noticed(rows, data):
    good = bytearray(encode_list(KEY, record(rows)))
    good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadRecord, match="fails its checksum"):
        decode_list(KEY, bytes(good))


@given(st.binary(max_size=40))
def test_random_bytes_are_never_a_list(garbage):
    with pytest.raises(BadRecord):
        decode_list(KEY, garbage)


def test_a_record_under_another_key_is_noticed():
    with pytest.raises(BadRecord):
        decode_list(list_key(0, 0, "user", "bob"), encode_list(KEY, record([(1, NO_ITEM, 0, 0, 1.0)])))


def test_sixty_items_take_twelve_bytes_each_at_most():
    rows = [(n, n, 0, 0, 1 / n) for n in range(1, 61)]
    assert len(encode_list(KEY, record(rows))) == 12 + 60 * 12 + 4
    assert len(encode_list(KEY, record([(n, NO_ITEM, 0, 0, 1.0) for n in range(60)]))) == 12 + 60 * 8 + 4
    assert list_length(KEY, encode_list(KEY, record(rows))) == 60


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(score):
    with pytest.raises(StoreError, match="is not a finite number"):
        encode_list(KEY, record([(1, NO_ITEM, 0, 0, score)]))


@given(st.text(), st.text(), st.text(), st.binary())
def test_an_item_comes_back(item_id, title, category, metadata):
    item = ItemRecord(item_id, title, category, metadata)
    assert decode_item(item_key(7), encode_item(item_key(7), item)) == item


@given(st.lists(st.tuples(st.sampled_from(["user", "item", "region", "global"]), st.text(max_size=400)), unique=True))
def test_lists_have_keys_of_their_own_that_fit_the_store(names):
    keys = [list_key(0, 0, source, key) for source, key in names]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= 511 for key in keys)
