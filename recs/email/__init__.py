"""Email batches: who is mailed what on a day, written once and never changed. Nothing here sends.

A destination is one module that writes the files one sender takes, and its line below.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from recs.email.csv import write_csv

# (batch as in `wide.batch_columns`, an empty folder, stem of the file names); EmailError when a reader would object
Writer = Callable[[pl.DataFrame, Path, str], None]

DESTINATIONS: Mapping[str, Writer] = {
    "csv": write_csv,
}
