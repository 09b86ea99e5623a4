"""How long one stays logged in: a rest limit and an absolute limit, kept in the signed cookie."""

from datetime import datetime, timedelta

from flask import current_app, flash, session

from app.services import clock

SINCE, SEEN, AS_STAFF = "since", "seen", "as_staff"
# Writing the cookie at each page would cost every answer a header: a rest is counted to the minute.
GRAIN_SECONDS = 60


def begin(as_staff: bool, now: datetime) -> None:
    """Start counting. The cookie itself goes when the browser closes."""
    session.permanent = False
    session[SINCE] = session[SEEN] = int(now.timestamp())
    session[AS_STAFF] = as_staff


def rest_limit(as_staff: bool) -> timedelta:
    """How long one may do nothing: a working day for staff, a day for parents."""
    name, hours = ("LOGIN_REST_STAFF_HOURS", 10) if as_staff else ("LOGIN_REST_FAMILY_HOURS", 24)
    return timedelta(hours=current_app.config.get(name, hours))


def absolute_limit() -> timedelta:
    """How long a log-in lasts whatever one does."""
    return timedelta(days=current_app.config.get("LOGIN_LONGEST_DAYS", 30))


def is_over(since: float, seen: float, as_staff: bool, now: datetime) -> bool:
    """Whether either limit has passed; a limit reached to the second is over."""
    at = now.timestamp()
    return at - seen >= rest_limit(as_staff).total_seconds() or at - since >= absolute_limit().total_seconds()


def enforce() -> None:
    """Before anybody is recognised: forget a log-in that lasted too long, note that this one is alive."""
    if "_user_id" not in session:
        return
    now = clock.now()
    if SINCE not in session:
        begin(as_staff=True, now=now)
    elif is_over(session[SINCE], session[SEEN], session.get(AS_STAFF, True), now):
        session.clear()
        flash(
            "Vous êtes resté longtemps sans rien faire. Par sécurité, connectez-vous de nouveau.", "warning"
        )
    elif now.timestamp() - session[SEEN] >= GRAIN_SECONDS:
        session[SEEN] = int(now.timestamp())
