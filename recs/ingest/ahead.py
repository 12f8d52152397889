"""Making the next thing while the one before it is used."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def one_ahead(make: Callable[[Given], Made], given: Iterable[Given]) -> Generator[Made]:
    """``map(make, given)``, in order, with one call running ahead in a thread; calls never overlap each other."""
    with ThreadPoolExecutor(1) as thread:
        running = None
        for item in given:
            following = thread.submit(make, item)
            if running is not None:
                yield running.result()
            running = following
        if running is not None:
            yield running.result()
