"""Running a simulated shop from its first hour to its last: hours are made ahead, settled in order, written behind."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from recs.errors import ConfigError
from recs.simulate.abuse import abuse_rows
from recs.simulate.browsing import Day
from recs.simulate.days import State, close_day, first_state, followups_due, open_day, settle, take_back
from recs.simulate.dirt import planned, planted
from recs.simulate.drops import DropCounts, EventWriter
from recs.simulate.items import RETIRE_HOUR
from recs.simulate.lines import make_texts
from recs.simulate.rows import ACTIONS, Dirt, in_order, joined, picked
from recs.simulate.sessions import visit_rows
from recs.simulate.spec import HOUR_MS, HOURS, Purpose, ShopSpec, stream
from recs.simulate.tables import CatalogueDrops, SignUps, promotion_rows, write_table
from recs.simulate.truth import stock_rows, write_dirt, write_shop, write_stock, write_undelivered, write_world
from recs.simulate.world import World, make_world

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
R = TypeVar("R")
_LATE_SHARE = 0.005
_VERY_LATE_SHARE = 0.2  # of the late ones: days, not hours


def generate(
    spec: ShopSpec,
    out: Path,
    *,
    threads: int = 2,
    only: Collection[int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write ``out/drops`` and ``out/truth``; returns the counts that truth/shop.json holds.

    The same spec gives the same bytes, whatever the threads. only: the hours of the run whose drops are written,
    0 being the first; their bytes are those of a full run. progress: called with each day that is done.
    ConfigError where ``out`` already holds something.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not empty", "name a new folder, or empty this one")
    world = make_world(spec)
    run = _Run(world, out, only)
    with ThreadPoolExecutor(threads) as pool:
        for number in range(spec.days):
            run.day(number, pool, ahead=threads + 1)
            if progress:
                progress(spec.day(number).isoformat())
        run.finish_writing()
    return run.write_truth()


class _Run:
    """What is under way: the state of the shop, events on their way to a later hour, and files being written."""

    def __init__(self, world: World, out: Path, only: Collection[int] | None) -> None:
        self.world, self.only = world, only
        self.drops, self.truth = out / "drops", out / "truth"
        self.state: State = first_state(world)
        self.writer = EventWriter(world, make_texts(world), self.drops)
        self.catalogue, self.sign_ups = CatalogueDrops(world), SignUps(world)
        self.coming: dict[int, list[np.ndarray]] = {}  # hour of arrival -> rows that happened before it
        self.writing: deque[Future[list[DropCounts]]] = deque()
        self.counts: list[DropCounts] = []
        self.stock: list[pl.DataFrame] = []
        self.happened = np.zeros(len(ACTIONS), np.int64)
        self.undelivered: list[np.ndarray] = []
        self.tables = {"items": 0, "users": 0, "promotions": 0}
        self.planned_before = 0

    def day(self, number: int, pool: ThreadPoolExecutor, ahead: int) -> None:
        state, opening = self.state, self.state.stock.copy()
        today = open_day(self.world, state, number)

        def made(hour: int) -> np.ndarray:
            return joined([visit_rows(self.world, today, hour), abuse_rows(self.world, today, hour)])

        for hour, rows in enumerate(_ahead(pool, made, range(HOURS), ahead)):
            of_run = number * HOURS + hour
            due = followups_due(state, of_run)
            take_back(state, due)
            self._tables_of_hour(today, hour, *settle(self.world, state, today, hour, rows))
            arrived = self._arrived(number, hour, joined([rows, due]))
            self._write(pool, of_run, *arrived, ahead=ahead)
        self.stock.append(stock_rows(self.world, opening, state, number))
        close_day(self.world, state, today)

    def _tables_of_hour(self, today: Day, hour: int, gone: np.ndarray, gone_at: np.ndarray) -> None:
        number, state = today.number, self.state
        of_run = number * HOURS + hour
        items = [self.catalogue.opening(number, today.cents, self.opened(today))] if hour == 0 else []
        if hour == RETIRE_HOUR:
            items.append(self.catalogue.retiring(number, state.stock))
        items.append(self.catalogue.closing(gone, gone_at, state.stock))
        new, promoted = self.sign_ups.of_hour(of_run), promotion_rows(self.world, of_run)
        for table, parts in (("items", items), ("users", [new]), ("promotions", [promoted])):
            if self.only is None or of_run in self.only:
                self.tables[table] += write_table(self.world, self.drops, table, of_run, parts)

    def opened(self, today: Day) -> np.ndarray:
        """Stock as the day opened, the first hour's sales put back."""
        return self.state.stock + self.state.sold

    def _arrived(self, day: int, hour: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(what arrives in this hour in the order of its file, a number a row for the ways to spoil it)."""
        spec, of_run = self.world.spec, day * HOURS + hour
        self.happened += np.bincount(rows["action"], minlength=len(ACTIONS))
        rng = stream(spec.seed, Purpose.LATENESS, day, hour)
        arrival = _arrival(spec, rows, rng)
        rows = joined([*self.coming.pop(of_run, []), self._sent_on(rows, arrival, of_run)])
        repeats = rows["dirt"] == Dirt.DUPLICATE_LATER
        events = int(self.world.targets[day, hour])
        wanted = planned(spec, self.planned_before, events)
        self.planned_before += events
        bad, later = planted(spec, day, hour, picked(rows, ~repeats), wanted)
        for due, copies in later.items():
            self.coming.setdefault(due, []).append(copies)
        rows = joined([rows, bad])
        key = rows["at"].copy()
        mixed = rows["dirt"] != Dirt.CLEAN
        begin = spec.start_ms + of_run * HOUR_MS
        key[mixed] = begin + rng.integers(0, HOUR_MS, int(mixed.sum()))
        rows = in_order(rows, key)
        return rows, rng.integers(0, 2**31, len(rows))

    def _sent_on(self, rows: np.ndarray, arrival: np.ndarray, of_run: int) -> np.ndarray:
        """The rows that arrive now; the others are put down for their hour. After the run nothing arrives."""
        for due in np.unique(arrival[(arrival > of_run) & (arrival < self.world.spec.hours)]):
            self.coming.setdefault(int(due), []).append(picked(rows, arrival == due))
        self.undelivered.append(picked(rows, arrival >= self.world.spec.hours))
        return picked(rows, arrival <= of_run)

    def _write(self, pool: ThreadPoolExecutor, of_run: int, rows: np.ndarray, draws: np.ndarray, ahead: int) -> None:
        if self.only is not None and of_run not in self.only:
            return
        spec = self.world.spec
        broken = of_run * spec.bad_files // spec.hours != (of_run + 1) * spec.bad_files // spec.hours
        self.writing.append(pool.submit(self.writer.write, of_run, rows, draws, broken=broken))
        while len(self.writing) > ahead:
            self.counts += self.writing.popleft().result()

    def finish_writing(self) -> None:
        while self.writing:
            self.counts += self.writing.popleft().result()

    def write_truth(self) -> dict[str, Any]:
        write_world(self.world, self.truth)
        write_stock(self.stock, self.truth)
        undelivered = joined(self.undelivered)
        write_undelivered(self.world, undelivered, self.truth)
        dirt = write_dirt(self.counts, self.truth)
        told = {
            "events": int(self.happened.sum()),
            "actions": dict(zip(ACTIONS, self.happened.tolist(), strict=True)),
            "undelivered": len(undelivered),
            "event_drops": dirt,
            "table_rows": self.tables,
        }
        write_shop(self.world, told, self.truth)
        return told


def _arrival(spec: ShopSpec, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hour of the run in which each row arrives: its own, for a few some hours or days later."""
    own = (rows["at"] - spec.start_ms) // HOUR_MS
    late, very = rng.random(len(rows)) < _LATE_SHARE, rng.random(len(rows)) < _VERY_LATE_SHARE
    hours = np.where(very, rng.integers(24, 72, len(rows)), rng.integers(1, 7, len(rows)))
    return np.where(late, own + hours, own)


def _ahead(pool: ThreadPoolExecutor, make: Callable[[T], R], what: Iterable[T], ahead: int) -> Iterator[R]:
    """``make`` of each in order, with some made ahead in the pool."""
    waiting: deque[Future[R]] = deque()
    for one in what:
        waiting.append(pool.submit(make, one))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
