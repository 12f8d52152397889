"""What a contract says, as small frozen values. Reading YAML stays in reading.py."""

from dataclasses import dataclass, field
from typing import Any, Literal

Deduplicate = Literal["first_arrival", "identical_in_day"]


@dataclass(frozen=True)
class Rule:
    """A condition in SQL that every row must meet; a row for which it is null passes.

    ``stated`` is what the contract says in place of SQL: an option's value or the valid values; None for a condition.
    """

    name: str
    condition: str
    description: str = ""
    stated: Any = field(default=None, repr=False)  # the condition says it too: digests are made from what is shown


@dataclass(frozen=True)
class Field:
    """One column. ``type`` is a DuckDB type; ``flags`` names the field whose unknown references this one marks.

    ``identity`` says whose id it holds ("user"), which ingestion passes through recs.identity.
    """

    name: str
    type: str
    description: str
    required: bool = False
    key_position: int | None = None
    rules: tuple[Rule, ...] = ()
    references: tuple[str, str] | None = None  # (table, column)
    flags: str | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Prose:
    """What a contract says in sentences, beside its table's description."""

    purpose: str = ""
    usage: str = ""
    limitations: str = ""
    granularity: str = ""


@dataclass(frozen=True)
class Contract:
    """One arriving table. ``digest`` changes with what is asked of a row, not with wording."""

    table: str
    description: str
    version: str
    fields: tuple[Field, ...]
    deduplicate: Deduplicate
    max_bad_share: float
    digest: str
    path: str
    prose: Prose = Prose()

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the primary key's columns, in order."""
        keyed = [f for f in self.fields if f.key_position is not None]
        return tuple(f.name for f in sorted(keyed, key=lambda f: f.key_position or 0))

    @property
    def arriving(self) -> tuple[Field, ...]:
        """The fields a source can fill: all but those that ingestion computes."""
        return tuple(f for f in self.fields if f.flags is None)

    @property
    def line_identity(self) -> str | None:
        """The key that a hash of the line may stand in for: the only one, of a table whose rows are events."""
        return self.key[0] if self.deduplicate == "first_arrival" and len(self.key) == 1 else None

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        return {f.name: f for f in self.fields}[name]


ENGINE_FIELDS = (
    Field("source", "VARCHAR", "Name of the source that delivered the row.", required=True),
    Field("source_file", "VARCHAR", "File it came in, as a path under landing.", required=True),
    Field("source_line", "BIGINT", "Record number in that file; 1 is the first after the header.", required=True),
    Field("arrival_date", "DATE", "Day on which it arrived.", required=True),
    Field("arrival_hour", "TINYINT", "Hour of that day in which it arrived, 0 to 23.", required=True),
)
