"""Pools: for each shopper and purpose, a few hundred candidates with what every channel says of each."""

from typing import Literal

Purpose = Literal["discover", "repeat"]
PURPOSES: tuple[Purpose, ...] = ("discover", "repeat")  # items new to the shopper; items they own
