"""What every notice shares: for booking or cancelling, what happens on a closed day, what lateness does.

A kind of notice computes one instant, ``limit``: the first at which it is too late. It decides there which
day and hour; the rest is here. Whatever has ``limit`` narrows ``bookable_until``: screens, sentences and
``judge`` follow with no change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from app.rules.calendar import END_OF_DAY, ONE_DAY, Calendar, Hour, Span, instant
from app.rules.facts import Action, ChildPlan, Covers, Plan, Slot
from app.rules.periods import PER, PER_SHORT, Per, span_of
from app.rules.registry import BadParameter, param
from app.rules.verdict import Effect, Refusal, Remedy, Severity, as_it_was
from app.rules.words import NBSP, counted, day_words, limit_words, moment_words, sentence

Gate = Literal["booking", "cancelling", "both"]
Late = Literal["refused", "ask_staff", "surcharge", "full_price"]
Firm = Literal["refused", "ask_staff"]
IfClosed = Literal["keep", "earlier", "later", "workday_before", "workday_after", "school"]

GATES = {"booking": "réserver", "cancelling": "annuler", "both": "réserver et annuler"}
ABLE = {"booking": "réservable", "cancelling": "annulable", "both": "réservable et annulable"}
LATE = {
    "refused": "refuser",
    "ask_staff": "demander l’accord du service",
    "surcharge": "accepter avec une majoration",
    "full_price": "accepter sans le tarif réduit",
}
IF_CLOSED = {
    "keep": "ne rien changer",
    "earlier": "avancer au jour ouvré d’avant",
    "later": "reculer au jour ouvré d’après",
    "workday_before": "avancer au jour ouvré d’avant, d’une fin de semaine aussi",
    "workday_after": "reculer au jour ouvré d’après, d’une fin de semaine aussi",
    "school": "avancer au dernier jour d’école",
}
SHIFTED = {
    "keep": "",
    "earlier": " ; si ce jour est férié ou fermé, le jour ouvré d’avant",
    "later": " ; si ce jour est férié ou fermé, le jour ouvré d’après",
    "workday_before": " ; si ce n’est pas un jour ouvré, celui d’avant",
    "workday_after": " ; si ce n’est pas un jour ouvré, celui d’après",
    "school": " ; s’il n’y a pas école ce jour-là, le dernier jour d’école d’avant",
}
FIRM = {key: LATE[key] for key in ("refused", "ask_staff")}
"""What is not merely dearer."""
ACTIONS: tuple[Action, ...] = ("booking", "cancelling")
OUTCOMES = {
    "ask_staff": "le service décide",
    "surcharge": "c’est majoré",
    "full_price": "le tarif réduit est perdu",
}
"""What becomes of what is late and yet passes."""
OTHERWISE = {"refused": "", "ask_staff": " ; sinon, le service décide"}
AFTER = {
    "refused": "",
    "ask_staff": " ; ensuite, le service décide",
    "surcharge": " ; ensuite, avec une majoration",
    "full_price": " ; ensuite, sans le tarif réduit",
}
SEVERITIES = {
    "refused": Severity.REFUSED,
    "ask_staff": Severity.ASK_STAFF,
    "surcharge": Severity.WARNING,
    "full_price": Severity.WARNING,
}
EFFECTS: dict[Late, Effect] = {"surcharge": "surcharge", "full_price": "full_price"}
LONGEST_SHIFT = 366


class Between:
    """What every window shares: a day and an hour at which it opens, and at which it closes; either may lack.

    Not a dataclass: a kind declares the fields, with its own words.
    """

    __slots__ = ()
    opens_on: date | None
    opens_at: Hour
    closes_on: date | None
    closes_at: Hour

    @property
    def opens(self) -> datetime | None:
        """The first UTC instant at which one may; None: one always could."""
        return instant(self.opens_on, self.opens_at) if self.opens_on is not None else None

    @property
    def closes(self) -> datetime | None:
        """The first UTC instant at which it is too late; None: it never is."""
        return instant(self.closes_on, self.closes_at) if self.closes_on is not None else None

    @property
    def dates(self) -> list[str]:
        """ "à partir du lundi 4 mars 2024 à 7 h", "jusqu’au vendredi 31 mai 2024 à 24 h"."""
        told = [f"à partir du {moment_words(self.opens)}"] if self.opens is not None else []
        return [*told, f"jusqu’au {limit_words(self.closes)}"] if self.closes is not None else told

    def upside_down(self) -> Iterator[BadParameter]:
        """The closing comes before the opening."""
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            yield BadParameter("closes_on", "La fermeture vient avant l’ouverture : échangez-les.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The part of a notice that does not say which day."""

    gate: Gate = param("Le délai vaut pour", labels=GATES, default="both")
    if_closed: IfClosed = param(
        "Si le jour limite est férié ou fermé",
        labels=IF_CLOSED,
        default="keep",
        help="« Au dernier jour d’école » vaut aussi pour un mercredi, une fin de semaine, des vacances.",
    )
    late: Late = param("Passé le délai", labels=LATE, default="refused")
    times: int | None = param(
        "Retards tolérés",
        minimum=1,
        maximum=366,
        default=None,
        help="En jours : deux unités d’un même jour sont un seul retard. Vide : aucun.",
    )
    per: Per = param("Comptés par", labels=PER, default="school_year")

    @property
    def is_firm(self) -> bool:
        """Whether what is late can't simply be had: dearer, or tolerated, it still can."""
        return self.late in ("refused", "ask_staff") and self.times is None

    @property
    def looks_around(self) -> bool:
        """What it tolerates is counted over a period."""
        return self.times is not None

    @property
    def able(self) -> str:
        return ABLE[self.gate]

    @property
    def shift(self) -> str:
        """What becomes of a limit on a day that does not count."""
        return SHIFTED[self.if_closed]

    @property
    def then(self) -> str:
        """The end of the sentence: what becomes of what is late."""
        words = AFTER[self.late]
        if self.times is not None:
            words += f" ; {counted(self.times, 'retard toléré', 'retards tolérés')} {PER_SHORT[self.per]}"
        return words

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        """The limit day and its hour, before any shift."""
        raise NotImplementedError

    def limit(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        if self.gate not in (action, "both"):
            return None
        on, hour = self.day(slot, calendar)
        return min(instant(self._shifted(slot, on, calendar), hour), instant(slot.on, END_OF_DAY))

    def _shifted(self, slot: Slot, on: date, calendar: Calendar) -> date:
        if self.if_closed == "keep":
            return on
        if self.if_closed == "school":
            return on if calendar.is_school_day(on) else calendar.previous_school_day(on)
        step = -ONE_DAY if self.if_closed in ("earlier", "workday_before") else ONE_DAY
        is_free = not calendar.is_working_day(on) and self.if_closed in ("workday_before", "workday_after")
        if not is_free and not _is_closed(slot, on, calendar):
            return on
        for _ in range(LONGEST_SHIFT):
            on += step
            if calendar.is_working_day(on) and not _is_closed(slot, on, calendar):
                break
        return on

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        """One for each covered square that the change books or cancels once its limit has come.

        A waiting list is left at any moment: no place is given up.
        """
        for action in ACTIONS:
            late = self._late_before(plan, action, covers) if self.times is not None else defaultdict(list)
            for mine, slot in plan.changed(action, covers):
                limit = self.limit(slot, action, plan.calendar)
                leaves_list = action == "cancelling" and slot in mine.waiting
                if limit is None or plan.now < limit or leaves_list:
                    continue
                days = late[mine.child.id, self._span(slot, plan)]
                if slot.on not in days:
                    days.append(slot.on)
                yield self._refusal(plan, mine, slot, action, limit, days.index(slot.on) + 1)

    def _refusal(
        self, plan: Plan, mine: ChildPlan, slot: Slot, action: Action, limit: datetime, rank: int
    ) -> Refusal:
        until, outcome = limit_words(limit), OUTCOMES.get(self.late)
        text = f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: "
        squares = frozenset({slot})
        if self.times is not None and rank <= self.times:
            text += (
                f"encore {ABLE[action]} après le {until}. "
                f"Retard toléré, {rank} sur {self.times} {PER_SHORT[self.per]}."
            )
            return Refusal(mine.child.id, squares, text, Severity.WARNING, remedy=undo(slot, action))
        if outcome is None:
            text += f"trop tard, c’était {ABLE[action]} jusqu’au {until}."
        else:
            text += f"encore {ABLE[action]}{NBSP}; après le {until}, {outcome}."
        if self.times is not None:
            text += f" Les {self.times} retards tolérés {PER_SHORT[self.per]} sont passés."
        return Refusal(
            mine.child.id,
            squares,
            text,
            SEVERITIES[self.late],
            until=limit,
            remedy=undo(slot, action),
            effect=EFFECTS.get(self.late, ""),
        )

    def _late_before(
        self, plan: Plan, action: Action, covers: Covers
    ) -> defaultdict[tuple[int, Span], list[date]]:
        """The days that each child has asked, or cancelled, too late before this change, by period."""
        found: defaultdict[tuple[int, Span], list[date]] = defaultdict(list)
        for mine in plan.children:
            moments = mine.asked_at if action == "booking" else mine.cancelled_at
            for slot, moment in sorted(moments.items(), key=lambda one: (one[1], one[0].on)):
                counts = slot not in mine.added | mine.dropped and covers(slot)
                limit = self.limit(slot, action, plan.calendar) if counts else None
                days = found[mine.child.id, self._span(slot, plan)]
                if limit is not None and moment >= limit and slot.on not in days:
                    days.append(slot.on)
        return found

    def _span(self, slot: Slot, plan: Plan) -> Span:
        return span_of(slot.on, self.per, plan.calendar)

    def problems(self) -> Iterator[BadParameter]:
        if self.times is not None and self.late in ("surcharge", "full_price"):
            yield BadParameter("times", "Un retard majoré est déjà accepté : retirez « times ».")


def _is_closed(slot: Slot, on: date, calendar: Calendar) -> bool:
    return on in calendar.public_holidays or calendar.closure(slot.unit, on) is not None


def undo(slot: Slot, action: Action) -> Remedy:
    """Leave the square as it was."""
    return as_it_was([slot], ()) if action == "booking" else as_it_was((), [slot])
