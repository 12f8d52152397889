"""A simulated shop before its first day: everything that the seed decides, and the latent appeal of items."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.items import Catalogue, make_catalogue
from recs.simulate.people import FAVOURITES, People, make_people
from recs.simulate.plan import (
    BotVisits,
    Bursts,
    Promotions,
    bot_count,
    hour_targets,
    make_bot_visits,
    make_bursts,
    make_promotions,
)
from recs.simulate.rows import id_texts
from recs.simulate.spec import ShopSpec


@dataclass(frozen=True)
class World:
    """``targets``: (days, 24) events that happen in each hour of the run."""

    spec: ShopSpec
    catalogue: Catalogue
    people: People
    promotions: Promotions
    bursts: Bursts
    bot_visits: BotVisits
    targets: np.ndarray

    def item_codes(self, ids: list[str]) -> np.ndarray:
        """Codes of item ids as the drops write them; -1 for an id of no item."""
        return _codes(self.catalogue.ids, ids)

    def user_codes(self, ids: list[str]) -> np.ndarray:
        """Codes of user ids as the drops write them; -1 for an id of no shopper."""
        return _codes(self.people.ids, ids)


def make_world(spec: ShopSpec) -> World:
    """All that does not depend on what happens: the same spec gives the same world."""
    catalogue, targets = make_catalogue(spec), hour_targets(spec)
    bursts = make_bursts(spec, catalogue)
    people = make_people(spec, catalogue, bot_count(spec), bursts.signed_up_ms)
    promotions = make_promotions(spec, catalogue)
    return World(spec, catalogue, people, promotions, bursts, make_bot_visits(spec, targets), targets)


def appeal(world: World, users: np.ndarray, items: np.ndarray, discount: np.ndarray | None = None) -> np.ndarray:
    """How much each item appeals to each shopper, about -2 to 4; ``users`` and ``items`` have one shape.

    discount: share taken off the price of each item code. The truth behind visits and clicks alike.
    """
    people, catalogue = world.people, world.catalogue
    category, liking = catalogue.category[items], np.zeros(items.shape, np.float32)
    for place in range(FAVOURITES):
        liking += people.favourite_share[users, place] * (people.favourite[users, place] == category)
    score = 2.0 * np.sqrt(liking) + 0.8 * (people.style[users] == catalogue.style[items])
    score += 0.35 * catalogue.quality[items]
    if discount is not None:
        score += 2.5 * people.thrift[users] * discount[items]
    return score


def _codes(table: np.ndarray, ids: list[str]) -> np.ndarray:
    texts = id_texts(table)
    order = np.argsort(texts)
    asked = np.asarray(ids, dtype=str)
    place = np.minimum(np.searchsorted(texts[order], asked), len(texts) - 1)
    return np.where(texts[order][place] == asked, order[place], -1)
