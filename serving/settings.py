"""What the endpoint is told. Its workers are processes of their own: it travels in the environment, read here alone."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

STORE = "AISLE_SERVING_STORE"
HOME = "AISLE_HOME"
KEY_FILE = "AISLE_SERVING_KEY_FILE"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the name that prometheus_client looks for


class ServingSettings(msgspec.Struct, frozen=True):
    """``store_root`` holds the releases; ``metrics_folder`` adds up the metrics of several workers (None: one).

    ``key_file``: of a store with sealed user ids; None where they are as the shop writes them. The key itself never
    travels.
    """

    store_root: Path
    metrics_folder: Path | None = None
    key_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """The variables that ``load_settings`` reads back."""
        values = {STORE: self.store_root, METRICS_FOLDER: self.metrics_folder, KEY_FILE: self.key_file}
        return {name: str(path) for name, path in values.items() if path is not None}


def load_settings(env: Mapping[str, str] | None = None) -> ServingSettings:
    """The store named by AISLE_SERVING_STORE, else the one under AISLE_HOME, else the one under ./var."""
    env = os.environ if env is None else env
    store = env.get(STORE) or str(Path(env.get(HOME) or "var") / "store")
    folder = env.get(METRICS_FOLDER)
    key_file = env.get(KEY_FILE)
    return ServingSettings(
        Path(store).resolve(), Path(folder) if folder else None, Path(key_file) if key_file else None
    )
