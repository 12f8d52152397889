import pytest

from recs.policies.reasons import PLAIN, REASON_OF, REASONS, TEMPLATES, WHEN_DUE, sentence


@pytest.mark.parametrize(
    ("code", "given", "text"),
    [
        ("because_you_bought", {"item": "Tea {green}"}, "Because you bought Tea {green}"),
        ("because_you_bought", {"item": None}, "Because of what you bought"),
        ("popular_in_category", {"category": "Cheese"}, "Popular in Cheese"),
        ("popular_in_category", {"category": ""}, "Popular right now"),
        ("time_to_restock", {"item": "Tea", "category": "Drinks"}, "Time to restock"),
    ],
)
def test_a_sentence_names_what_it_knows_and_stays_true_when_it_does_not(code, given, text):
    assert sentence(code, **given) == text


def test_every_reason_has_a_sentence_without_a_hole_left():
    for code in REASONS:
        assert "{" not in sentence(code) + sentence(code, item="Tea", category="Drinks")


def test_only_reasons_of_the_closed_list_are_given():
    assert {*REASON_OF.values(), *WHEN_DUE, *WHEN_DUE.values(), *PLAIN} == set(TEMPLATES)


def test_a_code_outside_the_list_is_an_error():
    with pytest.raises(KeyError):
        sentence("because_we_say_so")
