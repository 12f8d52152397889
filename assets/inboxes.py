"""Inboxes: what lies complete in them is taken when a run begins, whoever starts it; and which days then want a run."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from orchestration.settings import Settings
from recs.ingest.inbox import take_inbox
from recs.ingest.inputs import arrivals, unbuilt_days
from recs.ingest.ledger import REFUSED, Entry, Ledger
from recs.ingest.shop_days import ShopDays
from recs.ingest.source import Source
from recs.lake import Lake

if TYPE_CHECKING:
    import dagster as dg

_TAKEN: dict[str, dict[str, list[Entry]]] = {}  # of the newest run of this process: source -> entries


def shop_days(settings: Settings, today: date) -> ShopDays:
    """The days that files may arrive on, and the lines of aisle.toml that say so."""
    last = settings.last_day
    lines = {name: _line(settings, name) for name in ("first_day", "last_day")}
    return ShopDays(settings.first_day, last or today, last is not None, lines["first_day"], lines["last_day"])


def _line(settings: Settings, name: str) -> str:
    path = settings.config / "aisle.toml"
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if line.split("=")[0].strip() == name:
            return f"line {number} of {path}"
    return f"in [shop] of {path}"


def take_inboxes(settings: Settings, sources: Sequence[Source], now: datetime) -> dict[str, list[Entry]]:
    """Take the complete files of every source's inbox; source -> what became of each. Nothing where there are none."""
    days = shop_days(settings, now.date())
    _ = settings.identity  # nothing lands for a lake that would refuse it
    found = {source.name: take_inbox(source, settings.landing, now=now, shop_days=days) for source in sources}
    return {name: entries for name, entries in found.items() if entries}


def take_for_run(
    context: "dg.AssetExecutionContext", settings: Settings, sources: Sequence[Source]
) -> dict[str, list[Entry]]:
    """The same once a run, by the first raw table that it makes; the log says what was taken and what was refused."""
    if context.run_id not in _TAKEN:
        _TAKEN.clear()
        _TAKEN[context.run_id] = take_inboxes(settings, sources, datetime.now(UTC))
        for name, entries in _TAKEN[context.run_id].items():
            context.log.info(f"{name}: {len(entries)} files and tables taken from the inbox, or known already")
            for entry in (e for e in entries if e.status == REFUSED):
                context.log.warning(f"{name}: {entry.name} stays in the inbox: {entry.reason}")
    return _TAKEN[context.run_id]


def open_day(settings: Settings, sources: Sequence[Source], today: date) -> date:
    """The day in progress: today; where the data have ended, the newest day on which something arrived."""
    if settings.last_day is None:
        return max(today, settings.first_day)
    taken = [entry.day for source in sources for entry in Ledger(settings.landing, source.name).taken()]
    return max(taken, default=settings.last_day)


def hourly_days(settings: Settings, sources: Sequence[Source], tables: Sequence[str], today: date) -> list[date]:
    """The open day, and every day of the shop on which files arrived that no partition holds yet; in order.

    While others wait, an open day on which nothing has arrived can wait as well: between them may lie a quiet year.
    """
    within, opened = shop_days(settings, today), open_day(settings, sources, today)
    lake = Lake(settings.lake)
    waiting = unbuilt_days(tables, lake=lake, landing_root=settings.landing, sources=sources)
    found = [day for day in waiting if not within.problem(day)]
    has_files = any(opened in arrivals(settings.landing, sources, table) for table in tables)
    return sorted({opened, *found}) if has_files or not found else found
