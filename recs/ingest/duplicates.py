"""Which good rows of a chunk are events that have arrived before, in the chunk itself or in an earlier part."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal
from recs.ingest.seen import HORIZON_DAYS, SeenKeys, each_once, repeated

MOST_UNPROVED = 1_000_000  # rows whose ids are kept until they are compared


class KeysCollide(Exception):
    """Two different events have one key, or one was seen too long ago to count: compare events at once instead."""


class Duplicates:
    """Finds them by key, and compares the events themselves before a day is committed.

    careful: compares them at once, at the price of reading the ids of earlier parts with every chunk. So it is done
    too where corrections have taken rows back, since an event that was taken back is not seen.
    """

    def __init__(
        self,
        contract: Contract,
        seen: SeenKeys,
        retracted: Callable[[], list[Path]],
        connection: duckdb.DuckDBPyConnection,
        *,
        careful: bool = False,
    ) -> None:
        self.contract, self.seen, self.retracted, self.careful = contract, seen, retracted, careful
        self.connection = connection
        self._unproved: list[pa.Table] = []
        self._settle: Callable[[], None] = lambda: None

    def seen_before(self, good: pa.Table, settle: Callable[[], None], replaced: pa.Table | None) -> np.ndarray:
        """``_row`` of the good rows whose event an earlier part holds.

        good: the contract's key, _row, _key, arrival_date. settle: waits until earlier parts are on disk. replaced: key
        columns of events that a correction takes back or brings again, which therefore do not count as seen.
        """
        self._settle = settle
        if self.seen.needs_files:
            settle()
        keys = good["_key"].to_numpy()
        known = self.seen.known(each_once(keys))
        if not len(known):
            return np.empty(0, np.int64)
        suspects = good.filter(np.isin(keys, known))
        if self.careful or replaced is not None or self.retracted():
            settle()
            return self._rows_seen(suspects, replaced)
        self._unproved.append(suspects)
        if sum(rows.num_rows for rows in self._unproved) > MOST_UNPROVED:
            self.prove()
        return np.asarray(suspects["_row"].to_numpy())

    def prove(self) -> None:
        """Compare by their ids the events of which so far the keys were compared. KeysCollide where they differ."""
        if not self._unproved:
            return
        self._settle()
        suspects = pa.concat_tables(self._unproved)
        self._unproved = []
        suspects = suspects.set_column(0, "_row", pa.array(np.arange(suspects.num_rows)))
        if len(self._rows_seen(suspects, None)) < suspects.num_rows:
            raise KeysCollide

    def _rows_seen(self, suspects: pa.Table, replaced: pa.Table | None) -> np.ndarray:
        first_day: date = min(suspects["arrival_date"].unique().to_pylist())
        places = self.seen.rows_of(each_once(suspects["_key"].to_numpy()), first_day)
        if not places:
            return np.empty(0, np.int64)
        own = [quoted(name) for name in self.contract.key]
        names, place = ", ".join(own), ("source_file", "source_line")
        retracted = self.retracted()
        origin = f", {', '.join(place)}" if retracted else ""
        live = f"select {names}, arrival_date{origin} from read_parquet({paths(places)}) s"
        if retracted:
            live += f" where not exists ({_like(f'read_parquet({paths(retracted)})', [*own, *place])})"
        is_wanted = f"where not exists ({_like('_replaced', own)})"
        none = pa.schema([(name, pa.string()) for name in self.contract.key]).empty_table()
        with given(self.connection, _suspects=suspects, _replaced=none if replaced is None else replaced):
            found = self.connection.sql(
                f"""select distinct suspect._row
                from (select * from _suspects s {is_wanted}) suspect join ({live}) live using ({names})
                where live.arrival_date >= suspect.arrival_date - {HORIZON_DAYS}"""
            )
            return np.asarray(found.to_arrow_table()["_row"].to_numpy())

    def repeats(self, good: pa.Table, same: Sequence[str]) -> np.ndarray:
        """``_row`` of the good rows whose like came before in the chunk: the earliest part wins, then file, then line.

        good: the columns of ``same``, _row, _key, _part, _file_no, _line.
        """
        if self.contract.deduplicate == "first_arrival":  # nearly all keys occur once
            keys = good["_key"].to_numpy()
            good = good.filter(np.isin(keys, repeated(keys)))
        if not good.num_rows:
            return np.empty(0, np.int64)
        columns = ", ".join(quoted(name) for name in same)
        with given(self.connection, _alike=good):
            found = self.connection.sql(
                f"""select _row from (
                    select _row, row_number() over (partition by {columns} order by _part, _file_no, _line) as n
                    from _alike
                ) where n > 1"""
            )
            return np.asarray(found.to_arrow_table()["_row"].to_numpy())


@contextmanager
def given(connection: duckdb.DuckDBPyConnection, **tables: pa.Table) -> Iterator[None]:
    """Python's tables under names, for a while."""
    for name, rows in tables.items():
        connection.register(name, rows)
    try:
        yield
    finally:
        for name in tables:
            connection.unregister(name)


def paths(files: Iterable[Path]) -> str:
    """Arguments of ``read_parquet`` for some files."""
    return "[" + ", ".join(text_literal(str(path)) for path in files) + "], hive_partitioning = false"


def _like(relation: str, names: Iterable[str]) -> str:
    """A row of ``relation`` that has the names in common with s."""
    return f"select 1 from {relation} o where {' and '.join(f'o.{name} = s.{name}' for name in names)}"
