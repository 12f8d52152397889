"""The jobs that people and schedules run."""

from jobs.daily import daily, daily_schedule

JOBS = [daily]
SCHEDULES = [daily_schedule]
