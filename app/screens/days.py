"""Days that come in an address or a form: one that can't be read is none, one too far is brought nearer."""

from datetime import date, timedelta


def typed(text: str | None) -> date | None:
    """The day, as a field of days sends it; None when it is none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def within(text: str | None, today: date, reach: timedelta) -> date:
    """The day asked for, kept within reach of today; today when it can't be read."""
    return min(max(typed(text) or today, today - reach), today + reach)
