"""A drop file without its packing, whole and checked before its first byte is used."""

import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from recs.ingest.formats.block import Unreadable

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
PIECE_BYTES = 1_000_000
MEMORY_BYTES = 400_000_000  # what unpacks to more lies in a file meanwhile


@contextmanager
def unpacked(path: Path, compression: str, spill: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file, from their start. Unreadable where the packing is damaged."""
    kind = kind_of(path, compression)
    with path.open("rb") as packed:
        if kind == "none":
            yield packed
            return
        pieces, whole = _pieces(packed, kind), 0
        first = []
        for piece in pieces:
            first.append(piece)
            whole += len(piece)
            if whole > MEMORY_BYTES:
                break
        else:
            yield io.BytesIO(b"".join(first))
            return
        spill.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=spill) as plain:
            plain.writelines(first)
            first.clear()
            plain.writelines(pieces)
            plain.seek(0)
            yield plain


def kind_of(path: Path, compression: str) -> str:
    """How a file is packed: gzip, zstd or none; told by its name, else by its first bytes."""
    if compression != "auto":
        return compression
    if path.suffix in SUFFIXES:
        return SUFFIXES[path.suffix]
    with path.open("rb") as packed:
        start = packed.read(4)
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "none")


def _pieces(packed: BinaryIO, kind: str) -> Iterator[bytes]:
    """Unpacked bytes; every failure of an unpacker is one of the file."""
    from isal.isal_zlib import error as damaged

    try:
        with _opened(packed, kind) as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece
    except EOFError as error:
        raise Unreadable(f"truncated_{kind}", f"the {kind} file ends too early") from error
    except (OSError, damaged, zlib.error, ValueError) as error:  # type: ignore[misc]
        early = "truncated" in str(error).lower() or "end of stream" in str(error).lower()
        rule = f"truncated_{kind}" if early else f"not_{kind}"
        raise Unreadable(rule, f"not a whole {kind} file: {error}") from error


def _opened(packed: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gzip":
        from isal import igzip

        return igzip.GzipFile(fileobj=packed)  # type: ignore[return-value]
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd"))
