"""A source's YAML: how its files arrive, and how their columns fill the contracts."""

import hashlib
import json
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

import msgspec

from recs.contracts import Contract
from recs.errors import ConfigError

LINE_ID = "_line_id"  # hash of the record, for sources without event ids
RESERVED = ("arrival_date", LINE_ID)  # what an expression may use beside the drop's own columns
OWN_COLUMNS = ("_line", "_file_no", "_problem", "_fields", "_text")  # what the engine carries along with each record


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file. ``columns``: contract column -> SQL over the file's columns (all text)."""

    file: str
    feeds: str
    columns: dict[str, str]
    format: Literal["csv", "json_lines", "parquet"] = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: Literal["gzip", "zstd", "none", "auto"] = "auto"  # auto: by the file's name, else its first bytes
    header: tuple[str, ...] = ()  # the columns of a CSV without a header line
    values: dict[str, dict[str, str]] = {}  # contract column -> value of the source -> value of the contract
    arrives: str = ""  # with arrival: event_day, the time by which rows without event_at are cut into days
    times: dict[str, str] = {}  # contract column -> iso, epoch_s, epoch_ms, epoch_us, day, or a strptime format
    quarantine: dict[str, str] = {}  # name of a rule -> SQL condition under which a row is not wanted
    unknown_columns: Literal["ignore", "note", "refuse"] = "ignore"
    known_columns: tuple[str, ...] = ()  # not read, and not unknown either
    alone: dict[str, str] = {}  # set on loading: file column that one field takes as it is -> that field's type


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source. ``digest`` covers its meaning, not its comments; ``needed`` the file columns of each drop."""

    source: str
    arrival: Literal["path", "event_day", "now"]
    drops: dict[str, Drop]
    zone: str = "UTC"
    repeated_lines: Literal["drop", "keep"] = "drop"
    same_name: Literal["correction", "new"] = "correction"  # what a changed file under an old name is
    complete: Literal["name", "quiet"] = "name"  # when a file in the inbox may be taken
    quiet_s: int = 120
    needed: dict[str, tuple[str, ...]] = {}
    digest: str = ""

    @property
    def name(self) -> str:
        return self.source

    def drops_of(self, file_name: str) -> list[str]:
        """The drops whose pattern takes a file of that name; one file may feed several tables."""
        return [name for name, drop in self.drops.items() if fnmatch(file_name, drop.file)]


def load_source(path: Path, contracts: Mapping[str, Contract]) -> Source:
    """Read and check one source file. ConfigError names the file, the field and the fix."""
    import yaml

    from recs.ingest.expressions import checked_drop

    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        source = msgspec.convert(document, Source)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing", "write the source file, or name one in config/sources") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {error}", "repair the indentation or quotes") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}", "see docs/onboard-your-shop.md for every field") from error
    _check_zone(path, source.zone)
    checked = {name: checked_drop(f"{path}: drops.{name}", drop, contracts) for name, drop in source.drops.items()}
    digest = hashlib.sha256(json.dumps(msgspec.to_builtins(source), sort_keys=True).encode()).hexdigest()
    return msgspec.structs.replace(
        source,
        drops={name: drop for name, (drop, _) in checked.items()},
        needed={name: needed for name, (_, needed) in checked.items()},
        digest=digest,
    )


def load_sources(folder: Path, contracts: Mapping[str, Contract]) -> list[Source]:
    """Every source of a folder, in name order. ConfigError when two files name the same source."""
    sources = [load_source(path, contracts) for path in sorted(Path(folder).glob("*.yaml"))]
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{folder}: two files name the source {name!r}", "give one of them another name")
    return sorted(sources, key=lambda source: source.name)


def _check_zone(path: Path, zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"{path}: zone: {zone!r} is not a time zone", "use a name such as Europe/Berlin") from error
