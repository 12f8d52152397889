"""What a command prints: one JSON document with ``--json``, else tables and sentences for people."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output; everything else on standard error.")
]

MOST_WIDTH = 10_000

# markup off: what is printed holds titles and rules, and rich would take "[sale]" for one of its own tags
out = Console(highlight=False, soft_wrap=True, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def print_json(document: Any) -> None:
    """The one JSON document of a ``--json`` command."""
    sys.stdout.write(json.dumps(document, indent=2, default=str, ensure_ascii=False) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, is_whole: bool = False
) -> None:
    """A table; columns whose values are numbers are set to the right.

    is_whole: keep every line and value whole, however narrow the terminal is.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for n, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[n], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric or is_whole)
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    if is_whole:
        width = Measurement.get(out, out.options.update(width=MOST_WIDTH), table).maximum
        Console(width=max(width, out.width), highlight=False, soft_wrap=True, markup=False).print(table)
    else:
        out.print(table)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Any]:
    """A progress bar on standard error when a person is watching; yields ``advance(text, by=1)``."""
    if not sys.stderr.isatty():
        yield lambda text="", by=1: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda text="", by=1: progress.update(task, description=f"{what} {text}".strip(), advance=by)
