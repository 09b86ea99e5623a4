"""Who comes first, and when one may register: what is decided before any square is asked for.

These refuse nothing in a plan: whoever ranks a waiting list, or takes a registration, asks them
(``app.rules.registering``). They are about an activity: no unit and no weekday narrows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from app.rules.calendar import (
    END_OF_DAY,
    ONE_DAY,
    START_OF_DAY,
    Calendar,
    Hour,
    add_months,
    local_day,
)
from app.rules.facts import Covers, Plan
from app.rules.kinds.limits import FIRM, Between, Firm
from app.rules.periods import monday_of, next_period
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Severity
from app.rules.words import NBSP, limit_words, moment_words

Starts = Literal["at_once", "next_week", "next_month", "next_period"]
STARTS = {
    "at_once": "tout de suite",
    "next_week": "la semaine suivante",
    "next_month": "le mois suivant",
    "next_period": "la période suivante",
}
LAST_RANK = 100


@kind(
    "priority",
    title="Priorité",
    says="Quand les places manquent, priorité de rang {rank}.",
    example={"rank": 1},
)
@dataclass(frozen=True, slots=True)
class Priority:
    """Rank the children whom the rule is for, on a waiting list and among registrations to decide."""

    whole_activity: ClassVar = True
    rank: int = param("Rang", minimum=1, maximum=LAST_RANK - 1, help="1 passe avant 2.")

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        return iter(())


@kind(
    "registration",
    title="Inscriptions",
    says="{when}{starting}.",
    example={"opens_on": "2026-03-04", "closes_on": "2026-05-31", "late": "ask_staff"},
)
@dataclass(frozen=True, slots=True)
class RegistrationWindow(Between):
    """Refuse to register before a date, or after another; say from when a registration counts."""

    whole_activity: ClassVar = True
    opens_on: date | None = param("Ouvrent le", default=None)
    opens_at: Hour = param("À", default=START_OF_DAY)
    closes_on: date | None = param("Ferment le", default=None, help="Ce jour compris.")
    closes_at: Hour = param("À", default=END_OF_DAY)
    late: Firm = param("Hors de ces dates", labels=FIRM, default="refused")
    starts: Starts = param("Une inscription commence", labels=STARTS, default="at_once")

    def problems(self) -> Iterator[BadParameter]:
        if self.opens_on is None and self.closes_on is None and self.starts == "at_once":
            yield BadParameter("opens_on", "Donnez l’ouverture, la fermeture, ou le début d’une inscription.")
        yield from self.upside_down()

    @property
    def is_dated(self) -> bool:
        """Whether it is a window: it opens, or closes."""
        return self.opens_on is not None or self.closes_on is not None

    @property
    def when(self) -> str:
        """ "On s’inscrit à partir du lundi 4 mars 2024, jusqu’au …"; without dates it opens nothing, and says
        only from when a registration counts.
        """
        if not self.is_dated:
            return f"Une inscription commence {STARTS[self.starts]}"
        asked = " ; hors de ces dates, le service décide" if self.late == "ask_staff" else ""
        return f"On s’inscrit {', '.join(self.dates)}{asked}"

    @property
    def starting(self) -> str:
        """From when it counts, where that is not at once."""
        return (
            ""
            if self.starts == "at_once" or not self.is_dated
            else f" ; l’inscription commence {STARTS[self.starts]}"
        )

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        return iter(())

    def verdict(self, now: datetime) -> tuple[Severity, str] | None:
        """What asking to register at that moment meets: how hard, and the sentence; None: nothing."""
        if self.opens is not None and now < self.opens:
            return Severity(self.late), f"On s’y inscrit à partir du {moment_words(self.opens)}."
        if self.closes is not None and now >= self.closes:
            text = f"Trop tard{NBSP}: on s’y inscrivait jusqu’au {limit_words(self.closes)}."
            return Severity(self.late), text
        return None

    def first_day(self, now: datetime, calendar: Calendar) -> date:
        """The first day that a registration asked at that moment covers; at once where the next period is not
        known yet.
        """
        today = local_day(now)
        if self.starts == "next_week":
            return monday_of(today) + 7 * ONE_DAY
        if self.starts == "next_month":
            return add_months(today, 1, day=1)
        if self.starts == "next_period":
            return next_period(today, calendar.holidays) or today
        return today
