"""The row gate: one SQL statement that types every value and lists the rules a row breaks."""

from recs.contracts.model import Contract, Field
from recs.contracts.reading import quoted, text_literal

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}
_FINITE = {"FLOAT", "DOUBLE", "DATE"}


def gate_sql(contract: Contract, relation: str) -> str:
    """SELECT over ``relation``, which holds a column of any type for each arriving field and ``arrival_date``.

    Returns those fields typed, every other column as it was, and ``_rules``: VARCHAR[] of ``<field>:<rule>``, empty
    for a good row. A ``_thrown`` VARCHAR[] of the relation (fields whose expression failed) counts as ``type``.
    Times without an offset are read in the connection's TimeZone; the result is UTC.
    """
    fields = contract.arriving
    names = ", ".join(quoted(f.name) for f in fields)
    raws = ", ".join(f"{quoted(f.name)} as {_raw(f)}" for f in fields)
    raw_names = ", ".join(_raw(f) for f in fields)
    typed = ", ".join(f"{_typed(f)} as {quoted(f.name)}" for f in fields)
    checks = [check for f in fields for check in _checks(f)]
    broken = " or ".join(f"coalesce({condition}, false)" for _, condition in checks)
    listed = ", ".join(f"case when {condition} then {text_literal(name)} end" for name, condition in checks)
    return f"""
with raw as (select * exclude ({names}), {raws} from {relation}),
typed as (select *, {typed} from raw)
select * exclude ({raw_names}, _thrown),
       case when {broken} then list_filter([{listed}], lambda name: name is not null) else []::varchar[] end as _rules
from typed"""


def _raw(field: Field) -> str:
    return quoted(f"_raw_{field.name}")


def _typed(field: Field) -> str:
    if field.type == "TIMESTAMP":
        # twice as fast as timezone('UTC', ...); an infinite time becomes null
        return f"make_timestamp(epoch_us(try_cast({_raw(field)} as timestamptz)))"
    return f"try_cast({_raw(field)} as {field.type})"


def _checks(field: Field) -> list[tuple[str, str]]:
    """(rule as reported, condition under which it is broken) in order: type, required, then the contract's."""
    name, raw = quoted(field.name), _raw(field)
    thrown = f"list_contains(_thrown, {text_literal(field.name)})"
    mistyped = thrown if field.type == "VARCHAR" else f"{thrown} or ({raw} is not null and {name} is null)"
    if field.type in _INTEGERS:
        mistyped += f" or try_cast({raw} as double) <> {name}"  # a cast alone rounds 1.7 to 2
    if field.type in _FINITE:
        mistyped += f" or not isfinite({name})"
    checks = [(f"{field.name}:type", mistyped)]
    absent = f"{raw} is null and not {thrown}"
    if field.required:
        checks.append((f"{field.name}:required", absent))
    for rule in field.rules:
        broken = f"not ({rule.condition})"
        if rule.name == "required":  # a value of the wrong type is wrong, not absent
            broken = f"{absent} and {broken}"
        checks.append((f"{field.name}:{rule.name}", broken))
    return checks
