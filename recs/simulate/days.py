"""What one day leaves to the next: stock, what shoppers have used up, returns and ratings that are due."""

from dataclasses import dataclass, field

import numpy as np

from recs.simulate.abuse import planned_events
from recs.simulate.browsing import Day
from recs.simulate.followups import followup_rows
from recs.simulate.people import SHOPPER
from recs.simulate.rows import PURCHASE, RETURN, UNCART, joined, picked
from recs.simulate.spec import DAY_MS, HOUR_MS, HOURS, Purpose, stream
from recs.simulate.world import World

DUE_SLOTS = 4
_SOLD_OUT_WEIGHT = 0.1  # it is still found, just further down
_DELIVERIES_MISSED = 0.15
_COVER_DAYS = 14


@dataclass
class State:
    """The shop between two days. ``stock``: units by item. followups: hour of the run -> rows that are due then."""

    stock: np.ndarray
    sold_a_day: np.ndarray
    due_item: np.ndarray
    due_day: np.ndarray
    followups: dict[int, list[np.ndarray]] = field(default_factory=dict)
    delivered: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    sold: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    returned: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    bought: list[np.ndarray] = field(default_factory=list)


def first_state(world: World) -> State:
    """Everything in stock, nothing used up."""
    users = len(world.people)
    return State(
        stock=world.catalogue.first_stock.copy(),
        sold_a_day=world.catalogue.first_stock / _COVER_DAYS,
        due_item=np.full((users, DUE_SLOTS), -1, np.int32),
        due_day=np.zeros((users, DUE_SLOTS), np.int32),
    )


def open_day(world: World, state: State, number: int) -> Day:
    """Take deliveries in, set prices, and weigh shoppers and items for the day."""
    catalogue, spec = world.catalogue, world.spec
    state.delivered = _deliveries(world, state, number)
    state.stock += state.delivered
    state.sold, state.returned = np.zeros_like(state.stock), np.zeros_like(state.stock)
    state.bought = []
    discount = world.promotions.discounts(number, len(catalogue))
    cents = np.round(catalogue.cents * (1 - discount)).astype(np.int32)
    on_sale, in_stock = catalogue.on_sale(number), state.stock > 0
    is_new = (catalogue.launch_day > 0) & (number - catalogue.launch_day < 7)
    weight = catalogue.trend(number) * (1 + catalogue.elasticity * discount * 2) * np.where(is_new, 1.5, 1.0)
    weight = np.where(on_sale, weight * np.where(in_stock, 1.0, _SOLD_OUT_WEIGHT), 0.0)
    by_category = np.bincount(catalogue.category, weight, minlength=len(catalogue.category_names))
    visits = world.people.visit_weight(spec, number)
    if not visits.any():  # a shop of a few shoppers, all away: someone still comes by
        visits = np.where(world.people.kind == SHOPPER, world.people.activity, 0.0)
    has_due = ((state.due_item >= 0) & (state.due_day <= number)).any(axis=1)
    return Day(
        number=number,
        visit_edges=np.cumsum(visits * np.where(has_due, 1.5, 1.0)),
        item_edges=np.concatenate([[0.0], np.cumsum(weight[catalogue.by_cell])]),
        category_edges=np.cumsum(by_category),
        cents=cents,
        discount=discount,
        sellable=on_sale & in_stock,
        due_item=state.due_item,
        due_day=state.due_day,
        quotas=_quotas(world, state, number),
    )


def _deliveries(world: World, state: State, number: int) -> np.ndarray:
    """Each item is refilled once a week, when the lorry comes; a seller stocks up before a burst."""
    rng = stream(world.spec.seed, Purpose.DELIVERIES, number)
    items = len(world.catalogue)
    today = (np.arange(items) % 7 == number % 7) & (rng.random(items) >= _DELIVERIES_MISSED)
    wanted = np.ceil(3 + state.sold_a_day * _COVER_DAYS).astype(np.int64) - state.stock
    units = np.where(today & world.catalogue.on_sale(number) & (number > 0), np.maximum(wanted, 0), 0)
    starts = world.spec.start_ms + number * DAY_MS
    of_day = (world.bursts.at_ms >= starts) & (world.bursts.at_ms < starts + DAY_MS)
    return units + np.bincount(world.bursts.item[of_day], minlength=items)


def _quotas(world: World, state: State, number: int) -> np.ndarray:
    """(24,) events of visits: the day's target without what is planned or due, by the shape of the day."""
    hours = range(number * HOURS, (number + 1) * HOURS)
    due = sum(len(rows) for hour in hours for rows in state.followups.get(hour, []))
    targets = world.targets[number]
    planned = int(planned_events(world)[hours.start : hours.stop].sum())
    left = max(int(targets.sum()) - due - planned, 0)
    edges = np.round(np.cumsum(targets) / max(targets.sum(), 1) * left).astype(np.int64)
    return np.diff(edges, prepend=0)


def settle(world: World, state: State, day: Day, hour: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the hour's purchases out of stock, in the order of time; what is sold out leaves the cart again.

    Changes ``rows`` where a purchase fails. Returns (items now sold out, since when in ms).
    """
    wants = np.flatnonzero(rows["action"] == PURCHASE)
    order = np.lexsort((wants, rows["at"][wants], rows["item"][wants]))
    wants = wants[order]
    item, quantity = rows["item"][wants], rows["quantity"][wants].astype(np.int64)
    total = np.cumsum(quantity)
    starts = np.diff(item, prepend=-1) != 0
    before = np.maximum.accumulate(np.where(starts, total - quantity, 0))
    gets = total - before <= state.stock[item]
    rows["action"][wants[~gets]] = UNCART
    sold = np.bincount(item[gets], quantity[gets], minlength=len(state.stock)).astype(np.int64)
    state.stock -= sold
    state.sold += sold
    bought = picked(rows, wants[gets])
    state.bought.append(bought)
    _plan_followups(world, state, day, hour, bought)
    gone = np.flatnonzero((state.stock == 0) & (sold > 0))
    last_at = np.zeros(len(state.stock), np.int64)
    np.maximum.at(last_at, bought["item"], bought["at"])
    hour_end = world.spec.start_ms + (day.number * HOURS + hour + 1) * HOUR_MS
    return gone, np.minimum(last_at[gone], hour_end - 1)


def _plan_followups(world: World, state: State, day: Day, hour: int, bought: np.ndarray) -> None:
    rows = followup_rows(world, day, hour, bought)
    due = (rows["at"] - world.spec.start_ms) // HOUR_MS
    for number in np.unique(due[due < world.spec.hours]):
        state.followups.setdefault(int(number), []).append(picked(rows, due == number))


def followups_due(state: State, hour: int) -> np.ndarray:
    """Returns and ratings that happen in an hour of the run; they are handed out once."""
    return joined(state.followups.pop(hour, []))


def take_back(state: State, rows: np.ndarray) -> None:
    """Note the units that these rows return; they are on the shelf again when the day closes."""
    units = rows[rows["action"] == RETURN]
    state.returned += np.bincount(units["item"], units["quantity"], minlength=len(state.stock)).astype(np.int64)


def close_day(world: World, state: State, day: Day) -> None:
    """Put returned units back, learn how fast things sell, and note what will be used up when."""
    state.sold_a_day = 0.85 * state.sold_a_day + 0.15 * state.sold
    state.stock += state.returned
    bought = joined(state.bought)
    gap = world.catalogue.gap_days[bought["item"]]
    bought, gap = (a[(gap > 0) & (bought["user"] >= 0)] for a in (bought, gap))
    rng = stream(world.spec.seed, Purpose.REORDERS, day.number)
    slot = rng.integers(0, DUE_SLOTS, len(bought))
    due = day.number + np.maximum(gap * bought["quantity"] * rng.lognormal(0, 0.25, len(bought)), 2)
    state.due_item[bought["user"], slot] = bought["item"]
    state.due_day[bought["user"], slot] = due.astype(np.int32)
