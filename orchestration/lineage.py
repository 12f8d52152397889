"""Column lineage of dbt models: which columns of its parents each column is made from, read from the compiled SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

Lineage = Mapping[str, Sequence[tuple[str, str]]]  # column -> (parent table, column of it)


def column_lineage(compiled_sql: str, parents: Mapping[str, Mapping[str, str]]) -> Lineage:
    """Lineage of one model. parents: columns with their types, by the parent's table, ``<stage>/<name>``.

    Columns made from no column (a literal, a count) are left out. Raises sqlglot's errors on SQL it cannot read.
    """
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage

    table_of = {table.split("/")[1]: table for table in parents}
    query = parse_one(compiled_sql, dialect="duckdb")
    for reference in query.find_all(exp.Table):  # "memory"."main"."stg_events" is stg_events in the schema
        reference.set("db", None)
        reference.set("catalog", None)
        if (part_of := reference.name.removesuffix("_retracted")) in table_of:
            reference.set("this", exp.to_identifier(part_of))
    schema = {relation: dict(parents[table]) for relation, table in table_of.items()}
    roots = lineage(None, query, schema, dialect="duckdb")
    found = {column: _sources(root, table_of) for column, root in roots.items()}
    return {column: sources for column, sources in found.items() if sources}


def _sources(root: Any, table_of: Mapping[str, str]) -> list[tuple[str, str]]:
    from sqlglot import exp

    leaves = [node for node in root.walk() if not node.downstream and isinstance(node.expression, exp.Table)]
    named = [(table_of.get(node.expression.name), node.name.split(".")[-1].strip('"')) for node in leaves]
    return sorted({(table, column) for table, column in named if table})
