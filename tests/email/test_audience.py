"""Members of the shop's campaigns, as known on the as-of day."""

from datetime import date, datetime

import polars as pl
import pytest

from recs.email.audience import MEMBERSHIP_COLUMNS, audience
from recs.email.spec import AudienceSpec
from tests.email.shop import AS_OF, SEND

TOLD = [
    ("runs", "ann", date(2026, 3, 1), date(2026, 3, 20), datetime(2026, 3, 1), date(2026, 3, 1), 23),
    ("runs too", "ann", date(2026, 3, 1), date(2026, 3, 10), datetime(2026, 3, 1), date(2026, 3, 1), 23),
    ("begins on the send date", "bea", date(2026, 3, 10), date(2026, 3, 20), datetime(2026, 3, 9, 23), AS_OF, 23),
    ("ended the day before", "cem", date(2026, 2, 1), date(2026, 3, 9), datetime(2026, 2, 1), date(2026, 2, 1), 23),
    ("begins later", "dan", date(2026, 3, 11), date(2026, 3, 20), datetime(2026, 3, 1), date(2026, 3, 1), 23),
    ("known the day after", "eve", date(2026, 3, 1), date(2026, 3, 20), datetime(2026, 3, 10), AS_OF, 23),
    ("arrives the day after", "fay", date(2026, 3, 1), date(2026, 3, 20), datetime(2026, 3, 1), SEND, 23),
    ("cut short", "gus", date(2026, 3, 1), date(2026, 3, 20), datetime(2026, 3, 1), date(2026, 3, 1), 23),
    ("cut short", "gus", date(2026, 3, 1), date(2026, 3, 5), datetime(2026, 3, 1), date(2026, 3, 4), 23),
]


@pytest.mark.parametrize(
    ("how", "expected"), [("active", ["ann", "bea"]), ("known", ["ann", "bea", "cem", "dan", "gus"])]
)
def test_the_audience_is(how, expected):
    told = pl.DataFrame(TOLD, schema=list(MEMBERSHIP_COLUMNS), orient="row")
    got = audience(told, AudienceSpec(how), as_of=AS_OF, send_date=SEND)
    assert got["user_id"].to_list() == expected
