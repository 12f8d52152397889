"""Page tokens: no repeats, pinned to a release and to a question."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recs.lookup.query import QueryError, ReleaseGoneError
from recs.lookup.shelf import Shelf
from recs.store import open_store
from tests.lookup.shelves import ask, ids, publish
from tests.releases.shop import DAY, HOME, ITEMS, SHOP


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    store = open_store("memory://")
    publish(tmp_path_factory.mktemp("shop"), store)
    return Shelf(store)


def walk(shelf, counts, **fields):
    """Every page of a question; counts are used in turn."""
    token, pages = {}, []
    while True:
        page = ask(shelf, **fields, **token, count=counts[len(pages) % len(counts)])
        pages.append(page)
        if page["next_page_token"] is None:
            return pages
        token = {"page_token": page["next_page_token"]}
        assert len(pages) < 100


COUNTS = st.lists(st.integers(1, 15), min_size=1, max_size=5)
QUESTIONS = st.fixed_dictionaries(
    {}, optional={"user_id": st.sampled_from(["ann", "bob", "zed"]), "region": st.sampled_from(["north", "south"])}
)


@given(counts=COUNTS, question=QUESTIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_pages_of_a_list_are_the_list(shelf, counts, question):
    whole = ids(ask(shelf, surface="home", count=100, **question))
    assert [item for page in walk(shelf, counts, surface="home", **question) for item in ids(page)] == whole


@given(
    counts=COUNTS,
    question=QUESTIONS,
    item=st.sampled_from(["i00", "i22", "none"]),
    surfaces=st.permutations(["home", "trending", "product_similar"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_pages_of_several_lists_repeat_nothing_and_lose_nothing(shelf, counts, question, item, surfaces):
    pages = walk(shelf, counts, surfaces=",".join(surfaces), item_id=item, **question)
    shown = [i for page in pages for part in page["lists"] for i in ids(part)]
    assert len(shown) == len(set(shown))
    whole = {i for name in surfaces for i in ids(ask(shelf, surface=name, count=100, item_id=item, **question))}
    assert set(shown) == whole


def test_a_walk_stays_with_its_release_across_a_promotion(tmp_path):
    store = open_store("memory://")
    first = publish(tmp_path, store)
    shelf = Shelf(store)
    page = ask(shelf, surface="home", user_id="ann", count=5)
    second = publish(tmp_path, store, DAY + timedelta(days=1), {**SHOP, "home": {**HOME, "user:ann": ITEMS[30:36]}})
    next_page = ask(shelf, surface="home", user_id="ann", count=5, page_token=page["next_page_token"])
    assert (next_page["release_id"], ids(next_page)) == (first, HOME["user:ann"][5:10])
    fresh = ask(shelf, surface="home", user_id="ann", count=5)
    assert (fresh["release_id"], ids(fresh)) == (second, ITEMS[30:35])


def test_a_token_whose_release_is_gone_says_so(tmp_path):
    store = open_store("memory://")
    first = publish(tmp_path, store)
    token = ask(Shelf(store), surface="home", count=5)["next_page_token"]
    publish(tmp_path, store, DAY + timedelta(days=1))
    store.remove(first)
    with pytest.raises(ReleaseGoneError, match="no longer kept") as caught:
        ask(Shelf(store), surface="home", page_token=token)
    assert caught.value.status == 410


@pytest.mark.parametrize(
    "other",
    [
        {"user_id": "bob"},
        {"user_id": "ann", "region": "north"},
        {"user_id": "ann", "surface": "trending"},
        {"user_id": "ann", "surface": None, "surfaces": "home"},
    ],
)
def test_a_token_answers_only_its_own_question(shelf, other):
    token = ask(shelf, surface="home", user_id="ann", count=5)["next_page_token"]
    fields = {name: value for name, value in {"surface": "home", **other}.items() if value}
    with pytest.raises(QueryError, match="belongs to another question"):
        ask(shelf, **fields, page_token=token)


@given(text=st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda b: b.hex())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_text_that_is_no_token_is_refused_in_words(shelf, text):
    with pytest.raises(QueryError) as caught:
        ask(shelf, surface="home", page_token=text)
    assert caught.value.args[0] == "page_token"


def test_a_walk_whose_list_cannot_be_read_any_more_ends_without_repeats(tmp_path):
    store = open_store("memory://")
    publish(tmp_path, store)
    page = ask(Shelf(store), surface="home", user_id="ann", count=5)
    [rows] = [store._loaded[name] for name in store.releases()]
    rows.update({key: b"broken" for key in rows if key.endswith(b"uann")})
    rest = ask(Shelf(store), surface="home", user_id="ann", page_token=page["next_page_token"])
    assert (rest["items"], rest["next_page_token"]) == ([], None)
