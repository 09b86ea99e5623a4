"""Hypothesis without a deadline: a loaded machine is no reason for a rule to be wrong."""

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
