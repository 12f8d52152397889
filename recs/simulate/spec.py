"""What is asked of a simulated shop, and the random streams that make every hour of it reproducible on its own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Literal

import numpy as np

from recs.errors import ConfigError

HOURS = 24
HOUR_MS = 3_600_000
DAY_MS = HOURS * HOUR_MS
MOST_DAYS = 3_650
FIRST_DAY = date(2026, 1, 1)


class Purpose(IntEnum):
    """What a random stream is for. A new purpose goes last, so that the others keep their numbers."""

    CATALOGUE = 1
    PEOPLE = 2
    PROMOTIONS = 3
    BOTS = 4
    BURSTS = 5
    SESSIONS = 6
    FOLLOWUPS = 7
    LATENESS = 8
    DIRT = 9
    DELIVERIES = 10
    CLICKS = 11
    REORDERS = 12


@dataclass(frozen=True)
class ShopSpec:
    """The size and the seed of a shop. ``dirt``: bad rows per good row; ``bots``: share of events made by programs.

    ``bad_files``: how many truncated files lie beside the good ones. ConfigError names what cannot be.
    """

    users: int
    items: int
    days: int
    events_per_day: int
    seed: int
    first_day: date = FIRST_DAY
    dirt: float = 0.01
    bots: float = 0.02
    bad_files: int = 0
    format: Literal["jsonl", "parquet"] = "jsonl"

    def __post_init__(self) -> None:
        ranges = {
            "users": (1, 500_000_000),
            "items": (20, 50_000_000),
            "days": (1, MOST_DAYS),
            "events_per_day": (24, 10_000_000_000),
            "seed": (0, 2**63 - 1),
            "dirt": (0, 0.5),
            "bots": (0, 0.5),
            "bad_files": (0, self.days * HOURS),
        }
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigError(f"{name} is {value}", f"use a value from {least:,} to {most:,}")
        if self.format not in ("jsonl", "parquet"):
            raise ConfigError(f"format is {self.format!r}", "use jsonl or parquet")

    @property
    def start_ms(self) -> int:
        """Midnight UTC of the first day, in milliseconds since 1970."""
        return (
            int(datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC).timestamp()) * 1000
        )

    @property
    def hours(self) -> int:
        return self.days * HOURS

    def day(self, number: int) -> date:
        """The date of a day of the run, 0 being the first."""
        return self.first_day + timedelta(days=int(number))


def stream(seed: int, purpose: Purpose, day: int = 0, hour: int = 0) -> np.random.Generator:
    """The random numbers of one purpose on one hour of the run: they depend on nothing that was drawn before."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, purpose << 48 | day << 8 | hour], np.uint64)))
