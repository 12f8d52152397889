"""From an Open Data Contract Standard file to a Contract."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recs.contracts.model import Contract, Field, Prose, Rule
from recs.errors import ContractError

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, OpenDataContractStandard, SchemaObject, SchemaProperty

ENGINE = "aisle"
IDENTITIES = ("user",)


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Every contract of a folder, by table name, in name order. ContractError when there is none."""
    contracts = [load_contract(path) for path in sorted(Path(folder).glob("*.yaml"))]
    if not contracts:
        raise ContractError(str(folder), "*.yaml", "is missing", "point at the folder that holds the contracts")
    return {contract.table: contract for contract in contracts}


def load_contract(path: Path) -> Contract:
    """Read one contract. ContractError names the file and the field that cannot be used."""
    text = Path(path).read_text(encoding="utf-8")
    model = _parsed(text, path)
    if len(model.schema_ or []) != 1:
        raise ContractError(str(path), "schema", "must hold exactly one table", "write one contract a table")
    table = (model.schema_ or [])[0]
    custom = _custom(table)
    contract = Contract(
        table=_stated(table.name, path, "schema.name"),
        description=table.description or "",
        version=_stated(model.version, path, "version"),
        fields=tuple(_field(prop, path) for prop in table.properties or []),
        deduplicate=_one_of(custom.get("deduplicate"), ("first_arrival", "identical_in_day"), path, "deduplicate"),
        max_bad_share=float(custom.get("maxBadShare", 0.05)),
        digest="",
        path=Path(path).name,
        prose=_prose(model, table),
    )
    return replace(contract, digest=_digest(contract))


def _prose(model: "OpenDataContractStandard", table: "SchemaObject") -> Prose:
    told = model.description
    granularity = table.dataGranularityDescription or ""
    if told is None:
        return Prose(granularity=granularity)
    return Prose(told.purpose or "", told.usage or "", told.limitations or "", granularity)


def _digest(contract: Contract) -> str:
    """A hash of what the contract asks for; wording may change without a rebuild of what was made by it."""
    plain = tuple(
        replace(field, description="", rules=tuple(replace(rule, description="") for rule in field.rules))
        for field in contract.fields
    )
    asked = (contract.table, plain, contract.deduplicate, contract.max_bad_share)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def _parsed(text: str, path: Path) -> "OpenDataContractStandard":
    import yaml
    from open_data_contract_standard.model import OpenDataContractStandard
    from pydantic import ValidationError

    try:
        return OpenDataContractStandard.from_string(text)
    except yaml.YAMLError as error:
        raise ContractError(str(path), "*", f"is not YAML: {error}", "repair the indentation or quotes") from error
    except (ValidationError, TypeError) as error:
        where, message = "*", str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            where, message = ".".join(str(part) for part in first["loc"]), first["msg"]
        raise ContractError(str(path), where, f"is not valid: {message}", "run datacontract lint on it") from error


def _field(prop: "SchemaProperty", path: Path) -> Field:
    name = _stated(prop.name, path, "properties.name")
    kind = _stated(prop.physicalType, path, f"{name}.physicalType")
    _check_type(kind, path, name)
    options = prop.logicalTypeOptions or {}
    rules = [_option_rule(name, option, value, path) for option, value in options.items()]
    rules += [_quality_rule(name, quality, path) for quality in prop.quality or []]
    targets = [r.to for r in prop.relationships or [] if isinstance(r.to, str)]
    return Field(
        name=name,
        type=kind,
        description=prop.description or "",
        required=bool(prop.required),
        key_position=(prop.primaryKeyPosition or 1) if prop.primaryKey else None,
        rules=tuple(rules),
        references=_reference(targets[0], path, name) if targets else None,
        flags=_custom(prop).get("flags"),
        identity=_identity(_custom(prop).get("identity"), kind, path, name),
    )


def _identity(value: Any, kind: str, path: Path, name: str) -> str | None:
    """Whose id a field holds: only users' ids are known, and only text can be sealed."""
    if value is None:
        return None
    if value not in IDENTITIES or kind != "VARCHAR":
        problem = f"is {value!r} on a column of type {kind}"
        raise ContractError(str(path), f"{name}.identity", problem, "use the value user, on a column of type VARCHAR")
    return str(value)


def _check_type(kind: str, path: Path, name: str) -> None:
    from recs.contracts.schema import arrow_type

    try:
        arrow_type(kind)
    except ValueError as error:
        fix = "use DECIMAL(p,s), VARCHAR, INTEGER, BIGINT, FLOAT, DOUBLE, BOOLEAN, DATE or TIMESTAMP"
        raise ContractError(str(path), f"{name}.physicalType", f"is {kind}", fix) from error


def _reference(target: str, path: Path, name: str) -> tuple[str, str]:
    table, _, column = target.partition(".")
    return table, _stated(column, path, f"{name}.relationships.to")


def _option_rule(name: str, option: str, value: Any, path: Path) -> Rule:
    """A rule named as the standard's option, such as ``minimum``."""
    column = quoted(name)
    conditions = {
        "minimum": f"{column} >= {value}",
        "maximum": f"{column} <= {value}",
        "exclusiveMinimum": f"{column} > {value}",
        "exclusiveMaximum": f"{column} < {value}",
        "minLength": f"length({column}) >= {value}",
        "maxLength": f"length({column}) <= {value}",
        "pattern": f"regexp_matches({column}, {text_literal(str(value))})",
    }
    if option not in conditions:
        known = ", ".join(conditions)
        raise ContractError(str(path), f"{name}.logicalTypeOptions.{option}", "is not supported", f"use one of {known}")
    return Rule(option, conditions[option], stated=value)


def _quality_rule(name: str, quality: "DataQuality", path: Path) -> Rule:
    where = f"{name}.quality"
    if quality.type == "custom" and quality.engine == ENGINE and isinstance(quality.implementation, str):
        return Rule(_stated(quality.name, path, f"{where}.name"), quality.implementation, quality.description or "")
    values = (quality.arguments or {}).get("validValues")
    if quality.metric == "invalidValues" and values:
        listed = ", ".join(text_literal(str(value)) for value in values)
        stated = tuple(str(value) for value in values)
        return Rule("valid_values", f"{quoted(name)} in ({listed})", quality.description or "", stated)
    fix = f"use the metric invalidValues with validValues, or type custom, engine {ENGINE} and a condition in SQL"
    raise ContractError(str(path), where, "holds a check that is not supported", fix)


def _custom(owner: "SchemaObject | SchemaProperty") -> dict[str, Any]:
    return {str(custom.property): custom.value for custom in owner.customProperties or []}


def _stated(value: str | None, path: Path, field: str) -> str:
    if not value:
        raise ContractError(str(path), field, "is missing", f"state {field}")
    return value


def _one_of(value: Any, choices: tuple[str, ...], path: Path, field: str) -> Any:
    if value not in choices:
        fix = f"set the custom property to one of {', '.join(choices)}"
        raise ContractError(str(path), field, f"is {value!r}", fix)
    return value


def quoted(name: str) -> str:
    """A column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """A text for SQL."""
    return "'" + value.replace("'", "''") + "'"
