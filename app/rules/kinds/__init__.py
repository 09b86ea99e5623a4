"""The rule kinds. Importing this package registers them all; a new kind is one class and, for a new module,
one line here.
"""

from app.rules.kinds import admission, counting, household, notice, order, places, together, windows

__all__ = ["admission", "counting", "household", "notice", "order", "places", "together", "windows"]
