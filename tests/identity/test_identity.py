"""The laws of the border: what is sealed comes back, equal ids stay equal, and the key is seen nowhere."""

import copy
import json
import logging
import pickle
import re
from base64 import b64encode

import msgspec
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.identity import PLAIN, Identity, IdentityError
from recs.identity.frames import with_shop_ids

KEY, OTHER_KEY = bytes(range(64)), bytes(range(1, 65))
SEALED, OTHER = Identity(KEY), Identity(OTHER_KEY)
IDS = st.text(st.characters(codec="utf-8"), max_size=40)
ANN = "s1.9jnYlRqNuzAVuqhhnS8uDEDHwQ"


def column(*texts: str | None) -> pa.Array:
    return pa.array(texts, pa.string())


@given(st.lists(st.one_of(st.none(), IDS), max_size=8))
def test_what_goes_inside_comes_outside_as_it_was(ids):
    there = SEALED.inside(column(*ids))
    assert SEALED.outside(there).to_pylist() == ids
    assert SEALED.opened_text(SEALED.sealed_text(column(*ids))).to_pylist() == ids


@given(st.lists(st.one_of(st.none(), IDS), max_size=8))
def test_an_id_that_is_sealed_already_is_not_sealed_again(ids):
    once = SEALED.inside(column(*ids))
    assert SEALED.inside(once) == once
    lines = SEALED.sealed_text(column(*ids))
    assert SEALED.sealed_text(lines) == lines


@given(IDS, IDS)
def test_equal_ids_stay_equal_and_others_stay_apart(one, other):
    assert (SEALED.inside_one(one) == Identity(KEY).inside_one(other)) == (one == other)


@given(IDS.filter(bool))
def test_a_sealed_id_is_fit_for_urls_and_paths_and_holds_nothing_of_the_id(user):
    sealed = SEALED.inside_one(user)
    assert re.fullmatch(r"s1\.[A-Za-z0-9_-]{23,}", sealed)
    assert len(user) < 4 or user not in sealed


def test_the_form_of_version_1_never_changes():
    # bytes 0 to 63 as the key; the same came out of RFC 5297 written down with CMAC and CTR alone
    assert SEALED.inside_one("ann") == ANN
    assert SEALED.outside_one(ANN) == "ann"


def test_null_and_blank_stay_and_types_do():
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        got = SEALED.inside(pa.array(["ann", None, "", "ann"], kind))
        assert (got.type, got.to_pylist()) == (kind, [ANN, None, "", ANN])
    several = pa.chunked_array([column("ann"), column(None, "ann")])
    assert SEALED.inside(several).to_pylist() == [ANN, None, ANN]
    assert SEALED.inside(several).type == pa.string()
    assert SEALED.inside(column("ann").dictionary_encode()).to_pylist() == [ANN]
    assert SEALED.inside(pa.chunked_array([], pa.string())).to_pylist() == []


def test_plain_gives_back_the_very_same_column():
    ids = column("ann", "s1.bob", None)
    for change in (PLAIN.inside, PLAIN.outside, PLAIN.sealed_text, PLAIN.opened_text):
        assert change(ids) is ids
    assert (PLAIN.inside_one("ann"), PLAIN.outside_one("ann"), PLAIN.mode, PLAIN.fingerprint) == (
        "ann",
        "ann",
        "plain",
        None,
    )


def test_an_id_of_the_shop_that_only_looks_sealed_is_an_id_like_any_other():
    for looks in ("s1.", "s1.ann", "s1." + "A" * 30, OTHER.inside_one("ann"), ANN + "=", ANN[:-1] + "R", ANN + "\n"):
        sealed = SEALED.inside_one(looks)
        assert sealed != looks
        assert SEALED.outside_one(sealed) == looks


@pytest.mark.parametrize(
    "foreign", ["zqx-user", "s1.", "s1.é", ANN[:-4], ANN[:10] + "x" + ANN[11:], OTHER.inside_one("ann")]
)
def test_a_damaged_or_foreign_id_is_refused_in_words_that_do_not_tell_it(foreign):
    with pytest.raises(
        IdentityError, match=r"user id cannot be opened: .*another key.* Fix: name in .identity."
    ) as caught:
        SEALED.outside(column(ANN, foreign))
    assert foreign not in str(caught.value)


def test_a_line_never_passes_for_an_id():
    line = SEALED.sealed_text(column("ann"))[0].as_py()
    assert line != ANN
    with pytest.raises(IdentityError):
        SEALED.outside_one(line)
    with pytest.raises(IdentityError, match="source line"):
        SEALED.opened_text(column(ANN))


def test_a_key_has_a_fingerprint_of_its_own():
    assert SEALED.fingerprint == Identity(KEY).fingerprint != OTHER.fingerprint
    assert re.fullmatch("[0-9a-f]{32}", SEALED.fingerprint)


def test_the_key_is_in_no_text_that_anything_makes_of_the_border(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("x").info("%s %r", SEALED, SEALED)
    told = [repr(SEALED), str(SEALED), f"{SEALED!s:>40}", json.dumps({"identity": SEALED}, default=str), caplog.text]
    told += [repr(getattr(SEALED, name)) for name in dir(SEALED)]
    for form in (KEY.hex(), b64encode(KEY).decode(), repr(KEY)[2:30]):
        assert not any(form in text for text in told)
    assert repr(SEALED) == "Identity(sealed)"
    for hand_over in (pickle.dumps, copy.copy, copy.deepcopy, msgspec.json.encode, msgspec.to_builtins):
        with pytest.raises(TypeError):
            hand_over(SEALED)


def test_a_frame_on_its_way_out_keeps_its_order():
    rows = pl.DataFrame({"n": [2, 1, 3], "user_id": [SEALED.inside_one(user) for user in ("cat", "ann", "bob")]})
    assert with_shop_ids(rows, SEALED).rows() == [(2, "cat"), (1, "ann"), (3, "bob")]
    assert with_shop_ids(rows.clear(), SEALED).rows() == []
    assert with_shop_ids(rows, PLAIN) is rows


def test_a_key_of_another_length_is_no_key():
    with pytest.raises(ValueError, match="64 bytes, this one 32"):
        Identity(bytes(32))
