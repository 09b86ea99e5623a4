"""Notice periods (délais de prévenance): until when a square may be booked, until when cancelled.

How the rest of the towns' rules come in without moving these walls:
1. A table by weekday ("Monday: Thursday 12 h before") is one `DatedRule` a row, told apart by `weekdays`.
2. Fixed dates, periods, monthly cut-offs are kinds with windows as parameters and the same `limit`; an
   opening moment is one more sentence of `refusals`, "réservable à partir du".
3. Shifts on closed days are choices of `if_holiday`; clear days, hours and quotas are parameters, or kinds.
4. Late but dearer is a choice of `late`: a `Severity.WARNING` here, a tariff that reads when it was asked.
5. Whatever has `limit` narrows `bookable_until`: screens, sentences and `judge` follow with no change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from app.rules.calendar import END_OF_DAY, ONE_DAY, Calendar, Hour, Weekday, instant
from app.rules.facts import Action, Covers, Plan, Slot
from app.rules.registry import Limiting, kind, param
from app.rules.verdict import Refusal, Remedy, Severity, withdraw
from app.rules.words import (
    NBSP,
    counted,
    day_words,
    hour_words,
    limit_words,
    sentence,
    weekday_words,
)

Gate = Literal["booking", "cancelling", "both"]
Late = Literal["refused", "ask_staff"]
IfHoliday = Literal["keep", "earlier"]

GATES = {"booking": "réserver", "cancelling": "annuler", "both": "réserver et annuler"}
ABLE = {"booking": "réservable", "cancelling": "annulable", "both": "réservable et annulable"}
LATE = {"refused": "refuser", "ask_staff": "demander l’accord du service"}
IF_HOLIDAY = {"keep": "ne rien changer", "earlier": "avancer au jour ouvré d’avant"}
COUNTED = {"calendar": "jours du calendrier", "working": "jours ouvrés", "school": "jours d’école"}
ACTIONS: tuple[Action, ...] = ("booking", "cancelling")


def late_refusals(rule: Limiting, late: Late, plan: Plan, covers: Covers) -> Iterator[Refusal]:
    """One refusal for each covered square that the change books or cancels once its limit has come."""
    for action in ACTIONS:
        for mine, slot in plan.changed(action, covers):
            limit = rule.limit(slot, action, plan.calendar)
            if limit is None or plan.now < limit:
                continue
            text = (
                f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: trop tard, "
                f"c’était {ABLE[action]} jusqu’au {limit_words(limit)}."
            )
            if late == "ask_staff":
                text += " Le service décidera."
            yield Refusal(
                mine.child.id, frozenset({slot}), text, Severity(late), until=limit, remedy=undo(slot, action)
            )  # fmt: skip


def undo(slot: Slot, action: Action) -> Remedy:
    """Leave the square as it was."""
    if action == "booking":
        return withdraw([slot])
    return Remedy("Garder cette réservation", add=frozenset({slot}))


def _limit(slot: Slot, on: date, hour: Hour, if_holiday: IfHoliday, calendar: Calendar) -> datetime:
    """The instant of the limit day's hour; never past the end of the square's own day."""
    if if_holiday == "earlier" and on in calendar.public_holidays:
        on = calendar.previous_working_day(on)
    return min(instant(on, hour), instant(slot.on, END_OF_DAY))


@kind("notice", says="{able} {deadline}.")
@dataclass(frozen=True, slots=True)
class Notice:
    """Refuse what is asked later than some days before, at an hour."""

    days: int = param("Nombre de jours avant", unit="jours", minimum=0, maximum=366, help="0 : le jour même.")
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    counted: Literal["calendar", "working", "school"] = param(
        "Jours comptés", labels=COUNTED, default="calendar", help="Un jour férié n’est ni ouvré ni d’école."
    )
    gate: Gate = param("Le délai vaut pour", labels=GATES, default="both")
    if_holiday: IfHoliday = param("Si le jour limite est férié", labels=IF_HOLIDAY, default="keep")
    late: Late = param("Passé le délai", labels=LATE, default="refused")

    @property
    def able(self) -> str:
        return ABLE[self.gate]

    @property
    def deadline(self) -> str:
        if self.days == 0:
            when = "au jour même"
        elif self.counted == "calendar":
            when = "à la veille" if self.days == 1 else f"à {self.days}{NBSP}jours avant"
        elif self.counted == "working":
            when = "au jour ouvré d’avant" if self.days == 1 else f"à {self.days}{NBSP}jours ouvrés avant"
        else:
            when = "au jour d’école d’avant" if self.days == 1 else f"à {self.days}{NBSP}jours d’école avant"
        return f"jusqu’{when}, {hour_words(self.hour)}"

    def limit(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        if self.gate not in (action, "both"):
            return None
        if self.counted == "working":
            on = calendar.previous_working_day(slot.on, self.days)
        elif self.counted == "school":
            on = calendar.previous_school_day(slot.on, self.days)
        else:
            on = slot.on - ONE_DAY * self.days
        return _limit(slot, on, self.hour, self.if_holiday, calendar)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        return late_refusals(self, self.late, plan, covers)


@kind("notice_weekly", says="{able} {deadline}.")
@dataclass(frozen=True, slots=True)
class NoticeWeekly:
    """Refuse what is asked later than a weekday and hour of an earlier week. Weeks begin on Monday."""

    weekday: Weekday = param("Jour limite")
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    weeks_before: int = param(
        "Nombre de semaines avant", minimum=0, maximum=52, default=1,
        help="0 : la même semaine. 1 : celle d’avant. 2 : en laissant une semaine pleine entre les deux.",
    )  # fmt: skip
    gate: Gate = param("Le délai vaut pour", labels=GATES, default="both")
    if_holiday: IfHoliday = param("Si le jour limite est férié", labels=IF_HOLIDAY, default="keep")
    late: Late = param("Passé le délai", labels=LATE, default="refused")

    @property
    def able(self) -> str:
        return ABLE[self.gate]

    @property
    def deadline(self) -> str:
        day, hour = weekday_words(self.weekday), hour_words(self.hour)
        if self.weeks_before == 0:
            return f"jusqu’au {day} de la même semaine, {hour}"
        if self.weeks_before == 1:
            return f"jusqu’au {day} de la semaine d’avant, {hour}"
        full = counted(self.weeks_before - 1, "semaine pleine", "semaines pleines")
        return f"jusqu’au {day}, {hour}, en laissant {full} avant la semaine réservée"

    def limit(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        if self.gate not in (action, "both"):
            return None
        monday = slot.on - ONE_DAY * slot.on.weekday()
        on = monday - timedelta(weeks=self.weeks_before) + ONE_DAY * self.weekday
        return _limit(slot, on, self.hour, self.if_holiday, calendar)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        return late_refusals(self, self.late, plan, covers)
