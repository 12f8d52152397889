"""Sorting gated rows into valid, quarantined and duplicate: exact, in DuckDB, whatever the thread count."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from recs.contracts import ENGINE_FIELDS, Contract, arrow_schema, gate_sql
from recs.contracts.reading import quoted, text_literal
from recs.ingest.inputs import flag_tables
from recs.ingest.mapping import mapping_sql
from recs.ingest.source import Drop, Source

VALID, QUARANTINED, DUPLICATE = "valid", "quarantined", "duplicate"


class Classifier:
    """One DuckDB connection that takes chunks of days in ascending order and remembers which events it has seen."""

    def __init__(
        self,
        contract: Contract,
        *,
        earlier: Iterable[Path],
        catalogues: dict[str, list[Path]],
        spill: Path,
        threads: int = 2,
    ) -> None:
        """earlier: raw files of days that are not built now; catalogues: raw files of each table that flags look into.

        spill: a folder that the engine makes when memory runs short, and removes.
        """
        self.contract = contract
        self.connection = duckdb.connect()
        self.connection.execute("set threads = ?", [threads])
        self.connection.execute("set memory_limit = '2GB'")
        self.connection.execute("set temp_directory = ?", [str(spill)])
        self._remember(earlier)
        for table, (_, _, column) in flag_tables(contract).items():
            self._learn(table, column, catalogues.get(table, []))

    def _remember(self, earlier: Iterable[Path]) -> None:
        """The keys of earlier arrivals."""
        keys = ", ".join(quoted(name) for name in self.contract.key)
        typed = ", ".join(f"{quoted(name)} {self.contract.field(name).type}" for name in self.contract.key)
        self.connection.execute(f"create table _seen ({typed}, arrival_date date)")
        if files := list(earlier):
            self.connection.execute(f"insert into _seen select {keys}, arrival_date from read_parquet({_paths(files)})")

    def _learn(self, table: str, column: str, files: list[Path]) -> None:
        """Since when each id of a referenced table is known."""
        known = quoted(f"_known_{table}")
        self.connection.execute(f"create table {known} (id varchar, since date)")
        if files:
            query = f"select {quoted(column)}, min(arrival_date) from read_parquet({_paths(files)}) group by all"
            self.connection.execute(f"insert into {known} {query}")

    def close(self) -> None:
        self.connection.close()

    def start(self) -> None:
        """Forget the rows of the chunk before."""
        columns = [f"{quoted(f.name)} {f.type}" for f in (*self.contract.arriving, *ENGINE_FIELDS)]
        self.connection.execute(f"create or replace table _gated ({', '.join(columns)}, _rules varchar[])")

    def add(self, source: Source, drop: Drop, rows: pa.Table) -> None:
        """Type and judge the rows of one drop: its text columns, _file, _line, _hour and arrival_date."""
        self.connection.execute("set timezone = ?", [source.zone])
        self.connection.register("_rows", rows)
        gated = gate_sql(self.contract, f"({mapping_sql(source, drop, self.contract, '_rows')})")
        # the optimizer moves a cast that occurs twice out of TRY, where one bad value would end the run
        self.connection.execute("set disabled_optimizers = 'common_subexpressions'")
        self.connection.execute(f"insert into _gated by name {gated}")
        self.connection.execute("reset disabled_optimizers")
        self.connection.unregister("_rows")

    def finish(self) -> None:
        """Decide on every row of the chunk, and remember the events that are valid."""
        keys = ", ".join(quoted(name) for name in self.contract.key)
        self.connection.execute(f"create or replace table _placed as {self._placed_sql()}")
        if self.contract.deduplicate == "first_arrival":
            self.connection.execute(
                f"insert into _seen select {keys}, arrival_date from _placed where _status = '{VALID}'"
            )

    def valid(self) -> pa.Table:
        """Valid rows with the contract's schema, sorted by arrival day, key, file and line."""
        schema = arrow_schema(self.contract)
        names = ", ".join(quoted(name) for name in schema.names)
        keys = ", ".join(quoted(name) for name in self.contract.key)
        order = f"arrival_date, {keys}, source_file, source_line"
        return self._table(f"select {names} from _placed where _status = '{VALID}' order by {order}").cast(schema)

    def quarantined(self) -> pa.Table:
        """source_file, source_line, rules ('; '-joined) of the quarantined rows, sorted."""
        return self._table(
            f"""select source_file, source_line, list_aggregate(_rules, 'string_agg', '; ') as rules
            from _placed where _status = '{QUARANTINED}' order by source_file, source_line"""
        )

    def counts(self) -> list[tuple[str, str, int]]:
        """(file, status, rows), sorted."""
        query = "select source_file, _status, count(*) from _placed group by all order by all"
        return self.connection.execute(query).fetchall()

    def reasons(self) -> list[tuple[str, str, int]]:
        """(file, rule, rows that broke it), sorted; a row that broke two rules counts under both."""
        query = """select source_file, rule, count(*) from (select source_file, unnest(_rules) as rule from _placed)
            group by all order by all"""
        return self.connection.execute(query).fetchall()

    def _placed_sql(self) -> str:
        """Every gated row with its flags and ``_status``; earliest arrival wins, then file, then line."""
        first_arrival = self.contract.deduplicate == "first_arrival"
        same = self.contract.key if first_arrival else ["arrival_date", *(f.name for f in self.contract.arriving)]
        partition = ", ".join(f"g.{quoted(name)}" for name in same)
        match = " and ".join(f"s.{quoted(name)} = g.{quoted(name)}" for name in self.contract.key)
        match += " and s.arrival_date < g.arrival_date"
        seen = f"exists (select 1 from _seen s where {match})" if first_arrival else "false"
        flags, joins = self._flags_sql()
        return f"""
select g.*{flags},
       case when len(g._rules) > 0 then '{QUARANTINED}'
            when {seen} then '{DUPLICATE}'
            when row_number() over (partition by len(g._rules) > 0, {partition}
                                    order by g.arrival_date, g.source_file, g.source_line) > 1 then '{DUPLICATE}'
            else '{VALID}' end as _status
from _gated g {joins}"""

    def _flags_sql(self) -> tuple[str, str]:
        columns, joins = "", ""
        for table, (flag, field, _) in flag_tables(self.contract).items():
            known, name = quoted(f"_known_{table}"), f"g.{quoted(field)}"
            # known only from the day after the row arrived counts as unknown: the past must not learn
            columns += f", {name} is not null and coalesce({known}.since > g.arrival_date, true) as {quoted(flag)}"
            joins += f" left join {known} on {known}.id = {name}"
        return columns, joins

    def _table(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()


def _paths(files: Iterable[Path]) -> str:
    return "[" + ", ".join(text_literal(str(path)) for path in files) + "], hive_partitioning = false"
