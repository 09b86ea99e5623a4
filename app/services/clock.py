"""The only reader of the clock. ``MARELLE_NOW`` moves it, for rehearsals and tests.

``MARELLE_NOW=2027-06-15T09:00`` (Europe/Paris) starts the process at that moment; time then
goes on from there. ``…@1811000000`` says at which real second it was that moment: processes
started one after the other then agree, and no mail is due later for one than for another.
"""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def _offset() -> timedelta:
    told = os.environ.get("MARELLE_NOW")
    if not told:
        return timedelta(0)
    words, _, second = told.partition("@")
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=PARIS)
    since = datetime.fromtimestamp(float(second), UTC) if second else datetime.now(UTC)
    return moment.astimezone(UTC) - since


_shift = _offset()


def now() -> datetime:
    """This instant, aware, UTC."""
    return datetime.now(UTC) + _shift


def today() -> date:
    """This day in Europe/Paris."""
    return now().astimezone(PARIS).date()
