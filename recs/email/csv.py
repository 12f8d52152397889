"""The csv destination: the canonical columns in one file, RFC 4180, UTF-8, a blank cell where there is no value."""

from pathlib import Path

import polars as pl

from recs.email.errors import EmailError
from recs.email.validate import csv_problems


def write_csv(batch: pl.DataFrame, folder: Path, stem: str) -> None:
    """Write ``<stem>.csv`` and read it again. EmailError when a reader would stumble over it."""
    path = folder / f"{stem}.csv"
    batch.write_csv(path, line_terminator="\r\n", quote_style="necessary", null_value="")
    problems = csv_problems(path)
    if problems:
        raise EmailError(f"{path.name} is not fit to be read: " + "; ".join(problems), "report this: none was written")
