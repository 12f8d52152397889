"""The commands of a documentation page, as one shell script, and what the page says that they print."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVE = """setsid make serve >"$LOGS/serve.log" 2>&1 & server=$!
trap 'kill -TERM -- -$server; wait $server || true' EXIT
for _ in $(seq 100); do curl -sf http://127.0.0.1:8787/readyz >/dev/null && break; sleep 0.2; done"""
MARK = "=== block"
CHANGES = {"request_id", "release_id", "next_page_token"}  # they differ from one answer, or one release, to the next


@dataclass(frozen=True)
class Block:
    """One block of commands; ``kind`` and ``shown`` are those of the output printed under it, if any."""

    commands: str
    kind: str
    shown: str


def blocks(page: Path) -> list[Block]:
    """The page's ``sh`` blocks in order, each with the ``text`` or ``json`` block that follows it."""
    found = re.findall(
        r"^```sh\n(.*?)^```\n(?:\s*^```(text|json)\n(.*?)^```$)?", page.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    return [Block(*groups) for groups in found]


def script(found: list[Block]) -> str:
    """A script that stops at the first command that fails, with a mark before each block's output."""
    lines = ["set -euo pipefail"]
    for number, block in enumerate(found):
        commands = SERVE if block.commands.strip() == "make serve" else block.commands
        lines += [f"echo '{MARK} {number}'", commands]
    return "\n".join(lines)


def printed(output: str) -> list[str]:
    """What each block printed."""
    return [part.split("\n", 1)[1] for part in output.split(MARK)[1:]]


def same(block: Block, output: str) -> bool:
    """Whether a block printed what the page says: JSON but for ids that change, text but for spaces at line ends."""
    if block.kind == "json":
        return _steady(json.loads(block.shown)) == _steady(json.loads(output))
    return [line.rstrip() for line in block.shown.splitlines()] == [line.rstrip() for line in output.splitlines()]


def _steady(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in CHANGES}
