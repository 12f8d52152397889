"""The inbox of a source: which files in it are complete, and their taking."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from recs.ingest.files import sha256_file
from recs.ingest.landing import land
from recs.ingest.ledger import REFUSED, Entry
from recs.ingest.shop_days import ShopDays
from recs.ingest.source import Source

_LEAVING = ".leaving-"
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".uploading", ".writing")


def inbox_folder(landing_root: Path, source: Source) -> Path:
    """Where a shop's systems put the files of a source."""
    return Path(landing_root) / source.name / "inbox"


def complete_files(folder: Path, source: Source, *, now_s: float) -> list[Path]:
    """The files that may be taken: closed by name, and where the source says so, quiet for ``quiet_s`` seconds.

    A name that begins with a dot or an underscore, or ends as one of ``UNFINISHED``, is not closed.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_closed(path, folder)]
    if source.complete == "quiet":
        files = [path for path in files if now_s - path.stat().st_mtime >= source.quiet_s]
    return files


def take_inbox(source: Source, landing_root: Path, *, now: datetime, shop_days: ShopDays | None = None) -> list[Entry]:
    """Take what is complete. What was taken, or is known already, leaves the inbox; what is refused stays there."""
    folder = inbox_folder(landing_root, source)
    _bring_back(folder)
    files = complete_files(folder, source, now_s=now.timestamp())
    if not files:
        return []
    seen = {path: _version(path) for path in files}
    entries = land(source, files, landing_root, arrival_date=now.date(), arrival_hour=now.hour, shop_days=shop_days)
    refused = {(entry.name, entry.sha256) for entry in entries if entry.status == REFUSED}
    names = {name for name, _ in refused}
    for path in files:
        if path.name not in names or (path.name, sha256_file(path)) not in refused:
            _leave(path, seen[path])
    return entries


def _leave(path: Path, taken: tuple[int, int, int] | None) -> None:
    """Remove a file unless it was replaced since it was taken: then nobody has taken it yet."""
    aside = path.with_name(f"{_LEAVING}{path.name}")
    try:
        path.rename(aside)  # looked at under a name that no shop writes to, else it may be replaced after the look
    except FileNotFoundError:
        return
    if _version(aside) == taken:
        aside.unlink()
    else:
        _bring_back(path.parent)


def _bring_back(folder: Path) -> None:
    """Give files their names back that were leaving, but never over newer ones."""
    for aside in sorted(folder.rglob(f"{_LEAVING}*")):
        with suppress(FileExistsError):
            aside.with_name(aside.name.removeprefix(_LEAVING)).hardlink_to(aside)
        aside.unlink()


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written to or replaced; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_closed(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    return not hidden and not path.name.lower().endswith(UNFINISHED)
