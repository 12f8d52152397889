"""``aisle releases``: list, show, promote, roll back, resume, verify, prune."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import load_settings
from recs.releases.board import Act, Releases
from recs.releases.errors import ReleaseError

Why = Annotated[str, typer.Option(help="The reason, kept in the audit trail.")]
Id = Annotated[str, typer.Argument(help="A release id, or: active.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Releases: what serves, what served, and the way back.", no_args_is_help=True)
    for name, command in COMMANDS.items():
        group.command(name)(command)
    app.add_typer(group, name="releases")


def list_releases(json: Json = False) -> None:
    """All releases, newest first."""
    rows = _releases().catalogue.listing()
    if json:
        print_json(rows)
        return
    columns = ("id", "as_of_date", "state", "sealed_at")
    print_table("Releases", columns, [[row[name] for name in columns] for row in rows])


def show(release: Id = "active", json: Json = False) -> None:
    """What a release pins, how its checks went, and its history."""
    releases = _releases()
    document = releases.catalogue.description(_named(releases, release))
    if json:
        print_json(document)
        return
    out.print(
        f"{document['id']}: {document['state']}, as of {document['as_of_date']}, sealed at {document['sealed_at']}"
    )
    surfaces = [(s["name"], s["keys"], s["rows"]) for s in document["content"]["surfaces"]]
    print_table("Surfaces", ("surface", "lists", "rows"), surfaces)
    history = [(line["at"], line["who"], line["action"], line["why"]) for line in document["history"]]
    print_table("History", ("at", "who", "action", "why"), history)


def promote(release: Annotated[str, typer.Argument(help="A release id.")], why: Why = "", json: Json = False) -> None:
    """Put a release in force by hand, after the same checks as ever."""
    pointer = _releases().promote(release, act=_act(why))
    _say(json, f"Release {pointer.release_id} is in force.", {"active_release": pointer.release_id})


def rollback(why: Why = "", json: Json = False) -> None:
    """Back to the release before. The bad one is refused from now on, and automatic promotion holds until resume."""
    pointer = _releases().rollback(act=_act(why))
    words = f"Release {pointer.release_id} is in force again. Nothing is promoted until: aisle releases resume"
    _say(json, words, {"active_release": pointer.release_id, "promotion_held": True})


def resume(json: Json = False) -> None:
    """Let automatic promotion go on after a rollback."""
    pointer = _releases().resume(act=_act(""))
    _say(json, "Automatic promotion goes on.", {"active_release": pointer.release_id, "promotion_held": pointer.held})


def verify(release: Id = "active", json: Json = False) -> None:
    """Compare what the store holds with what was sealed."""
    releases = _releases()
    name = _named(releases, release)
    problems = releases.verify(name)
    _say(json, "\n".join(problems) or f"Release {name} is as it was sealed.", {"release": name, "problems": problems})
    if problems:
        raise typer.Exit(1)


def prune(json: Json = False) -> None:
    """Remove all but the newest releases from the store; never the one in force or the one before it."""
    gone = _releases().prune(act=_act("by hand"))
    _say(json, f"Removed {', '.join(gone)}." if gone else "There is nothing to remove.", {"removed": gone})


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_releases,
    "show": show,
    "promote": promote,
    "rollback": rollback,
    "resume": resume,
    "verify": verify,
    "prune": prune,
}


def _releases() -> Releases:
    from assets.releases import open_releases

    return open_releases(load_settings())


def _named(releases: Releases, release: str) -> str:
    if release != "active":
        return release
    active = releases.catalogue.status()["active_release"]
    if active is None:
        raise ReleaseError("no release is in force", "make one: aisle run daily --partition DAY")
    return str(active["id"])


def _act(why: str) -> Act:
    return Act(datetime.now(UTC).isoformat(timespec="seconds"), getpass.getuser(), why)


def _say(json: bool, words: str, document: dict[str, Any]) -> None:
    if json:
        print_json(document)
    else:
        out.print(words)
