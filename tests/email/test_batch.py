"""What each rule lets through and what it says, on literal lists."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.email.audience import is_held_out
from recs.email.batch import Batch, check_everyone, email_batch
from recs.email.errors import EmailError
from recs.email.wide import mail_items, wide
from tests.email.shop import AS_OF, SEND, SPEC, dim_item, dim_user, lists, mailed, pairs, shown, spec, users

OWN = {("user", "ann"): "jam cake dates soap milk", ("region", "north"): "tea jam soap", ("global", ""): "milk tea"}
AGAIN = {("user", "ann"): "tea milk"}


def made(campaign=SPEC, home=OWN, again=AGAIN, members=("ann",), known=("ann",), bought=(), sent=(), at_once=10_000):
    return email_batch(
        campaign,
        users(*members),
        {"home": lists("home", home), "buy_again": lists("buy_again", again, "bought_before")},
        dim_item=dim_item(),
        dim_user=dim_user(*known),
        bought=pairs(*bought),
        mailed=mailed(*sent),
        send_date=SEND,
        members_at_once=at_once,
    )


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, "jam cake tea"),
        ({"again": {}}, "jam cake dates"),  # a surface with nothing leaves its places to the others
        ({"home": {("user", "ann"): "jam milk", ("region", "north"): "soap"}}, "jam milk tea"),
        ({"home": {("region", "north"): "soap cake jam"}}, "tea milk soap"),  # her own before her store's
        ({"home": {("global", ""): "soap cake jam"}, "again": {}}, "soap cake jam"),
        (
            {"known": (), "home": {("region", "north"): "jam cake tea", ("global", ""): "soap tea"}, "again": {}},
            "soap tea",
        ),
        ({"home": {("user", "ann"): "milk milk2 jam cake"}}, "milk jam tea"),  # reads the same
        ({"home": {("user", "ann"): "fuel null jam cake"}}, "jam cake tea"),  # blocked; a title that reads as no value
        ({"campaign": spec(not_bought_days=7), "bought": [("ann", "jam")]}, "cake dates tea"),
        ({"bought": [("ann", "jam")]}, "jam cake tea"),  # without the rule
        ({"campaign": spec(not_bought_days=7), "bought": [("bob", "jam")]}, "jam cake tea"),
        ({"campaign": spec(not_sent_days=5), "sent": [(SEND - timedelta(days=5), "ann", "jam")]}, "cake dates tea"),
        ({"campaign": spec(not_sent_days=5), "sent": [(SEND - timedelta(days=6), "ann", "jam")]}, "jam cake tea"),
        ({"campaign": spec(every_days=7), "sent": [(SEND - timedelta(days=7), "ann", "jam")]}, "jam cake tea"),
    ],
)
def test_a_mail_holds(case, expected):
    batch = made(**case)
    assert (shown(batch.mails), batch.skipped.rows()) == ({"ann": expected}, [])


@pytest.mark.parametrize(
    ("case", "rule", "detail"),
    [
        ({"members": ("a\nb",)}, "unusable_id", "the id has control characters, or reads as a missing value"),
        ({"members": ("NULL",)}, "unusable_id", "the id has control characters, or reads as a missing value"),
        (
            {"campaign": spec(every_days=7), "sent": [(SEND - timedelta(days=6), "ann", "jam")]},
            "frequency_cap",
            "mailed on 2026-03-04, again from 2026-03-11",
        ),
        ({"campaign": spec(hold_out_pct=100)}, "hold_out", "one of the 100 % who never get it"),
        ({"home": {("user", "ann"): "jam"}, "again": {}}, "too_few_items", "1 items on their lists, 2 needed"),
        ({"home": {}, "again": {}}, "too_few_items", "0 items on their lists, 2 needed"),
        (
            {
                "campaign": spec(not_bought_days=7, not_sent_days=5),
                "home": {("user", "ann"): "jam cake dates"},
                "again": {},
                "bought": [("ann", "jam")],
                "sent": [(SEND - timedelta(days=2), "ann", "cake")],
            },
            "bought_or_sent",
            "1 items left without those bought in the last 7 days or sent in the last 5 days, 2 needed",
        ),
        (
            {"home": {("user", "ann"): "jam fuel"}, "again": {}},
            "unavailable",
            "1 items left that can be shown, 2 needed",
        ),
        (
            {"home": {("user", "ann"): "milk milk2"}, "again": {}},
            "min_items",
            "1 items left that read differently, 2 needed",
        ),
    ],
)
def test_no_mail_and_why(case, rule, detail):
    batch = made(**case)
    user = case.get("members", ("ann",))[0]
    assert (batch.mails.height, batch.skipped.rows()) == (0, [(user, rule, detail)])


def test_the_first_rule_in_the_fixed_order_is_the_one_that_is_told():
    campaign = spec(every_days=7, hold_out_pct=100)
    batch = made(campaign, home={}, members=("ann", "bob"), sent=[(SEND - timedelta(days=1), "ann", "jam")])
    assert batch.skipped["rule"].to_list() == ["frequency_cap", "hold_out"]


def test_sentences_are_true_of_the_list_that_an_item_came_from():
    batch = made(home={("user", "ann"): "jam", ("global", ""): "soap"}, again={("user", "ann"): "milk"})
    assert batch.mails.select("item_id", "reason").rows() == [
        ("jam", "Because you bought Tea"),
        ("milk", "You have bought this before"),
        ("soap", "Popular right now"),
    ]


def test_an_item_is_told_with_a_price_in_cents_and_a_row_has_every_place():
    batch = made()
    row = wide(batch.mails, spec(items=4), send_date=SEND, as_of=AS_OF, release_id=None).row(0, named=True)
    assert (row["user_id"], row["campaign"], row["send_date"], row["as_of_date"]) == ("ann", "digest", SEND, AS_OF)
    assert row["release_id"] is None
    assert row["rec_1_title"] == 'Jam, "extra", 2 × 250 g'
    assert (row["rec_1_price"], row["rec_1_currency"], row["rec_1_url"]) == (Decimal("4.07"), "EUR", None)
    assert (row["rec_4_item_id"], row["rec_4_price"]) == (None, None)
    assert [item["item_id"] for item in mail_items(row)] == ["jam", "cake", "tea"]


def test_the_held_out_are_the_same_on_every_day_and_about_as_many_as_asked():
    names = [f"u{n}" for n in range(4000)]
    chosen = [name for name in names if is_held_out(name, campaign="digest", pct=10)]
    assert chosen == [name for name in names if is_held_out(name, campaign="digest", pct=10)]
    assert 320 < len(chosen) < 480
    assert set(chosen) <= {name for name in names if is_held_out(name, campaign="digest", pct=20)}
    assert chosen != [name for name in names if is_held_out(name, campaign="another", pct=10)]


ITEMS = st.lists(st.sampled_from(["tea", "milk", "jam", "cake", "fuel", "milk2", "null"]), unique=True, max_size=5)
NAMES = st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=4)


@settings(deadline=None, max_examples=20)
@given(
    data=st.data(),
    names=NAMES,
    campaign=st.builds(
        spec,
        every_days=st.sampled_from([None, 3]),
        not_bought_days=st.sampled_from([None, 3]),
        not_sent_days=st.sampled_from([None, 3]),
        hold_out_pct=st.sampled_from([0, 30]),
        min_items=st.integers(1, 3),
    ),
)
def test_everyone_is_either_sent_a_mail_or_skipped_with_one_reason(data, names, campaign):
    own = {("user", name): " ".join(data.draw(ITEMS)) for name in names}
    home = {**own, ("region", "north"): " ".join(data.draw(ITEMS)), ("global", ""): " ".join(data.draw(ITEMS))}
    some = st.sampled_from([*names, "nobody"])
    bought = data.draw(st.lists(st.tuples(some, st.just("jam")), max_size=3))
    sent = data.draw(st.lists(st.tuples(st.just(SEND - timedelta(days=1)), some, st.just("tea")), max_size=3))
    case = {"members": names, "known": names[::2], "bought": bought, "sent": sent}
    batch = made(campaign, home, again={}, **case)
    assert sorted([*shown(batch.mails), *batch.skipped["user_id"]]) == sorted(names)
    lengths = batch.mails.group_by("user_id").len()["len"]
    assert not lengths.len() or (campaign.min_items <= lengths.min() and lengths.max() <= campaign.items)
    # the same in another order, and in parts
    again = made(campaign, home, again={}, **{**case, "members": names[::-1]}, at_once=1)
    assert (again.mails.rows(), again.skipped.rows()) == (batch.mails.rows(), batch.skipped.rows())


def test_a_batch_that_forgets_someone_is_refused():
    whole = made()
    with pytest.raises(EmailError, match="2 members of the audience are not 1 sent \\+ 0 skipped"):
        check_everyone(users("ann", "bob"), whole)
    twice = Batch(whole.mails, pl.DataFrame([("ann", "hold_out", "")], schema=whole.skipped.schema, orient="row"))
    with pytest.raises(EmailError, match="1 members of the audience are not 1 sent \\+ 1 skipped"):
        check_everyone(users("ann"), twice)


def test_nobody_is_a_batch_too():
    batch = made(members=())
    assert (batch.sent, batch.skipped.height) == (0, 0)
    assert wide(batch.mails, SPEC, send_date=SEND, as_of=date(2026, 3, 9), release_id="r").height == 0
