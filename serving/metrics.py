"""What /metrics tells: lists by surface, source and status, their time, records of no use, the release's age."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from recs.lookup.lookup import Lookup

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 1.0)


class Metrics:
    """One process's counters; with ``folder``, /metrics adds up those of all workers."""

    def __init__(self, *, shared: bool = False) -> None:
        self._registry = CollectorRegistry()
        self._shared = shared
        labels = ("surface", "source", "status")
        self._answers = Counter("aisle_requests", "Lists asked for.", labels, registry=self._registry)
        self._seconds = Histogram(
            "aisle_answer_seconds", "Time to make an answer.", buckets=_SECONDS, registry=self._registry
        )
        self._misses = Counter(
            "aisle_record_misses", "Records that cannot be used.", ("kind",), registry=self._registry
        )
        self._troubles = Counter("aisle_release_troubles", "Releases that cannot be opened.", registry=self._registry)
        self._children: dict[tuple[str, str, int], Counter] = {}

    def answered(self, surface: str, source: str | None, status: int, seconds: float) -> None:
        """``surface``: '' unless it is one that is served, so that nobody can make labels up."""
        at = (surface, source or "", status)
        child = self._children.get(at)
        if child is None:
            child = self._children[at] = self._answers.labels(surface, source or "none", str(status))
        child.inc()
        self._seconds.observe(seconds)

    def missed(self, kind: str) -> None:
        self._misses.labels(kind).inc()

    def trouble(self) -> None:
        self._troubles.inc()

    def text(self, lookup: Lookup | None, promoted_at: str | None) -> bytes:
        """The Prometheus text format."""
        if not self._shared:
            return generate_latest(self._registry) + _release_lines(lookup, promoted_at)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)
        return generate_latest(together) + _release_lines(lookup, promoted_at)


def _release_lines(lookup: Lookup | None, promoted_at: str | None) -> bytes:
    """Made at each scrape, since a label that names the release must go when the release goes."""
    if lookup is None:
        return b""
    contents = lookup.contents
    as_of = datetime.fromisoformat(contents.as_of).replace(tzinfo=UTC).timestamp()
    lines = [
        "# HELP aisle_release_info The release that answers.",
        "# TYPE aisle_release_info gauge",
        f'aisle_release_info{{release_id="{contents.release_id}",as_of="{contents.as_of}"}} 1',
        "# HELP aisle_release_as_of_timestamp_seconds Start of the as-of day: time() less this is its age.",
        "# TYPE aisle_release_as_of_timestamp_seconds gauge",
        f"aisle_release_as_of_timestamp_seconds {as_of:.0f}",
    ]
    moment = _moment(promoted_at)
    if moment is not None:
        lines += [
            "# HELP aisle_release_promoted_timestamp_seconds When the release was put in force.",
            "# TYPE aisle_release_promoted_timestamp_seconds gauge",
            f"aisle_release_promoted_timestamp_seconds {moment:.0f}",
        ]
    return ("\n".join(lines) + "\n").encode()


def _moment(text: str | None) -> float | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
