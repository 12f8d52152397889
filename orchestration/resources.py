"""From configuration to plain ``recs`` objects: the one resource that assets ask for."""

from datetime import UTC, datetime

import dagster as dg

from orchestration.settings import PROJECT, Settings, load_settings
from orchestration.versions import code_version, config_hash
from recs.identity.fingerprint import keep_fingerprint
from recs.lake import Lake, Provenance
from recs.releases.board import Act


class ShopResource(dg.ConfigurableResource):
    """One shop: its folders, its settings, and what its partitions must say of the code that made them."""

    home: str
    config: str
    threads: int = 2

    def settings(self) -> Settings:
        return load_settings({"AISLE_HOME": self.home, "AISLE_CONFIG": self.config, "AISLE_THREADS": str(self.threads)})

    def lake(self) -> Lake:
        """The lake, for who writes to it: one of another mode or key than ``[identity]`` says is refused."""
        settings = self.settings()
        keep_fingerprint(settings.identity, settings.lake)
        return Lake(settings.lake)

    def provenance(self, table: str, run_id: str, values: dict[str, object] | None = None) -> Provenance:
        """Provenance of the partitions of a table or stage; ``values`` is the configuration that its rows depend on."""
        return Provenance(code_version(PROJECT, table), config_hash(values or {}), run_id)

    def act(self, who: str, why: str = "") -> Act:
        """An act on releases, now. Assets read no clock of their own."""
        return Act(datetime.now(UTC).isoformat(timespec="seconds"), who, why)
