"""Which key a lake was sealed with: a fingerprint kept beside its tables, so that modes and keys are never mixed."""

import json
import os
import uuid
from pathlib import Path

from recs.identity.errors import IdentityError
from recs.identity.identity import Identity

FILE = "_identity.json"


def check_lake(identity: Identity, lake_root: Path) -> None:
    """IdentityError unless the lake is of the identity's mode and key. An empty lake is of any; no file means plain."""
    kept = _kept(lake_root)
    if kept is None:
        if identity.is_sealed and _has_tables(lake_root):
            raise IdentityError(
                f'the lake {lake_root} holds clear ids, and [identity] says mode = "sealed"',
                'set mode = "plain", or point AISLE_HOME to a new folder and ingest the shop\'s files into it',
            )
        return
    if not identity.is_sealed:
        raise IdentityError(
            f'the lake {lake_root} is sealed, and [identity] says mode = "plain"',
            'set mode = "sealed" and key_file to its key, or point AISLE_HOME to a new folder',
        )
    if kept != identity.fingerprint:
        raise IdentityError(
            f"the lake {lake_root} was sealed with another key (fingerprint {kept}, not {identity.fingerprint})",
            "name its own key in identity.key_file, or point AISLE_HOME to a new folder",
        )


def keep_fingerprint(identity: Identity, lake_root: Path) -> None:
    """``check_lake``; a lake that is about to be sealed gets its fingerprint. Plain writes nothing."""
    check_lake(identity, lake_root)
    path = lake_root / FILE
    if not identity.is_sealed or path.exists():
        return
    lake_root.mkdir(parents=True, exist_ok=True)
    fresh = lake_root / f".tmp-identity-{uuid.uuid4().hex[:8]}"
    with fresh.open("w") as out:
        out.write(json.dumps({"mode": identity.mode, "fingerprint": identity.fingerprint}) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, path)  # unlike a rename it never takes the place of another writer's
    except FileExistsError:
        check_lake(identity, lake_root)
    finally:
        fresh.unlink()


def _kept(lake_root: Path) -> str | None:
    path = lake_root / FILE
    try:
        return str(json.loads(path.read_bytes())["fingerprint"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise IdentityError(f"{path} cannot be read", "restore it from a backup of the lake") from None


def _has_tables(lake_root: Path) -> bool:
    return lake_root.exists() and any(p.is_dir() and not p.name.startswith(".") for p in lake_root.iterdir())
