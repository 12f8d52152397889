"""The catalogue of a simulated shop: what is sold, how much it is liked, when it comes and goes."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.rows import id_table
from recs.simulate.spec import DAY_MS, HOUR_MS, Purpose, ShopSpec, stream
from recs.simulate.vocabulary import DEPARTMENTS, STYLES

NEVER = 1 << 30  # a day after every run
RETIRE_HOUR = 3  # a visit that began before midnight may still buy
N_STYLES = len(STYLES)
# a unit sold for each event, about: measured on a default shop, sets the first stock
UNITS_PER_EVENT = 0.06


@dataclass(frozen=True)
class Catalogue:
    """Arrays by item code. ``cell``: category and style in one number; ``by_cell``: item codes sorted by cell.

    launch_day, retire_day: days of the run; an item is drawn from launch_day to the day before retire_day, and is
    taken off at RETIRE_HOUR of retire_day. known_at_ms: when it entered the catalogue. appeal: popularity weight.
    """

    ids: np.ndarray
    category: np.ndarray
    style: np.ndarray
    cell: np.ndarray
    by_cell: np.ndarray
    cell_start: np.ndarray
    weight: np.ndarray
    quality: np.ndarray
    cents: np.ndarray
    cost_cents: np.ndarray
    elasticity: np.ndarray
    launch_day: np.ndarray
    retire_day: np.ndarray
    known_at_ms: np.ndarray
    slope: np.ndarray
    fad_size: np.ndarray
    fad_day: np.ndarray
    fad_width: np.ndarray
    brand: np.ndarray
    seller: np.ndarray
    gap_days: np.ndarray  # days until a unit is used up; 0: it never is
    return_chance: np.ndarray
    first_stock: np.ndarray
    category_names: tuple[tuple[str, str], ...]  # (department, noun) by category code

    def __len__(self) -> int:
        return len(self.category)

    def retire_ms(self, spec: ShopSpec) -> np.ndarray:
        """When each item is taken off, far away for those that stay."""
        return spec.start_ms + self.retire_day.astype(np.int64) * DAY_MS + RETIRE_HOUR * HOUR_MS

    def trend(self, day: int) -> np.ndarray:
        """Popularity on a day: slow growth or decline, and fads that swell and pass."""
        age = (day - self.fad_day) / self.fad_width
        return self.weight * np.exp(self.slope * day) * (1 + self.fad_size * np.exp(-0.5 * age * age))

    def on_sale(self, day: int) -> np.ndarray:
        return (self.launch_day <= day) & (day < self.retire_day)


def make_catalogue(spec: ShopSpec) -> Catalogue:
    """Draw the catalogue: Zipf-like popularity, categories of uneven size, prices by department."""
    rng, n = stream(spec.seed, Purpose.CATALOGUE), spec.items
    every = [(department, noun) for department, (nouns, *_) in DEPARTMENTS.items() for noun in nouns]
    n_categories = int(np.clip(n // 20, 4, len(every)))
    names = tuple(every[i] for i in np.sort(rng.permutation(len(every))[:n_categories]))
    share = rng.gamma(2.0, 1.0, n_categories) + 0.2
    category = rng.choice(n_categories, n, p=share / share.sum()).astype(np.int32)
    style = rng.integers(0, N_STYLES, n).astype(np.int32)
    cell = category * N_STYLES + style
    by_cell = np.argsort(cell, kind="stable").astype(np.int32)
    weight = (rng.permutation(n) + 1.0 + n / 500) ** -0.9
    weight /= weight.sum()
    level, used_up, returned = (np.array([DEPARTMENTS[d][i] for d, _ in names]) for i in (1, 2, 3))
    price = level[category] * rng.lognormal(0, 0.45, n) * np.where(style == STYLES.index("premium"), 1.8, 1.0)
    cents = np.maximum(np.round(price).astype(np.int32) * 100 - 1, 49).astype(np.int32)
    launch_day, retire_day = _life(rng, spec)
    before = rng.integers(1, 700, n)
    known_at = spec.start_ms + np.where(launch_day > 0, launch_day, -before).astype(np.int64) * DAY_MS
    return Catalogue(
        ids=id_table("i", rng.permutation(n)),
        category=category,
        style=style,
        cell=cell,
        by_cell=by_cell,
        cell_start=np.searchsorted(cell[by_cell], np.arange(n_categories * N_STYLES + 1)),
        weight=weight,
        quality=rng.normal(0, 1, n),
        cents=cents,
        cost_cents=np.maximum((cents * rng.uniform(0.45, 0.8, n)).astype(np.int32), 1),
        elasticity=rng.uniform(1, 4, n),
        launch_day=launch_day,
        retire_day=retire_day,
        known_at_ms=known_at,
        slope=np.clip(rng.normal(0, 0.004, n), -0.01, 0.01),
        fad_size=np.where(rng.random(n) < 0.05, rng.uniform(2, 8, n), 0.0),
        fad_day=rng.uniform(0, spec.days, n),
        fad_width=rng.uniform(2, 10, n),
        brand=rng.integers(0, max(4, n // 40), n).astype(np.int32),
        seller=rng.integers(0, max(3, n // 60), n).astype(np.int32),
        gap_days=np.where(used_up[category], rng.integers(5, 40, n), 0).astype(np.int32),
        return_chance=returned[category] * rng.uniform(0.5, 1.5, n),
        first_stock=_first_stock(rng, spec, weight),
        category_names=names,
    )


def _life(rng: np.random.Generator, spec: ShopSpec) -> tuple[np.ndarray, np.ndarray]:
    """(launch_day, retire_day): one in six comes during the run, one in ten goes; nothing lives for less than a day."""
    n = spec.items
    launch = np.where(rng.random(n) < 1 / 6, rng.integers(0, spec.days, n), 0).astype(np.int32)
    leaves = launch + 1 + rng.integers(0, max(spec.days, 2), n)
    return launch, np.where(rng.random(n) < 0.1, leaves, NEVER).astype(np.int32)


def _first_stock(rng: np.random.Generator, spec: ShopSpec, weight: np.ndarray) -> np.ndarray:
    """One to three weeks of what is expected to be sold."""
    a_day = weight * spec.events_per_day * UNITS_PER_EVENT
    return np.ceil(3 + a_day * rng.uniform(7, 21, len(weight))).astype(np.int64)
