"""What a changed file takes back: the rows of its earlier versions that it no longer holds, or holds otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from recs.contracts import Contract, arrow_schema
from recs.contracts.reading import quoted, text_literal
from recs.ingest.ledger import Entry


@dataclass(frozen=True)
class Correction:
    """``retracted``: rows as they were, with the correction's arrival. ``unchanged``: ``_row`` of rows known as they
    are. ``replaced``: the key columns of what is taken back.
    """

    retracted: pa.Table
    unchanged: pa.Table
    replaced: pa.Table


def correction(
    contract: Contract,
    rows: pa.Table,
    entry: Entry,
    files: Sequence[str],
    raw: Sequence[Path],
    retracted: Sequence[Path],
) -> Correction:
    """Compare the good rows of a correction (with ``_row``) with what is left of its earlier versions.

    files: the earlier versions' names; raw, retracted: the Parquet files that may hold their rows.
    """
    keys, fields = [quoted(name) for name in contract.key], [quoted(f.name) for f in contract.arriving]
    names = ", ".join(quoted(name) for name in arrow_schema(contract).names)
    listed = ", ".join(text_literal(file) for file in files)
    same = " and ".join(f"l.{name} is not distinct from n.{name}" for name in fields)
    place = [*keys, "source_file", "source_line"]
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("new_rows", rows)
        connection.execute(f"create table live as {_union(raw, names, f'source_file in ({listed})', rows)}")
        connection.execute(f"create table gone as {_union(retracted, names, f'source_file in ({listed})', rows)}")
        taken = " and ".join(f"g.{name} = l.{name}" for name in place)
        connection.execute(f"delete from live l where exists (select 1 from gone g where {taken})")
        unchanged = (
            f"select min(n._row) as _row, any_value(l.rowid) as l from live l join new_rows n on {same} group by "
        )
        connection.execute(f"create table unchanged as {unchanged} l.rowid")
        left = "from live where rowid not in (select l from unchanged)"
        arrival = f"date '{entry.arrival_date}' as arrival_date, {entry.arrival_hour}::tinyint as arrival_hour"
        back = connection.sql(f"select * replace ({arrival}) {left} order by source_file, source_line")
        replaced = connection.sql(f"select distinct {', '.join(keys)} {left}").to_arrow_table()
        known = connection.sql("select distinct _row from unchanged").to_arrow_table()
        return Correction(back.to_arrow_table().cast(arrow_schema(contract)), known, replaced)


def _union(paths: Sequence[Path], names: str, where: str, like: pa.Table) -> str:
    if not paths:
        return f"select {names} from new_rows limit 0"
    listed = ", ".join(text_literal(str(path)) for path in paths)
    return f"select {names} from read_parquet([{listed}], hive_partitioning = false) where {where}"
