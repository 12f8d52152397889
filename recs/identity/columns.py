"""Which columns of an arriving table hold a user id, as its contract says, and the table with those sealed."""

from collections.abc import Iterable
from typing import Protocol

import pyarrow as pa

from recs.identity.identity import Identity

USER = "user"
SOURCE_TEXT = "source_text"


class IdField(Protocol):
    """What is read of a contract's field."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str | None: ...


def user_columns(fields: Iterable[IdField]) -> list[str]:
    """Names of the columns that hold a user id."""
    return [field.name for field in fields if field.identity == USER]


def seal_table(identity: Identity, contract_fields: Iterable[IdField], table: pa.Table) -> pa.Table:
    """Rows that met their contract, with internal user ids; types and order stay. ``plain`` gives the table itself.

    Call it after the gate, whose rules (such as maxLength) speak of the shop's ids, and before rows are sorted and
    hashed. A column that the table lacks is left out.
    """
    if not identity.is_sealed:
        return table
    for name in user_columns(contract_fields):
        if name in table.column_names:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(place), identity.inside(table[name]))
    return table


def seal_quarantine(identity: Identity, rows: pa.Table) -> pa.Table:
    """Quarantined rows with their source text sealed whole: a broken line may hold an id anywhere."""
    if not identity.is_sealed:
        return rows
    place = rows.schema.get_field_index(SOURCE_TEXT)
    return rows.set_column(place, rows.schema.field(place), identity.sealed_text(rows[SOURCE_TEXT]))
