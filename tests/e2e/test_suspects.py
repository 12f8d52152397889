"""Bots and a seller's ring planted in the small shop: flagged by rule as of the day, not learned from, still served."""

import random
import shutil
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from journey import AS_OF

from recs.lake import Lake, Provenance

pytestmark = pytest.mark.long

DAY = date.fromisoformat(AS_OF)
START = datetime(2017, 3, 5, 0, 2)
RING = [f"zz-ring-{n:02}" for n in range(12)]
RULES = {
    "zz-busy": {"events_per_day"},
    "zz-clock": {"regular_gaps"},
    "zz-flood": {"item_events_per_day"},
    "zz-rushed": {"no_dwell"},
    "zz-sweep": {"events_per_hour"},
    **{account: {"seller_burst"} for account in RING},
}
LEARNED = ("features/feat_item", "features/feat_item_pair", "features/feat_category", "features/dim_item")
LEARNED += ("channels/popular", "channels/trending", "channels/promotions", "models/ials")


def done(user: str, action: str, item: int, at: datetime) -> dict:
    return {"user_id": user, "action": action, "item_id": str(1000 + item), "event_at": at}


def abuse() -> list[dict]:
    """What the bots and the ring did on the as-of day; each bot also buys of what nobody wants."""
    chance, rows = random.Random(3), []
    for n in range(35):
        rows.append(done("zz-clock", "view", n, START + timedelta(seconds=450 * n + chance.randrange(5))))
    rushed, swept, browsed = START, START, START
    for n in range(60):
        rushed += timedelta(milliseconds=chance.randrange(300, 1900))
        rows.append(done("zz-rushed", "view", n, rushed))
    for n in range(450):
        swept += timedelta(milliseconds=chance.randrange(500, 12000))
        rows.append(done("zz-sweep", "view", n % 90, swept))
    for n in range(1100):
        browsed += timedelta(seconds=chance.randrange(1, 140))
        rows.append(done("zz-busy", "click", n % 90, browsed))
    for n in range(160):
        rows.append(done("zz-flood", "view", 89, START + timedelta(seconds=240 * n + chance.randrange(200))))
    for n, user in enumerate(RING):
        rows.append(done(user, "purchase", 88, START + timedelta(minutes=11 * n)))
    for user in ("zz-busy", "zz-clock", "zz-flood", "zz-rushed", "zz-sweep"):
        for n in range(60, 90):
            rows.append(done(user, "purchase", n, START + timedelta(minutes=45 * (n - 60))))
    return rows


def plant(lake: Lake) -> None:
    """Add the rows to what arrived on the as-of day, in the shape of what arrived."""
    made = pl.DataFrame([row | {"event_id": f"zz-{n}", "session_id": row["user_id"]} for n, row in enumerate(abuse())])
    there, info = lake.read("raw/events", DAY), lake.info("raw/events", DAY)
    full = there.head(1).drop(made.columns).join(made, how="cross").select(there.columns)
    assert set(full["event_at"].dt.date()) == {DAY}
    lake.write_partition(
        "raw/events",
        DAY,
        pl.concat([there, full.cast(dict(there.schema))]),
        sort_by=["source_file", "source_line", "event_id"],
        inputs=info.inputs,
        provenance=Provenance(info.code_version, info.config_hash, info.run_id),
        extra=info.extra,
    )


@pytest.fixture(scope="module")
def honest(new_shop):
    shop = new_shop()
    shop.demo(AS_OF)
    return shop


@pytest.fixture(scope="module")
def abused(new_shop, honest):
    """The same shop, in which the bots acted on the as-of day."""
    shop = new_shop()
    shutil.copytree(honest.home, shop.home, dirs_exist_ok=True)
    plant(Lake(shop.home / "lake"))
    shop.demo(AS_OF)
    return shop


def table(shop, name: str) -> pl.DataFrame:
    return Lake(shop.home / "lake").read(name, DAY)


def codes(shop) -> tuple[list[int], list[int]]:
    """Codes of the people, and of the bots."""
    users = table(shop, "features/dim_user")
    return tuple(users.filter(is_suspect=told)["user_code"].to_list() for told in (False, True))


def test_each_bot_is_flagged_by_the_rule_that_it_broke_and_nobody_else_is(abused, honest):
    found = table(abused, "features/dim_suspect")
    rules = {user: set(rows["rule"]) for (user,), rows in found.group_by("user_id")}
    assert rules.keys() == RULES.keys()
    assert {user: rule for user, rule in RULES.items() if not rule <= rules[user]} == {}
    assert table(honest, "features/dim_suspect").is_empty()


def test_what_is_learned_is_what_it_would_be_without_them(abused, honest):
    before, after = honest.hashes(), abused.hashes()
    learned = {f"lake/{name}/as_of_date={AS_OF}" for name in LEARNED}
    assert {name for name in learned if before[name] != after[name]} == set()
    models = [shop.home / f"lake/models/ranker/as_of_date={AS_OF}" for shop in (honest, abused)]
    for purpose in ("discover", "repeat"):
        assert len({(folder / f"{purpose}.txt").read_text() for folder in models}) == 1


def test_people_are_listed_what_they_were_and_bots_are_listed_too(abused, honest):
    people, bots = codes(abused)
    assert len(bots) == len(RULES)
    for name in ("rankings/discover", "rankings/repeat"):
        theirs = table(abused, name).filter(pl.col("user_code").is_in(people))
        assert theirs.equals(table(honest, name)), name
    assert set(bots) == set(table(abused, "rankings/discover")["user_code"]) - set(people)
    served = set(table(abused, "surfaces/home").filter(source="user")["key"])
    assert served >= set(RULES)
    again = table(abused, "channels/buy_again").filter(pl.col("entity_code").is_in(bots))
    assert set(again["entity_code"]) == set(bots)  # what they bought is their own history all the same


def test_a_flag_raised_today_changes_no_day_before(abused, honest):
    def earlier(shop) -> dict[str, str]:
        return {k: v for k, v in shop.hashes().items() if "as_of_date=" in k and k.split("=")[1] < AS_OF}

    assert earlier(honest)
    assert earlier(abused) == earlier(honest)


def test_without_the_rules_the_bots_would_be_popular(abused, honest):
    everyone = Lake(abused.home / "lake").read_window("facts/fct_item_daily", until=DAY)
    sold = everyone.filter(pl.col("item_id") == "1088", pl.col("event_date") > DAY - timedelta(days=7))
    taken_off = table(abused, "features/int_suspect_item_daily").filter(item_id="1088")["buyer_count"].sum()
    assert taken_off == len(RING) + 5 > sold["buyer_count"].sum() - taken_off
