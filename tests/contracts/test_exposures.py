"""What the endpoint showed, as a table that arrives: which rows meet it, and that a repeated delivery adds nothing."""

from datetime import date

import pytest

from recs.contracts import load_contracts
from recs.ingest.build import build_raw
from recs.ingest.landing import land
from recs.ingest.source import load_source
from recs.lake import Lake, Provenance

COLUMNS = ("request_id", "exposed_at", "user_id", "surface", "release_id", "fallback_source", "variant", "item_id")
COLUMNS += ("position", "propensity")
GOOD = ("r1", "2026-03-01 10:00:00", "ann", "home", "20260301-ab", "user", "", "mug", "1", "0.5")


@pytest.fixture
def delivered(tmp_path, request):
    """Lines of two days through ingestion; returns counts of each day."""
    contracts = load_contracts(request.config.rootpath / "data_contracts")
    mapped = ", ".join(f"{name}: {name}" for name in COLUMNS)
    drop = f"{{file: 'shown*.csv', feeds: exposures, columns: {{{mapped}}}}}"
    (tmp_path / "endpoint.yaml").write_text(f"source: endpoint\narrival: path\ndrops: {{shown: {drop}}}\n")
    source = load_source(tmp_path / "endpoint.yaml", contracts)

    def deliver(*days: list[tuple[str, ...]]):
        dates = [date(2026, 3, 1 + n) for n in range(len(days))]
        for day, lines in zip(dates, days, strict=True):
            path = tmp_path / str(day) / f"shown-{day}.csv"
            path.parent.mkdir()
            path.write_text("\n".join(",".join(line) for line in (COLUMNS, *lines)) + "\n")
            land(source, [path], tmp_path / "landing", arrival_date=day)
        where = {"lake": Lake(tmp_path / "lake"), "landing_root": tmp_path / "landing", "sources": [source]}
        return build_raw(contracts["exposures"], dates, provenance=Provenance("code", "config", "run"), **where)

    return deliver


def changed(**values: str) -> tuple[str, ...]:
    return tuple({**dict(zip(COLUMNS, GOOD, strict=True)), **values}.values())


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"user_id": ""}, None),
        ({"propensity": "1"}, None),
        ({"item_id": ""}, "item_id:required"),
        ({"request_id": ""}, "request_id:required"),
        ({"fallback_source": "friends"}, "fallback_source:valid_values"),
        ({"position": "0"}, "position:minimum"),
        ({"propensity": "0"}, "propensity:exclusiveMinimum"),
        ({"variant": "b"}, "variant:experiment"),
        ({"exposed_at": "2026-03-02 00:00:00"}, "exposed_at:future"),
        ({"exposed_at": "2024-01-01 00:00:00"}, "exposed_at:horizon"),
    ],
)
def test_an_exposure_that_breaks_a_rule_is_told_from_one_that_does_not(delivered, values, rule):
    counts = delivered([changed(**values)])[0]
    assert counts.reasons == ({rule: 1} if rule else {})
    assert counts.valid == (0 if rule else 1)


def test_an_item_of_an_answer_counts_once_whenever_it_is_delivered_again(delivered):
    other = changed(item_id="hat", position="2")
    first, second = delivered([GOOD, other, GOOD], [changed(propensity="0.4"), changed(request_id="r2")])
    assert (first.valid, first.duplicate) == (2, 1)
    assert (second.valid, second.duplicate) == (1, 1)
