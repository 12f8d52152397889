"""The rules of a list, on frames small enough to check by eye. Candidates come best first."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs.policies.bought import by_bought
from recs.policies.caps import first_of_list, within_cap, within_slots
from recs.policies.category import by_category, without_key_item
from recs.policies.titles import new_titles, title_codes, without_echo


def frame(columns, rows, **dtypes):
    return pl.DataFrame(rows, schema={name: dtypes.get(name, pl.Int32) for name in columns.split()}, orient="row")


def items(found):
    return found["item_code"].to_list()


@pytest.mark.parametrize(("rule", "kept"), [("exclude", [2, 1]), ("only", [1, 1]), ("allow", [1, 2, 1])])
def test_a_shoppers_list_leaves_out_or_keeps_what_they_own_and_nobodys_list_is_untouched(rule, kept):
    found = frame("user_code item_code", [(0, 1), (0, 2), (None, 1)])
    assert items(by_bought(found, frame("user_code item_code", [(0, 1), (9, 2)]), rule)) == kept


PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), unique=True)


@given(PAIRS, PAIRS)
def test_every_candidate_is_either_new_to_the_shopper_or_owned(proposed, owned):
    found, bought = frame("user_code item_code", proposed), frame("user_code item_code", owned)
    assert set(by_bought(found, bought, "exclude").rows()) == set(proposed) - set(owned)
    assert set(by_bought(found, bought, "only").rows()) == set(proposed) & set(owned)


@pytest.mark.parametrize(("rule", "kept"), [("same", [1, 4]), ("other", [2, 4]), ("any", [1, 2, 3, 4, 5])])
def test_a_products_list_keeps_its_category_or_the_others_and_unknown_is_neither(rule, kept):
    columns = "item_code category_code key_item_code key_category_code"
    rows = [(1, 7, 0, 7), (2, 8, 0, 7), (3, -1, 0, 7), (4, -1, None, None), (5, -1, 0, -1)]
    assert items(by_category(frame(columns, rows), rule)) == kept


def test_a_product_is_not_listed_on_its_own_page_nor_is_one_that_reads_like_it():
    found = frame("item_code title_code key_title_code", [(1, 5, 5), (2, 6, 5), (3, 5, None)])
    assert items(without_key_item(found)) == [2, 3]


def test_titles_that_differ_in_case_and_spaces_read_the_same():
    dim = pl.DataFrame({"item_code": [0, 1, 2, 3], "title": ["Green  Tea", "green tea ", "Black Tea", None]})
    codes = dict(title_codes(dim).rows())
    assert codes[0] == codes[1] != codes[2]
    assert 3 not in codes


def test_the_best_ranked_item_stands_for_its_title_unless_the_list_shows_it_already():
    found = frame("list_code item_code title_code", [(0, 1, 5), (0, 2, 5), (0, 3, 6), (1, 4, 6)])
    assert items(new_titles(found, found.clear())) == [1, 3, 4]
    assert items(new_titles(found, frame("list_code title_code", [(0, 5)]))) == [3, 4]


def test_an_item_is_not_explained_by_one_that_reads_like_it():
    found = frame("item_code title_code reason_item_code", [(1, 5, 2), (1, 5, 3), (1, 5, -1)])
    titles = frame("item_code title_code", [(1, 5), (2, 5), (3, 6)])
    assert without_echo(found, titles)["reason_item_code"].to_list() == [3, -1]


def test_a_category_takes_at_most_its_cap_together_with_what_the_list_holds():
    found = frame(
        "list_code item_code category_code", [(0, 1, 7), (0, 2, 7), (0, 3, 8), (0, 4, -1), (0, 5, -1), (1, 6, 7)]
    )
    taken = frame("list_code category_code", [(0, 7)])
    assert items(within_cap(found, taken, 2)) == [1, 3, 4, 5, 6]
    assert items(within_cap(found, taken, 1)) == [3, 4, 6]
    assert items(within_cap(found, taken, None)) == [1, 2, 3, 4, 5, 6]


def test_quota_counts_the_turn_alone_and_slots_the_whole_list():
    found = frame("list_code item_code", [(0, 1), (0, 2), (0, 3), (1, 4)])
    assert items(first_of_list(found, 2)) == [1, 2, 4]
    assert items(first_of_list(found, None)) == [1, 2, 3, 4]
    assert items(within_slots(found, frame("list_code", [(0,), (0,)]), 3)) == [1, 4]
