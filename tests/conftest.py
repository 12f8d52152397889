"""What all tests share: a law that holds is no less true on a busy machine."""

from hypothesis import settings

settings.register_profile("aisle", deadline=None)
settings.load_profile("aisle")
