"""The SQL that turns a drop's text columns into a contract's columns, ready for the gate."""

import re

from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal
from recs.ingest.source import LINE_ID, Drop, Source

_CANNOT_FAIL = re.compile(r"[A-Za-z_]\w*|'[^']*'|null|true|false")


def needs_line_ids(drop: Drop, contract: Contract) -> bool:
    """Whether the drop has no event ids of its own, or builds them from ours."""
    sqls = (drop.columns.get(name, _default(name, contract)) for name in contract.key)
    return any(LINE_ID in sql for sql in sqls)


def mapping_sql(source: Source, drop: Drop, contract: Contract, relation: str) -> str:
    """SELECT over ``relation`` (text columns, _file, _line, _hour, arrival_date): arriving fields and engine columns.

    ``_thrown`` lists the fields whose expression failed on the row; such a field is null.
    """
    expressions = {f.name: drop.columns.get(f.name, _default(f.name, contract)) for f in contract.arriving}
    guarded = {name: sql for name, sql in expressions.items() if not _CANNOT_FAIL.fullmatch(sql.strip())}
    inner = [f"{_tried(sql) if name in guarded else sql} as {_mapped(name)}" for name, sql in expressions.items()]
    outer = [f"{_mapped(name)}{'.v' if name in guarded else ''} as {quoted(name)}" for name in expressions]
    failed = ", ".join(f"case when {_mapped(name)} is null then {text_literal(name)} end" for name in guarded)
    any_failed = " or ".join(f"{_mapped(name)} is null" for name in guarded) or "false"
    thrown = f"case when {any_failed} then list_filter([{failed}], lambda n: n is not null) else []::varchar[] end"
    return f"""
with mapped as (select {", ".join(inner)}, _file, _line, _hour, arrival_date from {relation})
select {", ".join(outer)}, {thrown if guarded else "[]::varchar[]"} as _thrown,
       {text_literal(source.name)} as source, _file as source_file, _line as source_line, arrival_date,
       _hour as arrival_hour
from mapped"""


def _default(name: str, contract: Contract) -> str:
    return LINE_ID if name == contract.line_identity else "null::varchar"


def _tried(sql: str) -> str:
    return f"try(struct_pack(v := ({sql})))"  # null when the expression fails, a null inside when it yields null


def _mapped(name: str) -> str:
    return quoted(f"_mapped_{name}")
