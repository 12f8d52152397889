"""What a day's arrivals must look like: profiles, shift against the weeks before, rules, and GX suites made of them.

Below ``recs.ingest``, which asks ``hold_reasons`` before readers see a batch. Great Expectations itself is imported in
``gx_run`` alone, which is a process of its own.
"""

from recs.checks.config import Checks, Rule, rules
from recs.checks.hold import hold_reasons
from recs.checks.profile import Profile, ProfileSpec, profile_spec, profiles

__all__ = ["Checks", "Profile", "ProfileSpec", "Rule", "hold_reasons", "profile_spec", "profiles", "rules"]
