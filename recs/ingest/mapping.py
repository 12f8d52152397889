"""The SQL that turns a drop's records into a contract's columns, ready for the gate."""

import json
import re

from recs.contracts import Contract
from recs.contracts.reading import quoted, text_literal
from recs.ingest.formats.json_lines import TEXT
from recs.ingest.source import LINE_ID, Drop, Source

_CANNOT_FAIL = re.compile(r"[A-Za-z_]\w*|'[^']*'|null(::varchar)?|true|false")
CARRIED = ("_line", "_file_no", "arrival_date")


def needs_line_ids(drop: Drop, contract: Contract) -> bool:
    """Whether the drop has no event ids of its own, or builds them from ours."""
    sqls = (drop.columns.get(name, _default(name, contract)) for name in contract.key)
    return any(LINE_ID in sql for sql in sqls)


def mapping_sql(source: Source, drop: Drop, contract: Contract, relation: str, needed: tuple[str, ...]) -> str:
    """SELECT over ``relation`` (a format's columns, _line, _problem, _file_no, arrival_date): the arriving fields.

    ``_thrown`` lists the fields whose expression failed on the row; such a field is null. ``_own`` lists the rules of
    the source itself that the row breaks; a record that is none breaks one such rule.
    """
    expressions = {f.name: drop.columns.get(f.name, _default(f.name, contract)) for f in contract.arriving}
    guarded = {name: sql for name, sql in expressions.items() if not _CANNOT_FAIL.fullmatch(sql.strip())}
    inner = [f"{_tried(sql) if name in guarded else sql} as {_mapped(name)}" for name, sql in expressions.items()]
    inner += [f"coalesce(try({condition}), false) as {_ruled(rule)}" for rule, condition in drop.quarantine.items()]
    outer = [f"{_mapped(name)}{'.v' if name in guarded else ''} as {quoted(name)}" for name in expressions]
    failed = ", ".join(f"case when {_mapped(name)} is null then {text_literal(name)} end" for name in guarded)
    any_failed = " or ".join(f"{_mapped(name)} is null" for name in guarded) or "false"
    thrown = f"case when {any_failed} then list_filter([{failed}], lambda n: n is not null) else []::varchar[] end"
    own = "[]::varchar[]"
    if drop.quarantine:
        names = ", ".join(
            f"case when {_ruled(rule)} then {text_literal(f'source:{rule}')} end" for rule in drop.quarantine
        )
        any_own = " or ".join(_ruled(rule) for rule in drop.quarantine)
        own = f"case when {any_own} then list_filter([{names}], lambda n: n is not null) else {own} end"
    carried = ", ".join(CARRIED)
    fields = fields_sql(source, drop, relation, needed, with_ids=needs_line_ids(drop, contract))
    return f"""
with fields as ({fields}),
mapped as (select {", ".join(inner)}, _problem, {carried} from fields)
select {", ".join(outer)}, {thrown if guarded else "[]::varchar[]"} as _thrown,
       case when _problem is not null then [_problem] else {own} end as _own,
       _problem is not null as _is_none, {carried}
from mapped"""


def fields_sql(source: Source, drop: Drop, relation: str, needed: tuple[str, ...], *, with_ids: bool) -> str:
    """The columns that expressions may name, all text, with _problem and what is carried along."""
    ids = f", {_line_id_sql(source)} as {LINE_ID}" if with_ids else ""
    if drop.format != "json_lines":
        as_is = {name: quoted(name) for name in drop.alone}
        texts = "".join(f"{as_is.get(name, f'{quoted(name)}::varchar')} as {quoted(name)}, " for name in needed)
        return f"select {texts}_problem, {', '.join(CARRIED)}{ids} from {relation}"
    kinds = text_literal(json.dumps(dict.fromkeys(needed, "VARCHAR")))
    fields = "".join(f"_fields.{quoted(name)} as {quoted(name)}, " for name in needed)
    extra = ""
    if drop.unknown_columns == "refuse":
        known = ", ".join(text_literal(name) for name in (*needed, *drop.known_columns))
        unknown = f"len(list_filter(json_keys({TEXT}), lambda k: k not in ({known}))) > 0"
        extra = f" when {unknown} then 'line:unknown_field'"
    parsed = f"case when _is_object then from_json({TEXT}, {kinds}) end as _fields, " if needed else ""
    start = f"ltrim({TEXT}, ' ' || chr(9) || chr(13))"
    return f"""
select {fields}case when _problem is not null then _problem when not _is_object then 'line:json'{extra} end as _problem,
       {", ".join(CARRIED)}{ids}
from (select *, {parsed} from (
    select *, _problem is null and json_valid({TEXT}) and starts_with({start}, '{{') as _is_object from {relation}
))"""


def _line_id_sql(source: Source) -> str:
    """A hash of the source and the record's text and, where repeats count, of its occurrence number in the file."""
    text = f"rtrim({TEXT}, chr(13) || chr(10))"
    occurrence = ""
    if source.repeated_lines == "keep":
        occurrence = f" || chr(0) || row_number() over (partition by _file_no, {text} order by _line)"
    return f"substr(sha256({text_literal(source.name)} || chr(0) || {text}{occurrence}), 1, 32)"


def _default(name: str, contract: Contract) -> str:
    return LINE_ID if name == contract.line_identity else "null::varchar"


def _tried(sql: str) -> str:
    return f"try(struct_pack(v := ({sql})))"  # null when the expression fails, a null inside when it yields null


def _mapped(name: str) -> str:
    return quoted(f"_mapped_{name}")


def _ruled(rule: str) -> str:
    return quoted(f"_ruled_{rule}")
