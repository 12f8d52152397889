"""The frames that suites look at: metrics of days, columns of a table, and rows as they were committed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs.checks.config import Checks, rules
from recs.checks.measure import Day
from recs.checks.profile import Profile
from recs.checks.suites import conditions
from recs.contracts import ENGINE_FIELDS, Contract, arrow_schema
from recs.contracts.reading import quoted, text_literal
from recs.contracts.schema import arrow_type

MOST_ROWS = 200_000
SEED = 7
ABSENT = "absent"


def measured_days(
    known: Mapping[date, Profile],
    days: Iterable[date],
    contract: Contract,
    checks: Checks,
    held: Mapping[date, Profile] | None = None,
) -> dict[date, dict[str, float | None]]:
    """Every metric that the rules of a table name, for those of the days that have a profile.

    held: profiles of days that readers do not see; they are judged, and say nothing about what is usual.
    """
    metrics = list(dict.fromkeys(rule.metric for rule in rules(contract, checks)))
    asked = {**known, **(held or {})}
    return {day: Day(asked[day], known.values(), checks).values(metrics) for day in days if day in asked}


def days_frame(measured: Mapping[date, Mapping[str, float | None]], contract: Contract, checks: Checks) -> pa.Table:
    """One row a day: ``day`` and each metric, null where it cannot be judged."""
    metrics = dict.fromkeys(rule.metric for rule in rules(contract, checks))
    columns = {"day": pa.array([day.isoformat() for day in measured], pa.string())}
    columns |= {name: pa.array([values[name] for values in measured.values()], pa.float64()) for name in metrics}
    return pa.table(columns)


def columns_frame(file: Path, contract: Contract) -> pa.Table:
    """One row a column of the contract or of the file, with its type in each."""
    wanted, found = _types(arrow_schema(contract)), _types(pq.read_schema(file))
    names = list(dict.fromkeys([*wanted, *found]))
    types = {"type": found, "contract_type": wanted}
    return pa.table({"column": names, **{c: [kinds.get(name, ABSENT) for name in names] for c, kinds in types.items()}})


def rows_frame(files: Sequence[Path], contract: Contract, most: int = MOST_ROWS, threads: int = 2) -> pa.Table:
    """Rows of a partition, at most ``most`` of them: contract columns, source_line, and one column a condition.

    Decimals become doubles. A column that the file lacks is left out, and so are conditions then.
    """
    import duckdb

    found = set(pq.read_schema(files[0]).names)
    fields = [field for field in (*contract.fields, *ENGINE_FIELDS) if field.name in found]
    shown = [field for field in fields if field in contract.fields or field.name == "source_line"]
    columns = [_column(field.name, field.type) for field in shown]
    if len(fields) == len(contract.fields) + len(ENGINE_FIELDS):
        columns += [f"({sql}) as {quoted(name)}" for name, sql in conditions(contract).items()]
    listed = ", ".join(text_literal(str(file)) for file in files)
    relation = f"read_parquet([{listed}], hive_partitioning = false)"
    if sum(pq.read_metadata(file).num_rows for file in files) > most:
        relation += f" using sample reservoir({most} rows) repeatable ({SEED})"
    with duckdb.connect() as connection:
        connection.execute("set threads = ?", [threads])
        return connection.sql(f"select {', '.join(columns)} from {relation}").to_arrow_table()


def newest_filled(profiles: Mapping[date, Profile], days: Sequence[date]) -> date | None:
    """The last of the days that has rows."""
    return max((day for day in days if day in profiles and profiles[day].rows), default=None)


def _column(name: str, kind: str) -> str:
    column = quoted(name)
    return f"{column}::double as {column}" if kind.startswith("DECIMAL") else column


def _types(schema: pa.Schema) -> dict[str, str]:
    """Types by name, as contracts tell them apart: text is text, however wide its offsets."""
    plain = {pa.large_string(): arrow_type("VARCHAR"), pa.string_view(): arrow_type("VARCHAR")}
    return {field.name: str(plain.get(field.type, field.type)) for field in schema}
