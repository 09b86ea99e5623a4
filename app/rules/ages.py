"""Ages as people say them, and whether an activity suits one."""

from __future__ import annotations

from datetime import date

from app.rules.kinds.admission import months_old
from app.rules.words import NBSP, counted, of

Ages = tuple[int | None, int | None]
"""The least and the most months of an activity, both included; None: no bound."""


def age_problem(name: str, born_on: date | None, ages: Ages, from_on: date, until_on: date) -> str:
    """Why the child's age does not suit on any of these days, both included; empty when it does on one."""
    low, high = ages
    if low is None and high is None:
        return ""
    if born_on is None:
        return f"Il manque la date de naissance {of(name)}{NBSP}: indiquez-la dans «{NBSP}Ma famille{NBSP}»."
    if low is not None and months_old(born_on, until_on) < low:
        return f"Il faut avoir {age_words(low)}, et {name} ne les aura pas cette année-là."
    if high is not None and months_old(born_on, from_on) > high:
        age = age_words(months_old(born_on, from_on))
        return f"Cette activité s’arrête à {age_words(high + 1)}, et {name} a {age}."
    return ""


def age_words(months: int) -> str:
    """« 3 ans », « 10 mois », « 2 ans et demi »."""
    years, rest = divmod(months, 12)
    if years < 2 and rest:
        return counted(months, "mois", "mois")
    words = counted(years, "an", "ans")
    if rest == 6:
        return f"{words} et demi"
    return f"{words} et {counted(rest, 'mois', 'mois')}" if rest else words
