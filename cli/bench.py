"""``aisle bench``: the benchmarks, each against a named baseline of the same run."""

from importlib import import_module
from typing import Annotated

import typer

from cli.output import Json, print_json, print_table
from recs.errors import ConfigError

NAMES = ("backfill", "definitions", "features", "gather", "ingest", "lookup", "pairs", "simulate")


def register(app: typer.Typer) -> None:
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")],
    size: Annotated[
        str, typer.Option(help="small ends within a minute or two; full, where there is one, does not.")
    ] = "small",
    json: Json = False,
) -> None:
    """Run one benchmark and print its medians and ratios."""
    if name not in NAMES:
        raise ConfigError(f"there is no benchmark {name!r}", f"choose from {', '.join(NAMES)}")
    if size not in ("small", "full"):
        raise ConfigError(f"there is no size {size!r}", "use small or full")
    benchmark = import_module(f"benchmarks.{name}")
    rows = benchmark.rows(size=size) if hasattr(benchmark, "SIZES") else benchmark.rows()
    if json:
        print_json({"name": name, "rows": rows})
        return
    baselines = sorted({key for row in rows for key in row["ratio_to"]})
    has_memory = all("peak_rss_bytes" in row for row in rows)
    shown = [
        (
            row["case"],
            f"{row['seconds']:.2f}",
            f"{row['rate']:,.1f} {row['unit']}",
            *(f"{row['ratio_to'][baseline]:.2f}" for baseline in baselines),
            *([f"{row['peak_rss_bytes'] / 2**30:.2f} GiB"] if has_memory else []),
        )
        for row in rows
    ]
    print_table(
        f"bench {name}",
        ("case", "seconds", "rate", *(f"ratio to {b}" for b in baselines), *(["peak memory"] if has_memory else [])),
        shown,
    )
