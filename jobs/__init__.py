"""The jobs that people and schedules run."""

from collections.abc import Sequence
from typing import Any

from jobs.bootstrap import bootstrap
from jobs.daily import daily, daily_schedule
from jobs.evaluation import evaluation
from jobs.hourly import hourly, hourly_schedule

JOBS: Sequence[Any] = [daily, hourly, bootstrap, evaluation]
SCHEDULES = [daily_schedule, hourly_schedule]
