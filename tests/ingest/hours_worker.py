"""Takes and builds the hours of one day, killed by its parent at the moments that are asked for.

``python -m tests.ingest.hours_worker HOME DELAY_S ...`` starts the day's work once a delay and kills it after that
time, if it still runs; then it works to the end. It prints how many of the kills met running work.
"""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from recs.ingest.build import build_raw
from recs.ingest.files import written_whole
from recs.ingest.inbox import inbox_folder, take_inbox
from recs.ingest.inputs import stale_days
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance
from tests.ingest.shop import CONTRACTS

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def work(home: Path) -> None:
    """Go on at the hour where the work before ended; the files of an hour wait in ``home/coming/HH``."""
    source, lake, landing = load_source(home / "shop.yaml", CONTRACTS), Lake(home / "lake"), home / "landing"
    progress = home / "progress"
    inbox = inbox_folder(landing, source)
    inbox.mkdir(parents=True, exist_ok=True)
    for hour in range(int(progress.read_text()) if progress.exists() else 0, 24):
        for file in sorted((home / f"coming/{hour:02d}").glob("*")):
            file.rename(inbox / file.name)
        take_inbox(source, landing, now=DAY.replace(hour=hour))
        where = {"lake": lake, "landing_root": landing, "sources": [source]}
        for table in ("items", "events"):
            if stale_days(CONTRACTS[table], [DAY.date()], **where):
                build_raw(CONTRACTS[table], [DAY.date()], **where, provenance=Provenance("c", "g", "r"))
        written_whole(progress, str(hour + 1).encode())


def _ended(home: Path, delay_s: float) -> bool:
    """Work in a process of its own, for so long at most; whether it came to its end."""
    child = os.fork()
    if not child:
        work(home)
        os._exit(0)
    until = time.monotonic() + delay_s
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    kills = 0
    for delay in map(float, sys.argv[2:]):
        if _ended(folder, delay):
            break
        kills += 1
    assert _ended(folder, 300)
    print(kills)
