"""The dbt source definition of the raw tables, written from the contracts.

``python -m recs.contracts.dbt_sources data_contracts FILE`` writes it; without FILE it is printed.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from recs.contracts.model import ENGINE_FIELDS, Contract, Field
from recs.contracts.reading import load_contracts

_HEAD = "# Written from data_contracts by `make generate`; edit the contracts.\n"


class _Plain(yaml.SafeDumper):
    """Without anchors: dbt's readers of YAML do not all follow them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def dbt_sources_yaml(contracts: Iterable[Contract]) -> str:
    """Text of models/staging/sources.yml: source ``raw``, a table a contract, in name order."""
    tables = [table for contract in sorted(contracts, key=lambda c: c.table) for table in _tables(contract)]
    source = {"name": "raw", "description": "Rows that met their contract, by arrival day.", "tables": tables}
    return _HEAD + yaml.dump({"version": 2, "sources": [source]}, Dumper=_Plain, sort_keys=False, width=120)


def _tables(contract: Contract) -> list[dict[str, object]]:
    """The table and, where its rows can be taken back, those that were, by the day on which they were."""
    columns = [_column(field) for field in (*contract.fields, *ENGINE_FIELDS)]
    tables: list[dict[str, object]] = [
        {"name": contract.table, "description": contract.description, "columns": columns}
    ]
    if contract.deduplicate == "first_arrival":
        described = f"Rows of {contract.table} that a correction took back, as they were, by the day of the correction."
        meta = {"folder": f"retracted/{contract.table}", "part_of": contract.table}
        name = f"{contract.table}_retracted"
        tables.append({"name": name, "description": described, "config": {"meta": meta}, "columns": columns})
    return tables


def _column(field: Field) -> dict[str, str]:
    return {"name": field.name, "data_type": field.type, "description": field.description}


if __name__ == "__main__":
    text = dbt_sources_yaml(load_contracts(Path(sys.argv[1])).values())
    if sys.argv[2:]:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")  # a shell's > would empty the file before a failure shows
    else:
        sys.stdout.write(text)
