"""What the endpoint is told. Its workers are processes of their own: it travels in the environment, read here alone."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

STORE = "AISLE_SERVING_STORE"
HOME = "AISLE_HOME"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the name that prometheus_client looks for


class ServingSettings(msgspec.Struct, frozen=True):
    """``store_root`` holds the releases; ``metrics_folder`` adds up the metrics of several workers (None: one)."""

    store_root: Path
    metrics_folder: Path | None = None

    def environment(self) -> dict[str, str]:
        """The variables that ``load_settings`` reads back."""
        values = {STORE: str(self.store_root)}
        return values if self.metrics_folder is None else {**values, METRICS_FOLDER: str(self.metrics_folder)}


def load_settings(env: Mapping[str, str] | None = None) -> ServingSettings:
    """The store named by AISLE_SERVING_STORE, else the one under AISLE_HOME, else the one under ./var."""
    env = os.environ if env is None else env
    store = env.get(STORE) or str(Path(env.get(HOME) or "var") / "store")
    folder = env.get(METRICS_FOLDER)
    return ServingSettings(Path(store).resolve(), Path(folder) if folder else None)
