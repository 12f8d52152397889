"""Sorting gated rows into valid, quarantined and duplicate: exact, in DuckDB, whatever the thread count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs.contracts import Contract, arrow_schema, gate_sql
from recs.contracts.reading import quoted
from recs.ingest.duplicates import Duplicates, given, paths
from recs.ingest.inputs import flag_tables
from recs.ingest.mapping import mapping_sql
from recs.ingest.seen import KEYS_SQL, SeenKeys
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
        careful: bool = False,
    ) -> None:
        """retracted: files of the rows that corrections have taken back so far. catalogues: raw files of each table
        that flags look into. spill: a folder for when memory runs short. careful: see ``Duplicates``.
        """
        self.contract = contract
        self.by_first_arrival = contract.deduplicate == "first_arrival"
        few = pa.dictionary(pa.int32(), pa.string())
        schema = [(f.name, few if f.name in ("source", "source_file") else f.type) for f in arrow_schema(contract)]
        self._schema = pa.schema([*schema, ("_part", pa.int32()), ("_row", pa.int64()), ("_key", pa.uint64())])
        self.connection = duckdb.connect()
        self.connection.execute("set threads = ?", [threads])
        self.connection.execute("set memory_limit = '1500MB'")
        self.connection.execute("set temp_directory = ?", [str(spill)])
        self.seen = seen
        self._duplicates = Duplicates(contract, seen, retracted, self.connection, careful=careful)
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
        self._files, self._gated = files, None
        self._tables: list[pa.Table] = []
        self._is_again = np.empty(0, bool)

    def add(self, source: Source, drop: Drop, needed: tuple[str, ...], rows: pa.Table) -> None:
        """Type and judge the rows of one drop: its format's columns, _line, _problem, _file_no, arrival_date."""
        self.connection.execute("set timezone = ?", [source.zone])
        mapped = mapping_sql(source, drop, self.contract, "_rows", needed)
        gated = gate_sql(self.contract, f"({mapped})")
        columns = ", ".join(quoted(field.name) for field in self.contract.arriving)
        # the optimizer moves a cast that occurs twice out of TRY, where one bad value would end the run
        self.connection.execute("set disabled_optimizers = 'common_subexpressions'")
        with given(self.connection, _rows=rows):
            judged = self.connection.sql(
                f"""select *, case when len(_rules) = 0 then {self._key_sql()} else 0 end as _key
                from (select {columns}, _line, _file_no, case when _is_none then _own
                    when len(_own) > 0 then list_concat(_own, _rules) else _rules end as _rules from ({gated}))"""
            )
            self._tables.append(_batches_in_order(judged.to_arrow_table()))
        self.connection.execute("reset disabled_optimizers")

    def finish(self, settle: Callable[[], None], replaced: pa.Table | None = None) -> None:
        """Decide on every row of the chunk; ``settle`` and ``replaced`` as for ``Duplicates``."""
        if self.by_first_arrival:
            good = self._good(*self.contract.key, "_key")
            self.mark_again(self._duplicates.seen_before(good, settle, replaced))
            self.mark_again(self._duplicates.repeats(self._good(*self.contract.key, "_key"), self.contract.key))
        else:
            same = ["arrival_date", *(field.name for field in self.contract.arriving)]
            self.mark_again(self._duplicates.repeats(self._good(*same[1:]), same))

    def prove(self) -> None:
        """Compare the events of which so far only keys were compared. KeysCollide where they differ."""
        self._duplicates.prove()

    def mark_again(self, rows: np.ndarray) -> None:
        """Count further rows as duplicates, by ``_row``."""
        self._is_again[rows] = True

    def _chunk(self) -> pa.Table:
        """All rows of the chunk, with their number ``_row``."""
        if self._gated is None:
            whole = pa.concat_tables(self._tables) if self._tables else self._no_rows()
            self._gated = whole.append_column("_row", pa.array(np.arange(whole.num_rows)))
            self._is_good = pc.equal(pc.list_value_length(whole["_rules"]), 0).to_numpy()
            self._is_again = np.zeros(whole.num_rows, bool)
        return self._gated

    def _no_rows(self) -> pa.Table:
        own = [
            ("_line", pa.int64()),
            ("_file_no", pa.int32()),
            ("_rules", pa.list_(pa.string())),
            ("_key", pa.uint64()),
        ]
        arriving = [arrow_schema(self.contract).field(field.name) for field in self.contract.arriving]
        return pa.schema([*arriving, *own]).empty_table()

    def _good(self, *names: str) -> pa.Table:
        """Some columns of the good rows that are no duplicates as far as is known, and where they came from."""
        chunk = self._chunk()
        found = chunk.select(["_row", "_line", "_file_no", *names]).filter(pa.array(self._is_good & ~self._is_again))
        origins = self._origins(found["_file_no"].to_numpy())
        for name in ("_part", "arrival_date"):
            found = found.append_column(name, origins[name])
        return found

    def candidates(self) -> pa.Table:
        """Every row that keeps its contract, before any is found to be a duplicate; columns as in ``rows``."""
        return self.rows()

    def rows(self) -> pa.Table:
        """Good rows with the contract's schema, and ``_part``, ``_row``, ``_key``, in order of arrival.

        Duplicates are left out.
        """
        chunk = self._chunk()
        found = chunk.drop_columns(["_rules"]).filter(pa.array(self._is_good & ~self._is_again))
        found = _in_order(found, self._parts)
        for name, column in self._origins(found["_file_no"].to_numpy()).items():
            found = found.append_column(name, column)
        for name, column in self._flags(found["_row"].to_numpy()).items():
            found = found.append_column(name, column)
        return found.rename_columns({"_line": "source_line"}).select(self._schema.names).cast(self._schema)

    @property
    def _parts(self) -> np.ndarray:
        return np.array([file.part for file in self._files], np.int32)

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
        flags, chunk = {}, self._chunk()
        hours = [datetime.combine(file.day, time(file.hour)) for file in self._files]
        files = pa.table(
            {"_file_no": pa.array(range(len(hours)), pa.int32()), "at": pa.array(hours, pa.timestamp("us"))}
        )
        for table, (flag, field, _) in flag_tables(self.contract).items():
            # known only from an hour after the row arrived counts as unknown: the past must not learn
            with given(self.connection, _rows=chunk.select([field, "_row", "_file_no"]), _files=files):
                unknown = self.connection.sql(
                    f"""select _row from _rows left join {quoted(f"_known_{table}")} k on k.id = {quoted(field)}
                    join _files using (_file_no)
                    where {quoted(field)} is not null and coalesce(k.since > _files.at, true)"""
                ).to_arrow_table()
            is_unknown = np.zeros(chunk.num_rows, bool)
            is_unknown[unknown["_row"].to_numpy()] = True
            flags[flag] = pa.array(is_unknown[rows])
        return flags

    def quarantined(self) -> pa.Table:
        """_file_no, source_line, rules ('; '-joined) of the quarantined rows, sorted."""
        bad = self._bad()
        joined = pc.binary_join(bad["_rules"], "; ")
        found = pa.table({"_file_no": bad["_file_no"], "source_line": bad["_line"], "rules": joined})
        return found.sort_by([("_file_no", "ascending"), ("source_line", "ascending")])

    def counts(self) -> list[tuple[int, str, int]]:
        """(file number, status, rows), sorted."""
        self._chunk()
        names = (VALID, DUPLICATE, QUARANTINED)
        status = np.where(self._is_good, np.where(self._is_again, 1, 0), 2)
        places = self._chunk()["_file_no"].to_numpy() * len(names) + status
        return sorted(
            (place // len(names), names[place % len(names)], int(n)) for place, n in enumerate(np.bincount(places)) if n
        )

    def reasons(self) -> list[tuple[int, str, int]]:
        """(file number, rule, rows that broke it), sorted; a row that broke two rules counts under both."""
        bad = self._bad()
        rules = bad["_rules"].combine_chunks()
        files = bad["_file_no"].combine_chunks().take(pc.list_parent_indices(rules))
        found = (
            pa.table({"file": files, "rule": rules.flatten()}).group_by(["file", "rule"]).aggregate([([], "count_all")])
        )
        return sorted(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def _bad(self) -> pa.Table:
        return self._chunk().select(["_file_no", "_line", "_rules"]).filter(pa.array(~self._is_good))

    def _key_sql(self) -> str:
        names = [quoted(name) for name in self.contract.key]
        text = names[0] if len(names) == 1 else f"concat_ws(chr(0), {', '.join(f'{name}::varchar' for name in names)})"
        return KEYS_SQL.format(text) if self.by_first_arrival else "0::ubigint"


def _batches_in_order(rows: pa.Table) -> pa.Table:
    """The engine's threads hand in batches that are in order each; put so here, they need not be copied later."""
    batches = sorted(rows.to_batches(), key=lambda b: (b["_file_no"][0].as_py(), b["_line"][0].as_py()))
    return pa.Table.from_batches(batches, rows.schema)


def _in_order(rows: pa.Table, parts: np.ndarray) -> pa.Table:
    """Sorted by part, file and line; mostly they are already."""
    file, line = (rows[name].to_numpy() for name in ("_file_no", "_line"))
    place = parts[file].astype(np.int64) * len(parts) + file
    same = place[1:] == place[:-1]
    if ((place[1:] > place[:-1]) | (same & (line[1:] > line[:-1]))).all():
        return rows
    return rows.take(pa.array(np.lexsort((line, place))))
