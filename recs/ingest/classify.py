"""Sorting gated rows into valid, quarantined and duplicate: exact, in DuckDB, whatever the thread count."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs.contracts import Contract, arrow_schema, gate_sql
from recs.contracts.reading import quoted, text_literal
from recs.ingest.inputs import flag_tables
from recs.ingest.mapping import mapping_sql
from recs.ingest.seen import HORIZON_DAYS, KEYS_SQL, SeenKeys, each_once
from recs.ingest.source import Drop, Source

VALID, QUARANTINED, DUPLICATE = "valid", "quarantined", "duplicate"


@dataclass(frozen=True)
class ChunkFile:
    """One file of a chunk, or the piece of it that a part holds. Its number is its place in the chunk."""

    source: str
    file: str
    day: date
    hour: int
    part: int


class Classifier:
    """One DuckDB connection that takes chunks of rows in order of arrival and knows what has arrived before."""

    def __init__(
        self,
        contract: Contract,
        seen: SeenKeys,
        *,
        retracted: Callable[[], list[Path]],
        catalogues: dict[str, list[Path]],
        spill: Path,
        threads: int = 2,
    ) -> None:
        """retracted: files of the rows that corrections have taken back so far. catalogues: raw files of each table
        that flags look into. spill: a folder for when memory runs short.
        """
        self.contract = contract
        self.by_first_arrival = contract.deduplicate == "first_arrival"
        few = pa.dictionary(pa.int32(), pa.string())
        schema = [(f.name, few if f.name in ("source", "source_file") else f.type) for f in arrow_schema(contract)]
        self._schema = pa.schema([*schema, ("_part", pa.int32()), ("_row", pa.int64()), ("_key", pa.uint64())])
        self.seen, self.retracted = seen, retracted
        self.connection = duckdb.connect()
        self.connection.execute("set threads = ?", [threads])
        self.connection.execute("set memory_limit = '1500MB'")
        self.connection.execute("set temp_directory = ?", [str(spill)])
        for table, (_, _, column) in flag_tables(contract).items():
            self._learn(table, column, catalogues.get(table, []))

    def _learn(self, table: str, column: str, files: list[Path]) -> None:
        """Since which hour of arrival each id of a referenced table is known."""
        known = quoted(f"_known_{table}")
        self.connection.execute(f"create table {known} (id varchar, since timestamp)")
        if files:
            since = "min(arrival_date + to_hours(arrival_hour))"
            query = f"select {quoted(column)}, {since} from read_parquet({paths(files)}) group by all"
            self.connection.execute(f"insert into {known} {query}")

    def close(self) -> None:
        self.connection.close()

    def start(self, files: Sequence[ChunkFile]) -> None:
        """Forget the rows of the chunk before. The rows that are added name their file by its number."""
        self._run("drop table if exists _gated; drop table if exists _files; drop table if exists _again")
        self._files, self._parts = files, np.array([file.part for file in files], np.int32)
        columns = {name: [getattr(file, name) for file in files] for name in ("source", "file", "day", "hour", "part")}
        table = pa.table({"_file_no": pa.array(range(len(files)), pa.int32()), **columns})
        with self._given("_given", table):
            self._run(
                """create table _files as select _file_no, source::varchar as source, file::varchar as source_file,
                day::date as arrival_date, hour::tinyint as arrival_hour, part::integer as _part from _given"""
            )
        typed = [f"{quoted(f.name)} {f.type}" for f in self.contract.arriving]
        self._run(
            f"create table _gated ({', '.join(typed)}, _line bigint, _file_no integer, _rules varchar[], _key ubigint)"
        )

    def add(self, source: Source, drop: Drop, needed: tuple[str, ...], rows: pa.Table) -> None:
        """Type and judge the rows of one drop: its format's columns, _line, _problem, _file_no, arrival_date."""
        self.connection.execute("set timezone = ?", [source.zone])
        gated = gate_sql(self.contract, f"({mapping_sql(source, drop, self.contract, '_rows', needed)})")
        # the optimizer moves a cast that occurs twice out of TRY, where one bad value would end the run
        self._run("set disabled_optimizers = 'common_subexpressions'")
        with self._given("_rows", rows):
            self._run(
                f"""insert into _gated by name select *, case when len(_rules) = 0 then {self._key_sql()} end as _key
                from (select * exclude (_rules, _own, _is_none, arrival_date), case when _is_none then _own
                    when len(_own) > 0 then list_concat(_own, _rules) else _rules end as _rules from ({gated}))"""
            )
        self._run("reset disabled_optimizers")

    def finish(self, settle: Callable[[], None], replaced: pa.Table | None = None) -> None:
        """Decide on every row of the chunk.

        settle: waits until earlier parts are on disk. replaced: key columns of the events that a correction in this
        chunk takes back or brings again, which therefore do not count as seen.
        """
        self._run("create or replace table _again (_row bigint)")
        if self.by_first_arrival:
            self._find_seen(settle, replaced)
            self._find_repeats(self.contract.key)
        else:
            self._find_repeats(["arrival_date", *(f.name for f in self.contract.arriving)])

    def mark_again(self, rows: pa.Table) -> None:
        """Count further rows as duplicates, by ``_row``."""
        with self._given("_marked", rows):
            self._run("insert into _again select _row from _marked")

    def _find_seen(self, settle: Callable[[], None], replaced: pa.Table | None) -> None:
        """Rows whose event an earlier part holds: their keys are looked up first, then the events compared."""
        keys = self._table("select _key from _gated where _key is not null")["_key"].to_numpy()
        if self.seen.needs_files:
            settle()
        known = self.seen.known(each_once(keys))
        if not len(known):
            return
        settle()
        first_day = self.connection.execute("select min(arrival_date) from _files").fetchall()[0][0]
        places = self.seen.rows_of(known, first_day)
        if not places:
            return
        own = [quoted(name) for name in self.contract.key]
        names, place = ", ".join(own), ("source_file", "source_line")
        live = f"select {names}, arrival_date, {', '.join(place)} from read_parquet({paths(places)}) s"
        if retracted := self.retracted():
            live += f" where not exists ({_like(f'read_parquet({paths(retracted)})', [*own, *place])})"
        with self._given("_maybe", pa.table({"k": known})), self._given("_replaced", replaced or self._no_keys()):
            self._run(
                f"""insert into _again
                with maybe as (
                    select _gated.rowid as _row, {names}, arrival_date from _gated s join _files using (_file_no)
                    where _key in (select k from _maybe) and not exists ({_like("_replaced", own)})
                )
                select distinct maybe._row from maybe join ({live}) live using ({names})
                where live.arrival_date >= maybe.arrival_date - {HORIZON_DAYS}""".replace("_gated.rowid", "s.rowid")
            )

    def _find_repeats(self, same: Sequence[str]) -> None:
        """Rows of the chunk whose like came before in the chunk; the earliest arrival wins, then file, then line."""
        left = "from _gated g join _files using (_file_no) where len(_rules) = 0"
        left += " and g.rowid not in (select _row from _again)"
        if self.by_first_arrival:  # nearly all keys occur once
            left += " and _key in (select _key from _gated where _key is not null group by _key having count(*) > 1)"
        columns = ", ".join(quoted(name) for name in same)
        self._run(
            f"""insert into _again select _row from (
                select g.rowid as _row,
                       row_number() over (partition by {columns} order by _part, _file_no, _line) as n {left}
            ) where n > 1"""
        )

    def candidates(self) -> pa.Table:
        """Every row that keeps its contract, before any is found to be a duplicate; columns as in ``rows``."""
        self._run("create or replace table _again (_row bigint)")
        return self.rows()

    def rows(self) -> pa.Table:
        """Good rows with the contract's schema, and ``_part``, ``_row``, ``_key``, in order of arrival.

        Duplicates are left out.
        """
        arriving = ", ".join(quoted(field.name) for field in self.contract.arriving)
        found = self._table(
            f"select {arriving}, _line, _file_no, _key, rowid as _row from _gated where len(_rules) = 0"
        )
        again = self._table("select _row from _again")["_row"]
        if len(again):
            found = found.filter(pc.invert(pc.is_in(found["_row"], again.combine_chunks())))
        found = _in_order(found, self._parts)
        for name, column in self._origins(found["_file_no"].to_numpy()).items():
            found = found.append_column(name, column)
        for name, column in self._flags(found["_row"].to_numpy()).items():
            found = found.append_column(name, column)
        return found.rename_columns({"_line": "source_line"}).select(self._schema.names).cast(self._schema)

    def _origins(self, numbers: np.ndarray) -> dict[str, pa.Array]:
        """Where and when each row came from, by the number of its file; names as dictionaries, since few differ."""
        places = pa.array(numbers, pa.int32())
        names = {
            name: pa.array([getattr(file, name) for file in self._files], pa.string()) for name in ("source", "file")
        }
        days = pa.array([file.day for file in self._files], pa.date32())
        hours = pa.array([file.hour for file in self._files], pa.int8())
        return {
            "source": pa.DictionaryArray.from_arrays(places, names["source"]),
            "source_file": pa.DictionaryArray.from_arrays(places, names["file"]),
            "arrival_date": days.take(places),
            "arrival_hour": hours.take(places),
            "_part": pa.array(self._parts[numbers]),
        }

    def _flags(self, rows: np.ndarray) -> dict[str, pa.Array]:
        """The contract's flags of some rows: references that were unknown when the row arrived."""
        flags = {}
        for table, (flag, field, _) in flag_tables(self.contract).items():
            known = quoted(f"_known_{table}")
            # known only from an hour after the row arrived counts as unknown: the past must not learn
            unknown = self._table(
                f"""select g.rowid as r
                from _gated g join _files f using (_file_no) left join {known} k on k.id = {field}
                where len(_rules) = 0 and {field} is not null
                and coalesce(k.since > f.arrival_date + to_hours(f.arrival_hour), true)"""
            )
            is_unknown = np.zeros(self._count(), bool)
            is_unknown[unknown["r"].to_numpy()] = True
            flags[flag] = pa.array(is_unknown[rows])
        return flags

    def _count(self) -> int:
        return int(self.connection.execute("select count(*) from _gated").fetchall()[0][0])

    def quarantined(self) -> pa.Table:
        """_file_no, source_line, rules ('; '-joined) of the quarantined rows, sorted."""
        return self._table(
            """select _file_no, _line as source_line, list_aggregate(_rules, 'string_agg', '; ') as rules
            from _gated where len(_rules) > 0 order by _file_no, _line"""
        )

    def counts(self) -> list[tuple[int, str, int]]:
        """(file number, status, rows), sorted."""
        status = f"""case when len(_rules) > 0 then '{QUARANTINED}'
            when rowid in (select _row from _again) then '{DUPLICATE}' else '{VALID}' end"""
        return self.connection.execute(
            f"select _file_no, {status}, count(*) from _gated group by all order by all"
        ).fetchall()

    def reasons(self) -> list[tuple[int, str, int]]:
        """(file number, rule, rows that broke it), sorted; a row that broke two rules counts under both."""
        query = """select _file_no, rule, count(*) from (
            select _file_no, unnest(_rules) as rule from _gated where len(_rules) > 0) group by all order by all"""
        return self.connection.execute(query).fetchall()

    def _key_sql(self) -> str:
        names = [quoted(name) for name in self.contract.key]
        text = names[0] if len(names) == 1 else f"concat_ws(chr(0), {', '.join(f'{name}::varchar' for name in names)})"
        return KEYS_SQL.format(text) if self.by_first_arrival else "0::ubigint"

    def _no_keys(self) -> pa.Table:
        return pa.schema([(name, pa.string()) for name in self.contract.key]).empty_table()

    @contextmanager
    def _given(self, name: str, rows: pa.Table) -> Iterator[None]:
        """A table of Python's under a name, for a while."""
        self.connection.register(name, rows)
        yield
        self.connection.unregister(name)

    def _table(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()

    def _run(self, query: str) -> None:
        self.connection.execute(query)


def _in_order(rows: pa.Table, parts: np.ndarray) -> pa.Table:
    """Sorted by part, file and line; mostly they are already."""
    file, line = (rows[name].to_numpy() for name in ("_file_no", "_line"))
    place = parts[file].astype(np.int64) * len(parts) + file
    same = place[1:] == place[:-1]
    if ((place[1:] > place[:-1]) | (same & (line[1:] > line[:-1]))).all():
        return rows
    return rows.take(pa.array(np.lexsort((line, place))))


def _like(relation: str, names: Iterable[str]) -> str:
    """A row of ``relation`` that has the names in common with s."""
    return f"select 1 from {relation} o where {' and '.join(f'o.{name} = s.{name}' for name in names)}"


def paths(files: Iterable[Path]) -> str:
    """Arguments of ``read_parquet`` for some files."""
    return "[" + ", ".join(text_literal(str(path)) for path in files) + "], hive_partitioning = false"
