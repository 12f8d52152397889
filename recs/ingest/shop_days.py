"""The days that a shop has partitions for: what arrives on another day is told before it lands."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class ShopDays:
    """From ``first`` to ``last``, which is today where the shop goes on. ``first_line``, ``last_line``: who says so."""

    first: date
    last: date
    is_over: bool = False  # the data have ended: a line names the last day
    first_line: str = "first_day in [shop] of aisle.toml"
    last_line: str = "last_day in [shop] of aisle.toml"

    def problem(self, day: date) -> str:
        """What is wrong with an arrival on a day; nothing for a day of the shop."""
        if day < self.first:
            return f"it arrives on {day}, before the shop's first day {self.first}"
        if day > self.last and self.is_over:
            return f"it arrives on {day}, after the shop's last day {self.last}"
        return f"it arrives on {day}, which has not begun in UTC" if day > self.last else ""

    def fix(self, day: date) -> str:
        """What to change, so that a file of that day can be landed."""
        if day < self.first:
            return f"set first_day = {day} ({self.first_line})"
        if self.is_over:
            return f"set last_day = {day}, or delete the line where the shop goes on ({self.last_line})"
        return "land it on that day, or correct the date in its path"
