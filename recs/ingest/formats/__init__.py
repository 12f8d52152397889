"""Reading drop files, one module a format: blocks of records as text, whatever the dirt.

A format is a module with ``blocks(file, drop, needed)``, ``columns(file, drop)`` and a line here.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from recs.ingest.formats import csv, json_lines, parquet
from recs.ingest.formats.block import Block, Unreadable
from recs.ingest.formats.unpack import unpacked
from recs.ingest.source import Drop

__all__ = ["Block", "Unreadable", "file_blocks", "file_columns"]

FORMATS = {"csv": csv, "json_lines": json_lines, "parquet": parquet}


def file_blocks(path: Path, drop: Drop, needed: tuple[str, ...], spill: Path) -> Iterator[Block]:
    """The records of one file, some at a time. Unreadable before the first block, or never: a file counts whole.

    spill: a folder for what a large file unpacks to.
    """
    with unpacked(path, drop.compression, spill) as file:
        text, drop = _cut_at_line_feeds(file, drop)
        yield from FORMATS[drop.format].blocks(text, drop, needed)


def file_columns(path: Path, drop: Drop, spill: Path) -> list[str]:
    """The names of the columns of one file, or of the fields of its first records. Unreadable as in ``file_blocks``."""
    with unpacked(path, drop.compression, spill) as file:
        text, drop = _cut_at_line_feeds(file, drop)
        return FORMATS[drop.format].columns(text, drop)


def _cut_at_line_feeds(file: BinaryIO, drop: Drop) -> tuple[BinaryIO, Drop]:
    """The file as it is, or as UTF-8 where its encoding (such as UTF-16) has line feed bytes that end no line."""
    try:
        if drop.format == "parquet" or "\n".encode(drop.encoding) == b"\n":
            return file, drop
        text = file.read().decode(drop.encoding)
    except LookupError as error:
        raise Unreadable("encoding", f"there is no encoding {drop.encoding}") from error
    except UnicodeError as error:
        raise Unreadable("encoding", f"not {drop.encoding}: {error}") from error
    return io.BytesIO(text.encode("utf-8", "backslashreplace")), msgspec.structs.replace(drop, encoding="utf-8")
