"""The sentences: each way for an item to get lost has one, and each reason says what makes it true."""

from datetime import datetime

import pytest

from recs.explain.replay import Fate
from recs.explain.words import because, lost
from recs.policies.reasons import REASONS
from recs.surfaces.spec import ChannelQuota, Rules, SurfaceSpec

HOME = SurfaceSpec(
    surface="home",
    title="Home",
    keyed_by="user",
    slots=60,
    ranking="discover",
    channels=(ChannelQuota("popular", 30),),
    rules=Rules(already_bought="exclude", max_per_category=3),
)
AGAIN = SurfaceSpec(surface="again", title="Again", keyed_by="user", slots=60, ranking="repeat", channels=HOME.channels)
FIT = {"is_recommendable": True, "catalogue": None}
ROW = {"title": "Fuel", "is_available": True, "is_blocked": True, "blocked_reason": "fuel", "is_adult": False}


def way_in(*, owned: bool = False, place: int | None = None, fused_at: int | None = None) -> dict:
    proposals = [{"channel": "ials", "place": place}, {"channel": "co_buy", "place": None}]
    return {"owned": owned, "proposals": proposals, "depth": 200, "fused_at": fused_at, "size": 150}


def title_of(code: int) -> str:
    return f"item {code}"


@pytest.mark.parametrize(
    ("spec", "fates", "known", "stage", "rule", "said"),
    [
        (HOME, [], {"item": {**FIT, "is_recommendable": False}}, "catalogue", "not_recommendable", "no row of it"),
        (
            HOME,
            [],
            {"item": {"is_recommendable": False, "catalogue": ROW}},
            "catalogue",
            "not_recommendable",
            "blocked (fuel)",
        ),
        (HOME, [], {"way_in": way_in(owned=True)}, "pool", "owned", "only what is new to them"),
        (AGAIN, [], {"way_in": way_in()}, "pool", "not_owned", "never bought it"),
        (HOME, [], {"way_in": way_in()}, "pool", "not_proposed", "asked: ials, co_buy"),
        (HOME, [], {"way_in": way_in(place=230)}, "pool", "proposed_too_low", "ials at place 230"),
        (HOME, [], {"way_in": way_in(place=190, fused_at=151)}, "pool", "pool_full", "it came at place 151"),
        (HOME, [], {"rank": 134, "size": 150}, "ranking", "ranked_too_low", "ranked 134 of 150"),
        (HOME, [Fate("ranking", 7, "cap", (3,))], {"rank": 7, "size": 150}, "policy", "cap", "its 3 places: item 3"),
        (HOME, [Fate("ranking", 7, "title", (3,))], {"rank": 7, "size": 150}, "policy", "title", "same as item 3"),
        (HOME, [Fate("ranking", 7, "echo", (3,))], {"rank": 7, "size": 150}, "policy", "echo", "own reason, item 3"),
        (HOME, [Fate("ranking", 80, "slots")], {"rank": 80, "size": 150}, "policy", "slots", "60 places went"),
        (AGAIN, [], {}, "channels", "not_proposed", "(popular)"),
        (AGAIN, [Fate("popular", 9, "bought")], {}, "policy", "bought", "proposed by popular at place 9"),
    ],
)
def test_where_an_item_got_lost(spec, fates, known, stage, rule, said):
    got = lost(spec, fates, title_of=title_of, best=100, **{"item": FIT, **known})
    assert (got["stage"], got["rule"]) == (stage, rule)
    assert said in got["text"]


EVENTS = {
    "total": 3,
    "purchases": 2,
    "lines": [{"event_at": datetime(2017, 2, 3), "action": "purchase"}],
}
FACTS = {
    "channel": "co_buy",
    "entity": "user",
    "listed_at": 4,
    "reason_title": "Tea",
    "reason_events": EVENTS,
    "own_events": EVENTS,
    "baskets": 12,
    "promotions": {"total": 2},
}


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_says_what_makes_it_true(code):
    assert because(code, FACTS)


def test_because_you_bought_names_the_purchases_and_the_baskets():
    said = "the shopper bought Tea 2 times, last on 2017-02-03; 12 baskets of the last 364 days held both"
    assert because("because_you_bought", FACTS) == said
