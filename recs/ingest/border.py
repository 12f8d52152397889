"""What user ids and source texts become on their way into the lake."""

from dataclasses import dataclass

import pyarrow as pa

from recs.contracts import Contract
from recs.identity import PLAIN, Identity
from recs.identity.columns import seal_quarantine, seal_table


@dataclass(frozen=True)
class Border:
    """One table's border, drawn by the shop's identity; ``plain`` changes nothing."""

    contract: Contract
    identity: Identity = PLAIN

    def rows(self, valid: pa.Table) -> pa.Table:
        """Rows that met their contract, with internal user ids."""
        return seal_table(self.identity, self.contract.fields, valid)

    def quarantine(self, rows: pa.Table) -> pa.Table:
        """Quarantined rows; a broken line may hold an id anywhere, so its text is sealed whole."""
        return seal_quarantine(self.identity, rows)

    def reason(self, rule: str, detail: str) -> str:
        """Why a file cannot be read: where ids are sealed without the detail, which may quote the file."""
        return rule if self.identity.is_sealed else f"{rule} ({detail})"
