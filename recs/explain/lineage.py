"""What a partition was made from, back to the landed files, as its sidecars recorded it, and what has changed since."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from recs.lake import Lake
from recs.lake.partition import PartitionInfo, partition_column

_PAST = re.compile(r"(.+)@(\d{4}-\d{2}-\d{2})")  # a partition of an earlier day: table@day
_OUTSIDE = ("landing/", "contract/", "source/")  # inputs of raw tables that are no partitions


class _Sidecars:
    """Sidecars and window hashes of a lake, each read once."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.info: Callable[[str, date], PartitionInfo | None] = cache(lake.info)
        self.window: Callable[[str, date], str] = cache(lambda table, day: lake.inputs_hash(table, until=day))


def lineage(lake: Lake, table: str, day: date) -> dict[str, Any]:
    """``root``, ``nodes`` and ``changed`` of one partition's whole chain.

    A node is a partition (``table@day``) or a window of arrivals (``table@..day``, with its ``days``). Its ``inputs``
    say what was recorded when it was made, what is there now, and under which node to go on; past partitions that a
    ranker was trained on are compared and not followed. changed: inputs whose hash is no longer what was recorded.
    """
    sidecars, nodes = _Sidecars(lake), dict[str, dict[str, Any]]()
    todo = [(table, day, False)]
    while todo:
        table_now, day_now, is_window = todo.pop()
        name = _name(table_now, day_now, is_window)
        if name in nodes:
            continue
        nodes[name] = _window(sidecars, table_now, day_now) if is_window else _partition(sidecars, table_now, day_now)
        todo += [(i["table"], day_now, i["is_window"]) for i in _followed(nodes[name])]
    return {"root": _name(table, day, False), "nodes": nodes, "changed": _changed(nodes)}


def _partition(sidecars: _Sidecars, table: str, day: date) -> dict[str, Any]:
    info = sidecars.info(table, day)
    if info is None:
        return {"table": table, "day": day.isoformat(), "missing": True, "inputs": []}
    return {
        "table": table,
        "day": day.isoformat(),
        "rows": info.rows,
        "content_hash": info.content_hash,
        "code_version": info.code_version,
        "config_hash": info.config_hash,
        "run_id": info.run_id,
        "inputs": [_input(sidecars, table, name, hash_, day) for name, hash_ in sorted(info.inputs.items())],
    }


def _window(sidecars: _Sidecars, table: str, until: date) -> dict[str, Any]:
    days = [_partition(sidecars, table, day) for day in sidecars.lake.days(table, until=until)]
    parents = {i["table"] for day in days for i in day["inputs"] if i["table"]}
    return {
        "table": table,
        "until": until.isoformat(),
        "partitions": len(days),
        "rows": sum(day.get("rows", 0) for day in days),
        "content_hash": sidecars.window(table, until),
        "days": days,
        "inputs": [
            {"name": parent, "table": parent, "is_window": True, "is_past": False} for parent in sorted(parents)
        ],
    }


def _input(sidecars: _Sidecars, child: str, name: str, recorded: str, day: date) -> dict[str, Any]:
    """One recorded input. ``now`` and ``changed`` are None for what is no partition."""
    found: dict[str, Any] = {"name": name, "recorded": recorded, "is_window": False, "is_past": False}
    past = _PAST.fullmatch(name)
    if name.startswith(_OUTSIDE) or " " in name:
        return {**found, "table": None, "now": None, "changed": None}
    table, of_day = (past[1], date.fromisoformat(past[2])) if past else (name, day)
    is_window = not past and partition_column(table) != partition_column(child)
    info = None if is_window else sidecars.info(table, of_day)
    now = sidecars.window(table, day) if is_window else info.content_hash if info else None
    found |= {"table": table, "is_window": is_window, "is_past": past is not None}
    return {**found, "now": now, "changed": now != recorded}


def _followed(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [i for i in node["inputs"] if i["table"] and not i["is_past"]]


def _changed(nodes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    made = [(f"{one['table']}@{one['day']}", one) for node in nodes.values() for one in node.get("days", [node])]
    return [
        {"child": child, "input": i["name"], "recorded": i["recorded"], "now": i["now"]}
        for child, one in made
        for i in one["inputs"]
        if i.get("changed")
    ]


def _name(table: str, day: date, is_window: bool) -> str:
    return f"{table}@{'..' if is_window else ''}{day}"
