"""Raw partitions of one table for a range of arrival days, in one pass; bad rows go to quarantine beside them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from recs.checks.config import Checks
from recs.contracts import Contract
from recs.identity import PLAIN, Identity
from recs.ingest.border import Border
from recs.ingest.chunks import Chunks
from recs.ingest.classify import Classifier
from recs.ingest.counts import DayCounts
from recs.ingest.duplicates import KeysCollide
from recs.ingest.inputs import Inputs, flag_tables, raw_table
from recs.ingest.judging import DayJudge
from recs.ingest.plan import Reader
from recs.ingest.seen import SeenKeys
from recs.ingest.source import Source
from recs.ingest.writing import DayWriter
from recs.lake import Lake, Provenance

SPILL = ".tmp-ingest-"


def build_raw(
    contract: Contract,
    days: Sequence[date],
    *,
    lake: Lake,
    landing_root: Path,
    sources: Sequence[Source],
    provenance: Provenance,
    progress: Callable[[date], None] | None = None,
    threads: int = 2,
    identity: Identity = PLAIN,
    checks: Checks | None = None,
) -> list[DayCounts]:
    """Write ``raw/<table>``, ``raw/quarantine/<table>`` and ``raw/retracted/<table>`` of each day; returns the counts.

    A day's bytes are the same whether it is built alone or in a range, at once or hour by hour; an hour that was built
    from the same inputs before is kept. With ``checks``, a day that breaks a rule of severity error is held: its rows
    go to ``raw/held/<table>`` until a person lets them in. IngestError when an earlier day that it depends on is not
    built, when a landed file has changed, or when rows read <> valid + quarantined + duplicate.
    """
    done: list[DayCounts] = []

    def told(counts: DayCounts) -> None:
        done.append(counts)
        if progress:
            progress(counts.day)

    build = _Build(
        contract,
        lake,
        Path(landing_root),
        {source.name: source for source in sources},
        provenance,
        threads,
        Border(contract, identity),
        checks,
        told,
    )
    days, careful = sorted(set(days)), False
    while len(done) < len(days):  # again from the day after one that is held, whose rows are not seen
        try:
            build.run(days[len(done) :], careful=careful)
        except KeysCollide:
            careful = True
    return done


@dataclass(frozen=True)
class _Build:
    """One call of ``build_raw``. ``told``: called with the counts of each day, once it is committed."""

    contract: Contract
    lake: Lake
    landing_root: Path
    sources: Mapping[str, Source]
    provenance: Provenance
    threads: int
    border: Border
    checks: Checks | None
    told: Callable[[DayCounts], None]

    def run(self, days: Sequence[date], *, careful: bool = False) -> None:
        """Build days that ascend; ``careful`` as for ``Duplicates``."""
        sources = list(self.sources.values())
        inputs = Inputs(self.contract, self.landing_root, sources, self.lake, self.provenance.code_version)
        inputs.check_complete(days)
        judge = DayJudge(self.contract, self.checks, days, self.lake, self.landing_root) if self.checks else None
        self.lake.root.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(prefix=SPILL, dir=self.lake.root) as spill,
            closing(DayWriter(self.contract, days, inputs, self.lake, self.provenance, judge)) as writer,
            closing(self._classifier(days, writer, Path(spill), careful)) as classifier,
        ):
            reader = Reader(self.landing_root, self.sources, Path(spill))
            for counts in Chunks(self.contract, reader, classifier, writer, inputs, self.border).built():
                self.told(counts)

    def _classifier(self, days: Sequence[date], writer: DayWriter, spill: Path, careful: bool) -> Classifier:
        own, seen = raw_table(self.contract.table), SeenKeys(writer.folder)
        if self.contract.deduplicate == "first_arrival":
            for day in (day for day in self.lake.days(own, until=days[-1]) if day not in set(days)):
                seen.remember(day, _key_files(self.lake.folder(own, day)))
            kept = tuple(f"keys-{hour:02d}-" for hour in writer.kept)
            files = _key_files(self.lake.folder(own, days[0]))
            seen.remember(days[0], (name for name in files if name.startswith(kept)))
        catalogues = flag_tables(self.contract)
        return Classifier(
            self.contract,
            seen,
            retracted=writer.retracted_files,
            catalogues={table: self.lake.files(raw_table(table), until=days[-1]) for table in catalogues},
            spill=spill,
            threads=self.threads,
            careful=careful,
        )


def _key_files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("keys-*.u64"))
