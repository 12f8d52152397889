"""The shoppers of a simulated shop: latent tastes, life cycles, and the accounts that are no shoppers."""

from dataclasses import dataclass

import numpy as np

from recs.simulate.items import N_STYLES, Catalogue
from recs.simulate.rows import id_table
from recs.simulate.spec import DAY_MS, Purpose, ShopSpec, stream
from recs.simulate.vocabulary import DEVICE_SHARES, REGION_SHARES

KINDS = ("shopper", "event_rate", "regular_gaps", "no_dwell", "one_item", "seller_burst")
SHOPPER, EVENT_RATE, REGULAR_GAPS, NO_DWELL, ONE_ITEM, SELLER_BURST = range(len(KINDS))
BOT_KINDS = (EVENT_RATE, REGULAR_GAPS, NO_DWELL, ONE_ITEM)
FAVOURITES = 5


@dataclass(frozen=True)
class People:
    """Arrays by user code; the shoppers come first, then programs, then the accounts of seller bursts.

    favourite, favourite_share (n, FAVOURITES): the categories a shopper looks at, and how often (sums to 1;
    favourite_edges: running sum).
    style: the style they prefer. thrift: how much a lower price moves them. activity: visits a day, relative.
    A shopper visits from signed_up_ms on, not from dormant_from to dormant_until, nor from leave_day on.
    """

    ids: np.ndarray
    kind: np.ndarray
    region: np.ndarray
    device: np.ndarray
    favourite: np.ndarray
    favourite_share: np.ndarray
    favourite_edges: np.ndarray
    style: np.ndarray
    thrift: np.ndarray
    activity: np.ndarray
    signed_up_ms: np.ndarray
    dormant_from: np.ndarray
    dormant_until: np.ndarray
    leave_day: np.ndarray

    def __len__(self) -> int:
        return len(self.kind)

    def visit_weight(self, spec: ShopSpec, day: int) -> np.ndarray:
        """How likely each is to visit on a day; 0 for accounts that are no shoppers."""
        signed_up = self.signed_up_ms < spec.start_ms + (day + 1) * DAY_MS
        away = (self.dormant_from <= day) & (day < self.dormant_until)
        here = signed_up & ~away & (day < self.leave_day) & (self.kind == SHOPPER)
        return np.where(here, self.activity, 0.0)


def make_people(spec: ShopSpec, catalogue: Catalogue, n_bots: int, burst_signups_ms: np.ndarray) -> People:
    """Draw ``spec.users`` shoppers, ``n_bots`` programs, and one fresh account a sign-up of a burst."""
    rng = stream(spec.seed, Purpose.PEOPLE)
    n = spec.users + n_bots + len(burst_signups_ms)
    region = rng.choice(len(REGION_SHARES), n, p=REGION_SHARES).astype(np.uint8)
    favourite, share = _tastes(rng, catalogue, region)
    signed_up = _signed_up(rng, spec, n)
    signed_up[n - len(burst_signups_ms) :] = burst_signups_ms
    signed_up[spec.users : spec.users + n_bots] = spec.start_ms - rng.integers(1, 90 * DAY_MS, n_bots)
    kind = np.zeros(n, np.uint8)
    kind[spec.users : spec.users + n_bots] = np.resize(np.array(BOT_KINDS, np.uint8), n_bots)
    kind[spec.users + n_bots :] = SELLER_BURST
    first_active = np.maximum((signed_up - spec.start_ms) // DAY_MS, 0)
    sleeps = first_active + rng.integers(5, 60, n)
    return People(
        ids=id_table("u", rng.permutation(n)),
        kind=kind,
        region=region,
        device=rng.choice(len(DEVICE_SHARES), n, p=DEVICE_SHARES).astype(np.uint8),
        favourite=favourite,
        favourite_share=share,
        favourite_edges=np.cumsum(share, axis=1),
        style=rng.integers(0, N_STYLES, n).astype(np.uint8),
        thrift=rng.gamma(2.0, 0.5, n).astype(np.float32),
        activity=np.clip(rng.lognormal(0, 1.0, n), 0.02, 30).astype(np.float32),
        signed_up_ms=signed_up,
        dormant_from=np.where(rng.random(n) < 0.25, sleeps, 1 << 30).astype(np.int32),
        dormant_until=(sleeps + rng.integers(10, 60, n)).astype(np.int32),
        leave_day=_leave_day(rng, first_active),
    )


def _tastes(rng: np.random.Generator, catalogue: Catalogue, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Favourite categories, drawn with the weights of the shopper's region, and their shares, largest first."""
    n, n_categories = len(region), len(catalogue.category_names)
    size = np.bincount(catalogue.category, minlength=n_categories) + 0.5
    tilted = size**0.5 * rng.lognormal(0, 0.8, (len(REGION_SHARES), n_categories))
    edges = np.cumsum(tilted, axis=1) / tilted.sum(axis=1, keepdims=True)
    favourite = np.empty((n, FAVOURITES), np.int32)
    for code in range(len(REGION_SHARES)):
        here = region == code
        drawn = rng.random((int(here.sum()), FAVOURITES))
        favourite[here] = np.minimum(np.searchsorted(edges[code], drawn), n_categories - 1)
    share = np.sort(rng.gamma(0.7, 1.0, (n, FAVOURITES)) + 1e-3, axis=1)[:, ::-1]
    return favourite, (share / share.sum(axis=1, keepdims=True)).astype(np.float32)


def _signed_up(rng: np.random.Generator, spec: ShopSpec, n: int) -> np.ndarray:
    """Three in four were there before the run; the others come evenly through it."""
    before = spec.start_ms - rng.integers(1, 900 * DAY_MS, n)
    during = spec.start_ms + rng.integers(0, spec.days * DAY_MS, n)
    return np.where(rng.random(n) < 0.75, before, during)


def _leave_day(rng: np.random.Generator, first_active: np.ndarray) -> np.ndarray:
    """Some leave after a visit or two, the others stay for a year on average."""
    n = len(first_active)
    short = rng.random(n) < 0.15
    stay = np.where(short, rng.integers(1, 14, n), 14 + rng.exponential(365, n).astype(np.int64))
    return (first_active + stay).astype(np.int32)
