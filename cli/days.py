"""Days on the command line: read from text, or the newest that fits."""

from datetime import date, datetime, timedelta

from orchestration.settings import Settings
from recs.errors import AisleError, ConfigError


def parse_day(text: str) -> date:
    """A day from the command line. Raises ConfigError when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ConfigError(f"{text!r} is not a day", "write it as YYYY-MM-DD, such as 2017-11-26") from None


def newest_arrival(settings: Settings) -> date:
    """The newest day that files have landed for. Raises AisleError before the first."""
    days = [p.name for p in settings.landing.glob("*/*") if p.is_dir() and p.name[:1].isdigit()]
    if not days:
        raise AisleError("nothing has landed yet", "land files first: aisle ingest PATH --source NAME, or aisle demo")
    return parse_day(max(days))


def newest_judged_day(settings: Settings) -> date:
    """The newest as-of day with surfaces whose following week has arrived. Raises AisleError where there is none."""
    from recs.lake import Lake
    from recs.ranking.weeks import HORIZON_DAYS

    lake = Lake(settings.lake)
    arrived = lake.days("facts/fct_user_item_daily")
    ranked = lake.days("rankings/discover", until=arrived[-1] - timedelta(days=HORIZON_DAYS)) if arrived else []
    if not ranked:
        problem = "no ranked day has a whole week of purchases after it"
        raise AisleError(problem, "run a day whose following week has landed, for example with aisle demo")
    return ranked[-1]
