"""The only reader of the clock. ``MARELLE_NOW`` moves it, for rehearsals and tests.

``MARELLE_NOW=2027-06-15T09:00`` (Europe/Paris) starts the process at that moment; time then
goes on from there.
"""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def _offset() -> timedelta:
    told = os.environ.get("MARELLE_NOW")
    if not told:
        return timedelta(0)
    moment = datetime.fromisoformat(told)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=PARIS)
    return moment.astimezone(UTC) - datetime.now(UTC)


_shift = _offset()


def now() -> datetime:
    """This instant, aware, UTC."""
    return datetime.now(UTC) + _shift


def today() -> date:
    """This day in Europe/Paris."""
    return now().astimezone(PARIS).date()
