"""The jobs that people and schedules run."""

from collections.abc import Sequence
from typing import Any

from jobs.bootstrap import bootstrap
from jobs.daily import daily, daily_schedule
from jobs.evaluation import evaluation

JOBS: Sequence[Any] = [daily, bootstrap, evaluation]
SCHEDULES = [daily_schedule]
