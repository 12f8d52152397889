"""``aisle``: the commands, and how they end: 0 done, 1 a stated failure, 2 wrong usage."""

import sys

import typer
from rich.text import Text

from cli import (
    bench,
    contracts,
    data,
    demo,
    email,
    evaluate,
    explain,
    features,
    generate,
    hold,
    identity,
    models,
    recommend,
    releases,
    replay,
    retention,
    runs,
    source,
    status,
)
from cli.output import err, print_json
from recs.errors import AisleError

app = typer.Typer(
    name="aisle",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From raw events to recommendations.",
)
modules = (
    *(demo, runs, source, data, replay, generate, hold, contracts, status, recommend, explain),
    *(releases, evaluate, features, models, email, identity, retention, bench),
)
for module in modules:
    module.register(app)


def main() -> None:
    """Run a command. A stated failure prints its problem and its fix, without a traceback."""
    try:
        app()
    except AisleError as error:
        problem, fix = str(error.args[-2]), str(error.args[-1])
        if "--json" in sys.argv:
            print_json({"error": {"kind": type(error).__name__, "problem": problem, "fix": fix}})
        err.print(Text("error:", "red"), str(error))
        sys.exit(1)
