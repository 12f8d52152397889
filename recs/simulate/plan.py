"""What is known before the first visit: events an hour, promotions, and when programs and sellers misbehave."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.items import Catalogue
from recs.simulate.spec import DAY_MS, HOUR_MS, HOURS, Purpose, ShopSpec, stream

# share of a day by hour, UTC: people at work look around at noon and buy in the evening; at weekends they start later
_WORKDAY = (
    1.2,
    0.7,
    0.4,
    0.3,
    0.3,
    0.5,
    1.4,
    2.8,
    3.8,
    4.2,
    4.6,
    5.2,
    6.2,
    5.6,
    4.9,
    4.8,
    5.1,
    5.8,
    6.6,
    7.6,
    8.6,
    8.4,
    6.0,
    3.0,
)
_WEEKEND = (
    2.0,
    1.3,
    0.8,
    0.5,
    0.4,
    0.4,
    0.8,
    1.6,
    3.0,
    4.6,
    5.8,
    6.2,
    6.2,
    6.0,
    5.9,
    5.8,
    5.8,
    5.8,
    6.2,
    6.8,
    7.4,
    7.0,
    5.4,
    3.3,
)
_WEEKDAYS = (1.02, 0.98, 0.96, 0.97, 1.0, 1.06, 1.16)  # Monday first
_GROWTH_A_DAY = 0.0015
BOT_EVENTS_A_VISIT = 400
BURST_EVENTS = 3  # view, cart, purchase


def hour_targets(spec: ShopSpec) -> np.ndarray:
    """(days, 24) events that happen in each hour; whole numbers that sum to days * events_per_day."""
    days = np.arange(spec.days)
    weekday = (spec.first_day.weekday() + days) % 7
    level = np.array(_WEEKDAYS)[weekday] * np.exp(_GROWTH_A_DAY * days)
    shapes = np.array([_WORKDAY, _WEEKEND])
    shapes /= shapes.sum(axis=1, keepdims=True)
    share = (level / level.sum())[:, None] * shapes[(weekday >= 5).astype(int)]
    until = np.round(np.cumsum(share.ravel()) / share.sum() * spec.days * spec.events_per_day).astype(np.int64)
    return np.diff(until, prepend=0).reshape(spec.days, HOURS)


@dataclass(frozen=True)
class Promotions:
    """Arrays, one row a promotion of an item: first and last day of the run, days it is known ahead, price off."""

    item: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    known_day: np.ndarray
    is_mailer: np.ndarray
    discount: np.ndarray
    store_share: np.ndarray

    def discounts(self, day: int, n_items: int) -> np.ndarray:
        """Share taken off each item's price on a day; the largest wins."""
        off = np.zeros(n_items)
        runs = (self.first_day <= day) & (day <= self.last_day)
        np.maximum.at(off, self.item[runs], self.discount[runs])
        return off


def make_promotions(spec: ShopSpec, catalogue: Catalogue) -> Promotions:
    """Every seventh day from the first on, one item in thirty is promoted for three to seven days, everywhere."""
    rng = stream(spec.seed, Purpose.PROMOTIONS)
    starts = np.arange(0, spec.days, 7)
    count = max(1, len(catalogue) // 30)
    item = np.concatenate([rng.choice(len(catalogue), count, replace=False) for _ in starts]).astype(np.int32)
    first = np.repeat(starts, count)
    last = first + rng.integers(2, 7, len(item))
    lives = (catalogue.launch_day[item] <= first) & (last < catalogue.retire_day[item])
    mailer = rng.random(len(item)) < 0.5
    return Promotions(
        item=item[lives],
        first_day=first[lives],
        last_day=last[lives],
        known_day=np.where(mailer, first - 7, first - 1)[lives],
        is_mailer=mailer[lives],
        discount=np.round(rng.uniform(0.1, 0.4, len(item)), 2)[lives],
        store_share=np.round(rng.uniform(0.2, 1.0, len(item)), 3)[lives],
    )


@dataclass(frozen=True)
class Bursts:
    """Arrays, one row a purchase by a fresh account; ``starts``: (burst, item, first ms, last ms) of each burst."""

    burst: np.ndarray
    item: np.ndarray
    at_ms: np.ndarray
    signed_up_ms: np.ndarray
    starts: tuple[tuple[int, int, int, int], ...]


def make_bursts(spec: ShopSpec, catalogue: Catalogue) -> Bursts:
    """About one seller a week has an item bought by accounts made within the day before, in one to five hours."""
    rng = stream(spec.seed, Purpose.BURSTS)
    count = max(1, spec.days // 7) if spec.bots > 0 and spec.events_per_day >= 200 else 0
    accounts = int(np.clip(spec.events_per_day * 0.004, 8, 300))
    first_day = min(1, spec.days - 1)
    columns: tuple[list[np.ndarray], ...] = ([], [], [], [])
    starts = []
    for number in range(count):
        day = int(rng.integers(first_day, spec.days))
        can = np.flatnonzero(catalogue.on_sale(day) & catalogue.on_sale(day + 1))
        code = int(rng.choice(can[np.argsort(catalogue.weight[can], kind="stable")][: max(1, len(can) // 2)]))
        begin = spec.start_ms + day * DAY_MS + int(rng.integers(8, 17)) * HOUR_MS
        moments = np.sort(begin + rng.integers(0, int(rng.integers(1, 6)) * HOUR_MS, accounts))
        signed_up = begin - rng.integers(60_000, DAY_MS, accounts)
        made = np.full(accounts, number), np.full(accounts, code), moments, signed_up
        for column, values in zip(columns, made, strict=True):
            column.append(values)
        starts.append((number, code, int(moments[0]), int(moments[-1])))
    burst, item, at, signed = (np.concatenate(column or [np.zeros(0, np.int64)]) for column in columns)
    return Bursts(burst, item, at, signed, tuple(starts))


@dataclass(frozen=True)
class BotVisits:
    """Arrays, one row a visit of a program: day and hour of the run, which bot (0 is the first), how many events."""

    hour: np.ndarray
    bot: np.ndarray
    events: np.ndarray


def bot_count(spec: ShopSpec) -> int:
    """How many accounts are programs: four at least, one of each kind."""
    return max(4, spec.users // 2000) if spec.bots > 0 else 0


def make_bot_visits(spec: ShopSpec, targets: np.ndarray) -> BotVisits:
    """Visits of some hundred events, which together are the asked share of each day's events."""
    rng = stream(spec.seed, Purpose.BOTS)
    n_bots = bot_count(spec)
    a_day = np.round(targets.sum(axis=1) * spec.bots).astype(np.int64)
    hour, bot, events = [], [], []
    for day, total in enumerate(a_day):
        if total < 20:
            continue
        visits = max(1, int(total) // BOT_EVENTS_A_VISIT)
        hour.append(day * HOURS + rng.integers(0, HOURS, visits))
        bot.append((rng.integers(0, n_bots) + np.arange(visits)) % n_bots)
        events.append(np.diff(np.round(np.linspace(0, total, visits + 1))).astype(np.int64))
    none = [np.zeros(0, np.int64)]
    return BotVisits(*(np.concatenate(part or none) for part in (hour, bot, events)))
