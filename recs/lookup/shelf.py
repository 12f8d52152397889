"""The releases that one process answers from: the one in force, and earlier ones that page tokens still point to."""

from collections.abc import Callable, Hashable

from recs.lookup.lookup import Answer, Lookup
from recs.lookup.query import Query, ReleaseGoneError
from recs.lookup.tokens import read_token
from recs.store import Store, StoreError

MOST_OPEN = 4


class Shelf:
    """Open releases of a store. Looks at the pointer before each answer, never within one. For one thread.

    on_miss hears of each record that cannot be used; on_trouble hears, in words, of a release that cannot be opened.
    """

    def __init__(
        self,
        store: Store,
        on_miss: Callable[[str], None] = lambda kind: None,
        on_trouble: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._store = store
        self._on_miss = on_miss
        self._on_trouble = on_trouble
        self._open: dict[str, Lookup] = {}
        self._current: Lookup | None = None
        self._stamp: Hashable = None

    def answer(self, query: Query, *, request_id: str) -> Answer:
        """StoreError before the first release; QueryError for what cannot be asked or a token whose release is gone."""
        if query.page_token is not None:
            walk = read_token(query)
            return self._pinned(walk.release_id).answer(query, request_id=request_id, walk=walk)
        lookup = self.current()
        if lookup is None:
            raise StoreError("no release is in force", "publish one, for example with `aisle demo`")
        return lookup.answer(query, request_id=request_id)

    def current(self, *, retry: bool = False) -> Lookup | None:
        """The release in force, or the last one that could be opened. ``retry`` tries again after a failure."""
        stamp = self._store.stamp()
        if stamp is not None and (stamp != self._stamp or self._current is None or retry):
            self._stamp = stamp
            self._follow()
        return self._current

    def close(self) -> None:
        for lookup in self._open.values():
            lookup.close()
        self._open, self._current, self._stamp = {}, None, None

    def _follow(self) -> None:
        try:
            pointer = self._store.active()
            if pointer is not None:
                self._current = self._opened(pointer.release_id)
        except StoreError as error:
            self._on_trouble(str(error))

    def _pinned(self, release_id: str) -> Lookup:
        try:
            if release_id in self._open or self._store.has(release_id):
                return self._opened(release_id)
        except StoreError as error:
            self._on_trouble(str(error))
        raise ReleaseGoneError("page_token", "belongs to a release that is no longer kept", "start again without it")

    def _opened(self, release_id: str) -> Lookup:
        """The open release, made the youngest; the oldest one that is not in force is closed when there are many."""
        lookup = self._open.pop(release_id, None)
        if lookup is None:
            reader = self._store.reader(release_id)
            try:
                lookup = Lookup(reader, self._on_miss)
            except StoreError:
                reader.close()
                raise
        self._open[release_id] = lookup
        for name in list(self._open)[:-1]:
            if len(self._open) > MOST_OPEN and self._open[name] is not self._current:
                self._open.pop(name).close()
        return lookup
