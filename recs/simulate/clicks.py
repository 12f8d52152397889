"""What simulated shoppers do with any list they are shown: two click models over the same latent appeal.

Position-based model: Richardson, Dominowska and Ragno, "Predicting Clicks", WWW 2007. Cascade model: Craswell et al.,
"An Experimental Comparison of Click Position-Bias Models", WSDM 2008, here with several clicks as in the dependent
click model (Guo, Liu and Wang, "Efficient Multiple-Click Models in Web Search", WSDM 2009).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recs.simulate.spec import Purpose, stream
from recs.simulate.world import World, appeal

NO_ITEM = -1
_CLICK_LEVEL = -2.6  # log-odds that an item of no appeal is clicked once looked at
_BUY_LEVEL = -3.2


@dataclass(frozen=True)
class PositionBased:
    """A position is looked at with chance ``rank ** -severity``, whatever stands above it."""

    severity: float = 0.8

    def examination(self, k: int) -> np.ndarray:
        """(k,) chance that each position is looked at."""
        return np.arange(1, k + 1) ** -self.severity

    def looked_at(self, liked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.random(liked.shape) < self.examination(liked.shape[1])


@dataclass(frozen=True)
class Cascade:
    """From the top down: a liked item is clicked; a click ends the look with chance ``satisfaction``.

    patience: chance to go on below an item that ended nothing.
    """

    satisfaction: float = 0.7
    patience: float = 0.95

    def looked_at(self, liked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        ends = liked & (rng.random(liked.shape) < self.satisfaction)
        ends |= rng.random(liked.shape) >= self.patience
        ended_above: np.ndarray = np.cumsum(ends, axis=1) - ends
        return ended_above == 0


ClickModel = PositionBased | Cascade
MODELS: dict[Literal["position", "cascade"], ClickModel] = {"position": PositionBased(), "cascade": Cascade()}


@dataclass(frozen=True)
class Responses:
    """(n, k) booleans: what was looked at, clicked, and bought."""

    looked_at: np.ndarray
    clicks: np.ndarray
    purchases: np.ndarray


def click_chances(world: World, users: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """(n, k) chance that each item is clicked once it is looked at; 0 where there is none."""
    return np.where(lists == NO_ITEM, 0.0, _chance(_liking(world, users, lists) + _CLICK_LEVEL))


def buy_chances(world: World, users: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """(n, k) chance that each item is bought once it is clicked; 0 where there is none."""
    return np.where(lists == NO_ITEM, 0.0, _chance(_liking(world, users, lists) + _BUY_LEVEL))


def responses(world: World, users: np.ndarray, lists: np.ndarray, seed: int, model: ClickModel) -> Responses:
    """What ``users`` (n codes) do with ``lists`` (n, k item codes; NO_ITEM leaves a place empty).

    The same seed gives the same. A click needs a look and liking, a purchase needs a click. ValueError where shapes or
    codes do not fit the shop.
    """
    users, lists = np.asarray(users), np.asarray(lists)
    _check(world, users, lists)
    rng = stream(seed, Purpose.CLICKS)
    liked = rng.random(lists.shape) < click_chances(world, users, lists)
    wanted = rng.random(lists.shape) < buy_chances(world, users, lists)
    looked_at = model.looked_at(liked, rng)
    clicks = liked & looked_at
    return Responses(looked_at, clicks, clicks & wanted)


def _liking(world: World, users: np.ndarray, lists: np.ndarray) -> np.ndarray:
    return appeal(world, np.broadcast_to(users[:, None], lists.shape), np.maximum(lists, 0))


def _check(world: World, users: np.ndarray, lists: np.ndarray) -> None:
    if lists.ndim != 2 or users.shape != lists.shape[:1]:
        raise ValueError(f"lists must be (n, k) and users (n,), got {lists.shape} and {users.shape}")
    for name, codes, least, end in (
        ("user", users, 0, len(world.people)),
        ("item", lists, NO_ITEM, len(world.catalogue)),
    ):
        if codes.size and not (least <= codes.min() and codes.max() < end):
            raise ValueError(f"{name} codes must be from {least} to {end - 1}, got {codes.min()} to {codes.max()}")


def _chance(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))
