"""Asset keys: ``[stage, name]``, which is also the lake folder ``<stage>/<name>``."""

import dagster as dg


def asset_key(table: str) -> dg.AssetKey:
    """The key of a lake table such as ``features/feat_item``."""
    return dg.AssetKey(table.split("/"))


def table(key: dg.AssetKey) -> str:
    """The lake table of an asset key."""
    return "/".join(key.path)


def stage(key: dg.AssetKey) -> str:
    """The stage, that is the group and the first part of the key."""
    return key.path[0]
