"""Traffic that is no shopper's: programs that look at everything, and sellers who buy from themselves."""

import numpy as np

from recs.simulate.browsing import Day
from recs.simulate.people import EVENT_RATE, NO_DWELL, ONE_ITEM, REGULAR_GAPS
from recs.simulate.plan import BURST_EVENTS
from recs.simulate.rows import CART, CLICK, PURCHASE, VIEW, empty_rows, give_ids, joined
from recs.simulate.spec import HOUR_MS, HOURS, Purpose, stream
from recs.simulate.vocabulary import DEVICES
from recs.simulate.world import World


def planned_events(world: World) -> np.ndarray:
    """(hours of the run,) events of programs and bursts that begin in each hour."""
    hours, bots = world.spec.hours, world.bot_visits
    of_bots = np.bincount(bots.hour, bots.events, minlength=hours)
    of_bursts = np.bincount(_burst_hours(world), minlength=hours) * BURST_EVENTS
    return (of_bots[:hours] + of_bursts[:hours]).astype(np.int64)


def abuse_rows(world: World, day: Day, hour: int) -> np.ndarray:
    """The planned events of one hour; some of a burst may end in the next."""
    number = day.number * HOURS + hour
    bots = stream(world.spec.seed, Purpose.BOTS, day.number + 1, hour)
    visits = np.flatnonzero(world.bot_visits.hour == number)
    begin = world.spec.start_ms + number * HOUR_MS
    rows = [_bot_visit(world, day, begin, int(v), bots) for v in visits]
    rows.append(_burst_rows(world, day, number, hour))
    found = joined(rows)
    give_ids(found, bots)
    return found


def _bot_visit(world: World, day: Day, begin: int, visit: int, rng: np.random.Generator) -> np.ndarray:
    """One visit within the hour, in the manner of its kind."""
    count = int(world.bot_visits.events[visit])
    code = world.spec.users + int(world.bot_visits.bot[visit])
    kind = world.people.kind[code]
    rows = empty_rows(count)
    gaps = _gaps(kind, count, rng)
    length = float(gaps.sum())
    if length > 0.9 * HOUR_MS:
        gaps, length = gaps * (0.9 * HOUR_MS / length), 0.9 * HOUR_MS
    rows["at"] = begin + int(rng.integers(0, HOUR_MS - int(length) - 1)) + np.cumsum(gaps).astype(np.int64)
    weights = np.diff(day.item_edges)
    anything = world.catalogue.by_cell[np.flatnonzero(weights > 0)]
    rows["item"] = anything[rng.integers(0, len(anything), 1 if kind == ONE_ITEM else count)]
    rows["action"] = np.where(rng.random(count) < 0.1, CLICK, VIEW)
    rows["user"], rows["region"] = code, world.people.region[code]
    rows["device"], rows["session"] = DEVICES.index("desktop"), rng.integers(0, 2**64, dtype=np.uint64)
    return rows


def _gaps(kind: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Milliseconds before each event."""
    if kind == EVENT_RATE:
        return rng.exponential(1_500, count)
    if kind == REGULAR_GAPS:
        return np.full(count, float(rng.integers(2_000, 9_000))) + rng.integers(-5, 6, count)
    if kind == NO_DWELL:
        return rng.uniform(20, 120, count)
    if kind == ONE_ITEM:
        return rng.exponential(4_000, count)
    raise ValueError(f"no program behaves like kind {kind}")


def _burst_rows(world: World, day: Day, number: int, hour: int) -> np.ndarray:
    """View, cart and purchase of each account whose turn comes in this hour."""
    bursts, people = world.bursts, world.people
    turns = np.flatnonzero(_burst_hours(world) == number)
    user = len(people) - len(bursts.at_ms) + turns
    rng = stream(world.spec.seed, Purpose.BURSTS, day.number + 1, hour)
    session = rng.integers(0, 2**64, len(turns), dtype=np.uint64)
    parts, at = [], bursts.at_ms[turns]
    for action in (VIEW, CART, PURCHASE):
        rows = empty_rows(len(turns))
        rows["action"], rows["at"], rows["session"], rows["user"] = action, at, session, user
        rows["item"], rows["region"], rows["device"] = bursts.item[turns], people.region[user], people.device[user]
        if action != VIEW:
            rows["quantity"], rows["cents"] = 1, day.cents[bursts.item[turns]]
        parts.append(rows)
        at = at + rng.integers(2_000, 20_000, len(turns))
    return joined(parts)


def _burst_hours(world: World) -> np.ndarray:
    return ((world.bursts.at_ms - world.spec.start_ms) // HOUR_MS).astype(np.int64)
