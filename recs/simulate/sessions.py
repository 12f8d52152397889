"""Visits of one hour: who comes, when they look at what, what they put in the cart and buy. Pure, given the day."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.browsing import Day, browsed_items
from recs.simulate.rows import (
    CART,
    CLICK,
    DISMISS,
    FAVOURITE,
    NO_ROWS,
    PURCHASE,
    SEARCH,
    UNCART,
    VIEW,
    empty_rows,
    give_ids,
    joined,
    picked,
)
from recs.simulate.spec import DAY_MS, HOUR_MS, Purpose, stream
from recs.simulate.vocabulary import DEVICE_SHARES
from recs.simulate.world import World, appeal

EVENTS_A_VISIT = 9.0  # about: how many visits are drawn at first; more follow when they fall short
_LONGEST_MS = 100 * 60_000  # of a visit: it must end before items are taken off at night
_SHORTEST_DWELL_MS, _LONGEST_DWELL_MS = 1_200, 900_000
_CLICK_LEVEL, _CART_LEVEL = -1.3, -2.8  # log-odds where nothing appeals
_GUESTS, _SEARCHES = 0.12, 0.3


@dataclass
class _Visits:
    """Arrays by visit; ``mood``: how ready they are to buy."""

    user: np.ndarray
    is_guest: np.ndarray
    start_ms: np.ndarray
    steps: np.ndarray
    mood: np.ndarray
    searches: np.ndarray


def visit_rows(world: World, day: Day, hour: int) -> np.ndarray:
    """Exactly ``day.quotas[hour]`` events of visits that begin in that hour; the last visit may break off."""
    quota = int(day.quotas[hour])
    rng = stream(world.spec.seed, Purpose.SESSIONS, day.number, hour)
    parts: list[np.ndarray] = []
    missing = quota
    while missing > 0:
        visits = _visits(world, day, hour, rng, int(missing / EVENTS_A_VISIT * 1.04) + 3)
        rows, visit = _events(world, day, visits, rng)
        rows = _first(rows, visit, missing, len(visits.user))
        parts.append(rows)
        missing -= len(rows)
    rows = joined(parts) if parts else NO_ROWS
    give_ids(rows, rng)
    return rows


def _visits(world: World, day: Day, hour: int, rng: np.random.Generator, count: int) -> _Visits:
    edges, people = day.visit_edges, world.people
    point = np.minimum(rng.random(count) * edges[-1], np.nextafter(edges[-1], 0.0))
    user = np.searchsorted(edges, point, side="right")
    start = world.spec.start_ms + day.number * DAY_MS + hour * HOUR_MS + rng.integers(0, HOUR_MS, count)
    guest = rng.random(count) < _GUESTS
    return _Visits(
        user=user,
        is_guest=guest | (people.signed_up_ms[user] > start),  # before they sign up, nobody knows who they are
        start_ms=start,
        steps=np.minimum(rng.geometric(0.22, count), 40),
        mood=rng.normal(0, 1, count).astype(np.float32),
        searches=rng.random(count) < _SEARCHES,
    )


@dataclass
class _Steps:
    """Arrays by item looked at, in the order of each visit."""

    visit: np.ndarray
    item: np.ndarray
    is_reorder: np.ndarray
    begun_ms: np.ndarray
    dwell_ms: np.ndarray


@dataclass
class _Choices:
    """Booleans by step, and how many units; a visit pays at ``paid_ms`` for what is still in its cart."""

    clicks: np.ndarray
    keeps: np.ndarray
    dismisses: np.ndarray
    carts: np.ndarray
    uncarts: np.ndarray
    buys: np.ndarray
    quantity: np.ndarray
    paid_ms: np.ndarray


def _events(world: World, day: Day, visits: _Visits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(rows, visit of each row), action by action."""
    steps = _steps(world, day, visits, rng)
    choices = _choices(world, day, visits, steps, rng)
    made = [
        (VIEW, np.ones(len(steps.visit), bool), 0.0),
        (CLICK, choices.clicks, 0.3),
        (FAVOURITE, choices.keeps, 0.5),
        (DISMISS, choices.dismisses, 0.5),
        (CART, choices.carts, 0.7),
        (UNCART, choices.uncarts, 0.9),
    ]
    parts, whose = [], []
    for action, mask, share in made:
        at = steps.begun_ms[mask] + (steps.dwell_ms[mask] * share).astype(np.int64)
        parts.append(_rows(action, at, steps.item[mask], choices.quantity[mask], day.cents))
        whose.append(steps.visit[mask])
    payer = steps.visit[choices.buys]
    bought = steps.item[choices.buys], choices.quantity[choices.buys]
    parts.append(_rows(PURCHASE, choices.paid_ms[payer], *bought, day.cents))
    seeker = np.flatnonzero(visits.searches)
    parts.append(_searches(world, visits.start_ms[seeker], steps.item[np.searchsorted(steps.visit, seeker)]))
    rows, visit = joined(parts), np.concatenate([*whose, payer, seeker])
    _say_who(world, visits, rows, visit, rng)
    return rows, visit


def _steps(world: World, day: Day, visits: _Visits, rng: np.random.Generator) -> _Steps:
    visit = np.repeat(np.arange(len(visits.user)), visits.steps)
    is_first = np.diff(visit, prepend=-1) != 0
    item, is_reorder = browsed_items(world, day, visits.user[visit], is_first, ~visits.is_guest[visit], rng)
    dwell = np.clip(rng.lognormal(np.log(25_000), 1.0, len(visit)), _SHORTEST_DWELL_MS, _LONGEST_DWELL_MS)
    offset = np.cumsum(dwell) - dwell
    offset -= np.maximum.accumulate(np.where(is_first, offset, 0.0))
    begun = visits.start_ms[visit] + offset.astype(np.int64) + np.where(visits.searches[visit], 8_000, 0)
    stays = offset < _LONGEST_MS - _LONGEST_DWELL_MS
    return _Steps(*(array[stays] for array in (visit, item, is_reorder, begun, dwell)))


def _choices(world: World, day: Day, visits: _Visits, steps: _Steps, rng: np.random.Generator) -> _Choices:
    visit, item, n = steps.visit, steps.item, len(visits.user)
    liked = appeal(world, visits.user[visit], item, day.discount)
    draw = rng.random((5, len(visit)), dtype=np.float32)
    clicks = draw[0] < _chance(liked + 1.5 * steps.is_reorder + _CLICK_LEVEL)
    ready = liked + 0.6 * visits.mood[visit] + 2.5 * steps.is_reorder
    carts = clicks & (draw[1] < _chance(ready + _CART_LEVEL)) & day.sellable[item]
    uncarts = carts & (draw[2] < 0.12)
    pays = rng.random(n, dtype=np.float32) < _chance(0.4 + 0.8 * visits.mood)
    last = np.zeros(n, np.int64)
    np.maximum.at(last, visit, steps.begun_ms + steps.dwell_ms.astype(np.int64))
    return _Choices(
        clicks=clicks,
        keeps=clicks & (draw[4] < 0.05),
        dismisses=~clicks & (draw[4] < 0.02),
        carts=carts,
        uncarts=uncarts,
        buys=carts & ~uncarts & pays[visit],
        quantity=np.where(world.catalogue.gap_days[item] > 0, 1 + (draw[3] < 0.3) + (draw[3] < 0.08), 1),
        paid_ms=last + rng.integers(15_000, 120_000, n),
    )


def _rows(action: int, at: np.ndarray, item: np.ndarray, quantity: np.ndarray, cents: np.ndarray) -> np.ndarray:
    rows = empty_rows(len(at))
    rows["action"], rows["at"], rows["item"] = action, at, item
    if action in (CART, UNCART, PURCHASE):
        rows["quantity"], rows["cents"] = quantity, cents[item]
    return rows


def _searches(world: World, at: np.ndarray, found: np.ndarray) -> np.ndarray:
    """A search names no item, but the words for the first one found."""
    rows = empty_rows(len(at))
    rows["action"], rows["at"], rows["query"] = SEARCH, at, world.catalogue.cell[found]
    return rows


def _say_who(world: World, visits: _Visits, rows: np.ndarray, visit: np.ndarray, rng: np.random.Generator) -> None:
    people, n = world.people, len(visits.user)
    session = rng.integers(0, 2**64, n, dtype=np.uint64)
    other = rng.choice(len(DEVICE_SHARES), n, p=DEVICE_SHARES).astype(np.uint8)
    device = np.where(rng.random(n) < 0.8, people.device[visits.user], other)
    rows["session"], rows["device"], rows["region"] = session[visit], device[visit], people.region[visits.user][visit]
    rows["user"] = np.where(visits.is_guest, -1, visits.user)[visit]


def _first(rows: np.ndarray, visit: np.ndarray, count: int, n_visits: int) -> np.ndarray:
    """``count`` rows: whole visits in their order, and the beginning of the one that does not fit any more."""
    until = np.cumsum(np.bincount(visit, minlength=n_visits))
    last = int(np.searchsorted(until, count, side="right"))
    kept = picked(rows, visit < last)
    broken = picked(rows, visit == last)
    order = np.lexsort((broken["action"], broken["at"]))
    return joined([kept, picked(broken, order[: count - len(kept)])])


def _chance(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))
