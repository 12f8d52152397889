"""Making the next thing while the one before it is used."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")
_END = object()


def one_ahead(items: Iterable[Made]) -> Generator[Made]:
    """The items in order, the next of them in the making in a thread while one is used."""
    source = iter(items)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(next, source, _END)
        while (item := running.result()) is not _END:
            running = thread.submit(next, source, _END)
            yield item  # type: ignore[misc]
