"""What follows a purchase days later: a return, a rating."""

import numpy as np

from recs.simulate.browsing import Day
from recs.simulate.people import SELLER_BURST
from recs.simulate.rows import RATING, RETURN, give_ids, joined, picked
from recs.simulate.spec import DAY_MS, Purpose, stream
from recs.simulate.world import World, appeal

_RATES = 0.06


def followup_rows(world: World, day: Day, hour: int, bought: np.ndarray) -> np.ndarray:
    """Returns and ratings of these purchases, each naming the purchase's visit, item and price; in no order.

    Nothing follows after its item has been taken off.
    """
    rng = stream(world.spec.seed, Purpose.FOLLOWUPS, day.number, hour)
    catalogue, n = world.catalogue, len(bought)
    draw = rng.random((2, n))
    known = bought["user"] >= 0
    genuine = ~(known & (world.people.kind[bought["user"]] == SELLER_BURST))
    returns = picked(bought, (draw[0] < catalogue.return_chance[bought["item"]]) & genuine)
    rates = picked(bought, (draw[1] < _RATES) & known & genuine)
    returned, rated = returns.copy(), rates.copy()
    returned["action"], rated["action"] = RETURN, RATING
    returned["at"] = _daytime(world, returns["at"], rng.integers(2, 22, len(returns)), rng)
    rated["at"] = _daytime(world, rates["at"], rng.integers(3, 15, len(rates)), rng)
    returned["quantity"] = 1 + (rng.random(len(returns)) * returns["quantity"]).astype(np.int64)
    rated["rating"] = _stars(world, rates, rng)
    rated["quantity"], rated["cents"] = 0, -1
    rows = joined([returned, rated])
    give_ids(rows, rng)
    return picked(rows, rows["at"] < catalogue.retire_ms(world.spec)[rows["item"]])


def _daytime(world: World, at: np.ndarray, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Between 8 and 20 o'clock, whole days later."""
    midnight = world.spec.start_ms + ((at - world.spec.start_ms) // DAY_MS + days) * DAY_MS
    return midnight + rng.integers(8 * 3_600_000, 20 * 3_600_000, len(at))


def _stars(world: World, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    liked = appeal(world, rows["user"], rows["item"]) + rng.normal(0, 0.8, len(rows))
    return np.clip(np.round(2.6 + 0.9 * liked), 1, 5).astype(np.uint8)
