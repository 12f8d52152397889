import pytest

from recs.lookup.query import QueryError
from recs.lookup.shelf import Shelf
from recs.store import StoreError, open_store
from tests.lookup.shelves import ask, ids, publish
from tests.releases.shop import HOME, ITEMS, SIMILAR, TRENDING


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    store = open_store("memory://")
    publish(tmp_path_factory.mktemp("shop"), store)
    return Shelf(store)


@pytest.mark.parametrize(
    ("fields", "source", "items"),
    [
        ({"surface": "home", "user_id": "ann"}, "user", HOME["user:ann"]),
        ({"surface": "home", "user_id": "ann", "region": "north"}, "user", HOME["user:ann"]),
        ({"surface": "home", "user_id": "zed", "region": "north"}, "region", HOME["region:north"]),
        ({"surface": "home", "user_id": "zed", "region": "south"}, "global", HOME["global:"]),
        ({"surface": "home", "session_id": "s1"}, "global", HOME["global:"]),
        ({"surface": "home"}, "global", HOME["global:"]),
        ({"surface": "product_similar", "item_id": "i00"}, "item", SIMILAR["item:i00"]),
        ({"surface": "product_similar", "item_id": "nothing"}, "global", SIMILAR["global:"]),
        ({"surface": "product_similar"}, "global", SIMILAR["global:"]),
        ({"surface": "product_similar", "user_id": "ann", "region": "north"}, "global", SIMILAR["global:"]),
        ({"surface": "trending", "region": "north"}, "region", TRENDING["region:north"]),
        ({"surface": "trending", "region": "south"}, "global", TRENDING["global:"]),
        ({"surface": "home", "user_id": "\U0001f600" * 128}, "global", HOME["global:"]),
    ],
)
def test_the_narrowest_list_that_exists_answers(shelf, fields, source, items):
    got = ask(shelf, **fields, count=100)
    assert (got["source"], ids(got)) == (source, items)


def test_an_answer_has_the_agreed_shape(shelf):
    got = ask(shelf, surface="home", user_id="ann", count=1)
    token = got.pop("next_page_token")
    assert isinstance(token, str)
    release_id = got.pop("release_id")
    assert release_id.startswith("20260309-")
    assert got == {
        "request_id": "q1",
        "surface": "home",
        "as_of": "2026-03-09",
        "source": "user",
        "experiment_id": None,
        "variant": None,
        "items": [
            {
                "item_id": "i00",
                "score": 1,
                "reason": {"code": "because_you_bought", "text": 'Because you bought Item "39" é', "item_id": "i39"},
                "metadata": {
                    "title": 'Item "0" é', "price": 1.99, "currency": "USD", "image_url": None, "category": "dairy"
                },
            }
        ],
    }  # fmt: skip


def test_reasons_name_the_category_of_the_item_shown_when_it_has_one(shelf):
    assert ask(shelf, surface="home", user_id="ann")["items"][1]["reason"]["text"] == "Popular in dairy"
    # i07 has no category: the second place of north's trending list is i06, of bob's list i04
    assert ask(shelf, surface="trending", region="north")["items"][1]["reason"]["text"] == "Popular in dairy"


def test_a_product_is_never_recommended_on_its_own_page(shelf):
    assert ids(ask(shelf, surface="product_similar", item_id="i22", count=100)) == ["i20", "i21", *ITEMS[23:30]]


def test_lists_of_one_page_show_no_item_twice(shelf):
    got = ask(shelf, surfaces="home,trending,product_similar", region="north", count=100)
    home, trending, similar = got["lists"]
    assert [(part["surface"], part["source"]) for part in got["lists"]] == [
        ("home", "region"),
        ("trending", "region"),
        ("product_similar", "global"),
    ]
    assert ids(home) == ITEMS[10:20]
    assert ids(trending) == ITEMS[5:10]
    assert ids(similar) == ITEMS[20:30]
    assert got["next_page_token"] is None


@pytest.mark.parametrize(
    ("fields", "field", "allowed"),
    [
        ({}, "surface", "surface=NAME"),
        ({"surface": "home", "surfaces": "home"}, "surface", "surface=NAME"),
        ({"surface": "hom"}, "surface", "home, product_similar, trending"),
        ({"surfaces": "home,hom"}, "surfaces", "home, product_similar, trending"),
        ({"surfaces": "home,home"}, "surfaces", "different names"),
        ({"surfaces": ",".join(f"s{n}" for n in range(11))}, "surfaces", "1 to 10"),
        ({"surface": "home", "count": "0"}, "count", "from 1 to 100"),
        ({"surface": "home", "count": "101"}, "count", "from 1 to 100"),
        ({"surface": "home", "count": "ten"}, "count", "from 1 to 100"),
        ({"surface": "home", "count": "٣"}, "count", "from 1 to 100"),
        ({"surface": "home", "user_id": ""}, "user_id", "1 to 128 printable"),
        ({"surface": "home", "user_id": "a" * 129}, "user_id", "1 to 128 printable"),
        ({"surface": "home", "region": "a\nb"}, "region", "1 to 128 printable"),
        ({"surface": "home", "colour": "red"}, "colour", "surface, surfaces, user_id"),
        ({"surface": "home", "page_token": "!"}, "page_token", "next_page_token"),
    ],
)
def test_a_question_that_breaks_a_limit_is_told_the_field_and_what_is_allowed(shelf, fields, field, allowed):
    with pytest.raises(QueryError) as caught:
        ask(shelf, **fields)
    assert (caught.value.args[0], caught.value.status) == (field, 400)
    assert allowed in caught.value.args[2]


def test_before_the_first_release_the_answer_says_so():
    with pytest.raises(StoreError, match="no release is in force"):
        ask(Shelf(open_store("memory://")), surface="home")
