import re

from recs.features.page import drift, render_catalogue

MODEL = {
    "model": "feat_user",
    "entity": "user",
    "owner": "loyalty",
    "description": "One row per <shopper>.",
    "as_of_date": "2026-03-09",
    "rows": 1200,
    "compared_with": "2026-02-09",
    "build_seconds": 1.26,
    "tests": ["feat_user_never_null"],
}
FEATURE = {
    "name": "feat_user.spend_28d",
    "column": "spend_28d",
    "model": "feat_user",
    "type": "DECIMAL(18,4)",
    "description": 'Paid, in "EUR".',
    "is_learned": False,
    "null_share": 0.125,
    "null_share_change": -0.02,
    "psi": 0.3,
    "importance": {},
}
LEARNED = FEATURE | {"column": "age", "is_learned": True, "psi": None, "importance": {"discover": 0.25}}


def page(**more) -> str:
    document = {"as_of_date": "2026-03-09", "ranker_as_of_date": None, "models": [MODEL], "features": []}
    return render_catalogue(document | more)


def test_a_row_holds_what_is_known_of_a_feature():
    html = page(features=[FEATURE, LEARNED])
    for told in (
        "12.5 %",
        "-2.0",
        "0.300 shifted",
        "25.0 %",
        "(ranker: false)",
        "1.3 s a day",
        "loyalty",
        "1,200 rows",
    ):
        assert told in html
    assert "feat_user_never_null" in html


def test_text_is_escaped_and_nothing_is_loaded_from_elsewhere():
    html = page(features=[FEATURE])
    assert "&lt;shopper&gt;" in html
    assert "&#34;EUR&#34;" in html
    assert not re.findall(r"https?://|<link|src=|@import", html)


def test_a_model_that_is_not_committed_says_so():
    unknown = dict.fromkeys(("as_of_date", "rows", "compared_with", "build_seconds"))
    html = page(models=[MODEL | unknown | {"tests": []}])
    assert "not committed yet" in html
    assert "cost not recorded" in html
    assert "No tests." in html


def test_drift_has_a_word_where_it_is_more_than_steady():
    assert [drift(psi) for psi in (None, 0.1, 0.11, 0.26)] == ["–", "0.100", "0.110 moved", "0.260 shifted"]
