"""Reading landed files in order of arrival, cut into parts that fit in memory, and parts into chunks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from recs.ingest.errors import IngestError
from recs.ingest.files import sha256_file
from recs.ingest.formats import Block, Unreadable, file_blocks
from recs.ingest.inputs import WHOLE_DAY
from recs.ingest.ledger import Entry
from recs.ingest.seen import HORIZON_DAYS
from recs.ingest.source import LINE_ID, Source

PART_ROWS = 500_000
CHUNK_ROWS = 300_000  # of parts together: many small days cost one statement
CHUNK_PARTS = 60


@dataclass
class Part:
    """Rows that are written as one file: of one day and hour, at most ``PART_ROWS`` or one block more.

    ``files``: entry and the reason why it cannot be read, in order; ``blocks``: place in ``files`` and its rows.
    """

    day: date
    hour: int
    number: int
    files: list[tuple[Entry, Unreadable | None]] = field(default_factory=list)
    blocks: list[tuple[int, Block]] = field(default_factory=list)
    ends_hour: bool = False
    ends_day: bool = False
    is_day: bool = False  # the only part of its day

    @property
    def name(self) -> str:
        return f"{max(self.hour, 0):02d}-{self.number:03d}"

    @property
    def rows(self) -> int:
        return sum(block.rows.num_rows for _, block in self.blocks)

    @property
    def corrects(self) -> Entry | None:
        """The correction that the part holds, which then is all that it holds."""
        return next((entry for entry, _ in self.files if _is_correction(entry, self.hour)), None)


def _is_correction(entry: Entry, hour: int) -> bool:
    """Where days are compared as a whole, a changed file only brings newer rows."""
    return bool(entry.corrects) and hour != WHOLE_DAY


class Reader:
    """Reads the files of some sources for one table."""

    def __init__(self, landing_root: Path, sources: Mapping[str, Source], spill: Path) -> None:
        self.landing_root, self.sources, self.spill = landing_root, sources, spill

    def source(self, entry: Entry) -> Source:
        """The source of a taken file. IngestError where its drop is gone."""
        source = self.sources[entry.file.split("/", 1)[0]]
        if entry.drop not in source.drops:
            problem = f"{entry.file} was taken as drop {entry.drop}, which source {source.name} no longer has"
            raise IngestError(problem, f"bring the drop {entry.drop} back into config/sources/{source.name}.yaml")
        return source

    def chunks(self, hours: Sequence[tuple[date, int, Sequence[Entry]]]) -> Iterator[list[Part]]:
        """Parts of (day, hour, files), some together. Every hour has one part at least, were it empty."""
        chunk: list[Part] = []
        for part in self._parts(hours):
            is_full = sum(p.rows for p in chunk) + part.rows > CHUNK_ROWS or len(chunk) >= CHUNK_PARTS
            is_far = bool(chunk) and (part.day - chunk[0].day).days > HORIZON_DAYS
            if chunk and (is_full or is_far or part.corrects or chunk[-1].corrects):
                yield chunk
                chunk = []
            chunk.append(part)
        if chunk:
            yield chunk

    def _parts(self, hours: Sequence[tuple[date, int, Sequence[Entry]]]) -> Iterator[Part]:
        for place, (day, hour, entries) in enumerate(hours):
            begins_day = place == 0 or hours[place - 1][0] != day
            ends_day = place + 1 == len(hours) or hours[place + 1][0] != day
            part = Part(day, hour, 0)
            for entry in entries:
                if part.files and (_is_correction(entry, hour) or part.corrects):
                    yield part
                    part = Part(day, hour, part.number + 1)
                part.files.append((entry, None))
                try:
                    for block in self._blocks(entry):
                        is_full = part.rows and part.rows + block.rows.num_rows > PART_ROWS
                        if is_full and hour != WHOLE_DAY and not self._counts_repeats(entry):
                            yield part
                            part = Part(day, hour, part.number + 1, files=[(entry, None)])
                        part.blocks.append((len(part.files) - 1, block))
                except Unreadable as problem:
                    part.files[-1] = (entry, problem)
            part.ends_hour, part.ends_day = True, ends_day
            part.is_day = begins_day and ends_day and part.number == 0
            yield part

    def _counts_repeats(self, entry: Entry) -> bool:
        """Whether a line's number among its like in the file matters, so that the file stays in one part."""
        source = self.source(entry)
        columns = source.drops[entry.drop].columns
        made_here = "event_id" not in columns or any(LINE_ID in sql for sql in columns.values())
        return source.repeated_lines == "keep" and made_here

    def _blocks(self, entry: Entry) -> Iterator[Block]:
        path, source = self.landing_root / entry.file, self.source(entry)
        if not path.exists() or sha256_file(path) != entry.stored_sha256:
            fix = "put the file back from a backup, and land a changed file anew instead of editing landing"
            raise IngestError(f"{path} is not the file that was taken", fix)
        drop = source.drops[entry.drop]
        return file_blocks(path, drop, source.needed[entry.drop], self.spill)
