"""A day as it opens, and which items visits look at on it."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.items import N_STYLES
from recs.simulate.world import World

_EXPLORES, _STAYS, _REORDERS, _OWN_STYLE = 0.2, 0.55, 0.35, 0.65


@dataclass(frozen=True)
class Day:
    """A day as it opens; read by all its hours at once, so nothing in it changes.

    visit_edges: running sum of the shoppers' weights. item_edges: of the items', in cell order.
    category_edges: of the categories'. cents, discount: price of the day and share taken off. sellable: in stock.
    due_item, due_day: (users, slots) what shoppers have used up, and when; item -1 = nothing.
    """

    number: int
    visit_edges: np.ndarray
    item_edges: np.ndarray
    category_edges: np.ndarray
    cents: np.ndarray
    discount: np.ndarray
    sellable: np.ndarray
    due_item: np.ndarray
    due_day: np.ndarray
    quotas: np.ndarray


def browsed_items(
    world: World, day: Day, user: np.ndarray, is_first: np.ndarray, is_known: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(item of each step, whether it is bought again): a category of one's own, most often the one just looked at."""
    people, n = world.people, len(user)
    draw = rng.random((6, n))
    place = (draw[0][:, None] > people.favourite_edges[user]).sum(axis=1)
    category = people.favourite[user, np.minimum(place, people.favourite.shape[1] - 1)]
    anywhere = np.searchsorted(day.category_edges, rng.random(n) * day.category_edges[-1], side="right")
    category = np.where(draw[1] < _EXPLORES, np.minimum(anywhere, len(day.category_edges) - 1), category)
    moves = is_first | (draw[2] >= _STAYS)
    category = category[np.maximum.accumulate(np.where(moves, np.arange(n), 0))]
    style = np.where(draw[3] < _OWN_STYLE, people.style[user], (draw[3] * 1e4).astype(np.int64) % N_STYLES)
    item = _from_cells(world, day, category * N_STYLES + style, draw[4])
    nth, slots = np.arange(n) - np.maximum.accumulate(np.where(is_first, np.arange(n), 0)), day.due_item.shape[1]
    slot = nth % slots  # by turns, so that a visit asks for each but once
    due = day.due_item[user, slot]
    again = is_known & (nth < slots) & (draw[5] < _REORDERS) & (due >= 0) & (day.due_day[user, slot] <= day.number)
    again &= day.sellable[due]
    return np.where(again, due, item), again


def _from_cells(world: World, day: Day, cell: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """An item of each cell by the day's weights; from the whole catalogue where the cell has nothing on sale."""
    start = world.catalogue.cell_start
    low, high = day.item_edges[start[cell]], day.item_edges[start[cell + 1]]
    empty = high <= low
    low, high = np.where(empty, 0.0, low), np.where(empty, day.item_edges[-1], high)
    # rounding must not reach the next cell, whose first item may not be on sale
    point = np.minimum(low + draw * (high - low), np.nextafter(high, 0.0))
    return world.catalogue.by_cell[np.searchsorted(day.item_edges, point, side="right") - 1]
