"""From configuration to plain ``recs`` objects: the one resource that assets ask for."""

import dagster as dg

from orchestration.settings import PROJECT, Settings, load_settings
from orchestration.versions import code_version, config_hash
from recs.lake import Lake, Provenance


class ShopResource(dg.ConfigurableResource):
    """One shop: its folders, its settings, and what its partitions must say of the code that made them."""

    home: str
    config: str
    threads: int = 2

    def settings(self) -> Settings:
        return load_settings({"AISLE_HOME": self.home, "AISLE_CONFIG": self.config, "AISLE_THREADS": str(self.threads)})

    def lake(self) -> Lake:
        return Lake(self.settings().lake)

    def provenance(self, stage: str, run_id: str, values: dict[str, object] | None = None) -> Provenance:
        """Provenance of a stage's partitions; ``values`` is the configuration that its rows depend on."""
        return Provenance(code_version(PROJECT, stage), config_hash(values or {}), run_id)
