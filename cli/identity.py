"""``aisle identity``: the key that user ids are sealed with."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import Json, out, print_json
from orchestration.settings import load_settings


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="How the shop's user ids are kept: plain or sealed.", no_args_is_help=True)
    group.command("new-key")(new_key)
    group.command("show")(show)
    app.add_typer(group, name="identity")


def new_key(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet, outside the shop's home.")],
) -> None:
    """Write a new key, readable by you alone. It is never shown, and a file that exists is never overwritten."""
    from recs.identity.key import write_new_key

    write_new_key(file)
    out.print(
        f"A new key lies in {file}, mode 600. Keep a copy in a safe place: what it seals opens with nothing else."
    )
    out.print(f'To seal with it, set in [identity] of aisle.toml: mode = "sealed" and key_file = "{file.resolve()}"')


def show(json: Json = False) -> None:
    """Whether user ids are sealed, and the fingerprint of the key. An error when the lake is of another mode or key."""
    settings = load_settings()
    identity = settings.identity
    if json:
        print_json({"mode": identity.mode, "fingerprint": identity.fingerprint, "key_file": settings.key_file})
    elif identity.is_sealed:
        out.print(f"User ids are sealed with the key in {settings.key_file}, fingerprint {identity.fingerprint}.")
    else:
        out.print("User ids are plain: lake and store hold them as the shop writes them.")
