"""``aisle bench``: the benchmarks, each against a named baseline of the same run."""

from importlib import import_module
from typing import Annotated

import typer

from cli.output import Json, print_json, print_table
from recs.errors import ConfigError

NAMES = ("definitions", "lookup", "pairs", "simulate")


def register(app: typer.Typer) -> None:
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(help="One of: definitions, lookup, pairs, simulate.")], json: Json = False
) -> None:
    """Run one benchmark and print its medians and ratios."""
    if name not in NAMES:
        raise ConfigError(f"there is no benchmark {name!r}", f"choose from {', '.join(NAMES)}")
    rows = import_module(f"benchmarks.{name}").rows()
    if json:
        print_json({"name": name, "rows": rows})
        return
    baselines = sorted({key for row in rows for key in row["ratio_to"]})
    shown = [
        (
            row["case"],
            f"{row['seconds']:.2f}",
            f"{row['rate']:,.1f} {row['unit']}",
            *(f"{row['ratio_to'][baseline]:.2f}" for baseline in baselines),
        )
        for row in rows
    ]
    print_table(f"bench {name}", ("case", "seconds", "rate", *(f"ratio to {b}" for b in baselines)), shown)
