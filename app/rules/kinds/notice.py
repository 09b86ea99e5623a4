"""Notice periods (délais de prévenance): until when a square may be booked, until when cancelled.

Booking and cancelling are two rules when their limits differ (``gate``). A table by weekday (« Monday and
Tuesday: Friday 9:00 ») is one dated row a line, told apart by its weekdays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from app.rules.calendar import (
    END_OF_DAY,
    MINUTES_A_DAY,
    ONE_DAY,
    START_OF_DAY,
    Calendar,
    Hour,
    Weekday,
    add_months,
)
from app.rules.facts import Slot
from app.rules.kinds.limits import Notice
from app.rules.periods import monday_of, period_of
from app.rules.registry import kind, param
from app.rules.words import NBSP, counted, hour_words, weekday_words

Counted = Literal["calendar", "working", "workable", "school", "clear", "months"]
COUNTED = {
    "calendar": "jours du calendrier",
    "working": "jours ouvrés, du lundi au vendredi",
    "workable": "jours ouvrables, du lundi au samedi",
    "school": "jours d’école",
    "clear": "jours francs",
    "months": "mois, de date à date",
}
NAMED = {
    "calendar": ("jour", "jours"),
    "working": ("jour ouvré", "jours ouvrés"),
    "workable": ("jour ouvrable", "jours ouvrables"),
    "school": ("jour d’école", "jours d’école"),
}
DAYS_HELP = (
    "Un jour férié n’est ni ouvré, ni ouvrable, ni d’école. Francs : ni le jour de la demande ni le jour "
    "réservé. Avec « mois », le nombre est un nombre de mois."
)


def days_before(on: date, days: int, counted: Counted, calendar: Calendar) -> date:
    """The day that many days before; a clear day is one that lies whole between the two."""
    if counted == "working":
        return calendar.previous_working_day(on, days)
    if counted == "workable":
        return calendar.previous_workable_day(on, days)
    if counted == "school":
        return calendar.previous_school_day(on, days)
    if counted == "months":
        return add_months(on, -days)
    return on - ONE_DAY * (days + (counted == "clear"))


def days_words(days: int, counted_as: Counted, of: str = "") -> str:
    """ "jusqu’à la veille", "jusqu’à 2 jours ouvrés avant"; ``of``: "le début de la période"."""
    if counted_as == "clear":
        return f"jusqu’à {counted(days, 'jour franc', 'jours francs')} avant{of and ' ' + of}"
    if days == 0:
        return "jusqu’au premier jour de la période" if of else "jusqu’au jour même"
    if counted_as == "months":
        return f"jusqu’à {counted(days, 'mois', 'mois')} avant{of and ' ' + of}"
    one, many = NAMED[counted_as]
    if days > 1:
        return f"jusqu’à {days}{NBSP}{many} avant{of and ' ' + of}"
    if counted_as == "calendar":
        return f"jusqu’à la veille{' du' + of.removeprefix('le') if of else ''}"
    return f"jusqu’au {one} d’avant{of and ' ' + of}"


def months_words(months_before: int) -> str:
    """ "du même mois", "du mois d’avant", "du mois, 2 mois avant"."""
    named = {0: "du même mois", 1: "du mois d’avant"}
    return named.get(months_before, f"du mois, {months_before}{NBSP}mois avant")


@kind(
    "notice",
    title="Délai : des jours avant",
    says="{able} {deadline}{shift}{then}.",
    example={"days": 1, "counted": "working", "hour": "10:00"},
)
@dataclass(frozen=True, slots=True)
class NoticeDays(Notice):
    """Refuse what is asked later than some days before, at an hour."""

    days: int = param("Nombre de jours avant", unit="jours", minimum=0, maximum=366, help="0 : le jour même.")
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    counted: Counted = param("Jours comptés", labels=COUNTED, default="calendar", help=DAYS_HELP)

    @property
    def deadline(self) -> str:
        return f"{days_words(self.days, self.counted)}, {hour_words(self.hour)}"

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        return days_before(slot.on, self.days, self.counted, calendar), self.hour


@kind(
    "notice_hours",
    title="Délai : des heures avant",
    says="{able} {deadline}{shift}{then}.",
    example={"hours": 72, "counted": "working"},
)
@dataclass(frozen=True, slots=True)
class NoticeHours(Notice):
    """Refuse what is asked less than some hours before the hour at which the unit begins.

    A day is 24 hours on the town's clocks, also when they change.
    """

    hours: int = param("Nombre d’heures avant", unit="heures", minimum=1, maximum=24 * 366)
    begins: Hour = param(
        "Heure de début",
        default=START_OF_DAY,
        help="Celle du service, d’où les heures se comptent. 0:00 : le début du jour réservé.",
    )
    counted: Literal["calendar", "working", "workable"] = param(
        "Jours comptés",
        labels={"calendar": "tous", "working": COUNTED["working"], "workable": COUNTED["workable"]},
        default="calendar",
        help="Ouvrés : les heures d’une fin de semaine ou d’un jour férié ne comptent pas.",
    )

    @property
    def deadline(self) -> str:
        hours = counted(self.hours, "heure", "heures")
        working = "" if self.counted == "calendar" else f" des {NAMED[self.counted][1]}"
        begins = "le début du jour" if self.begins == START_OF_DAY else f"{hour_words(self.begins)} le jour"
        return f"jusqu’à {hours}{working} avant {begins} réservé"

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        # The morning of a day that does not count, before the service begins, does not count either.
        is_counted = {"working": calendar.is_working_day, "workable": calendar.is_workable_day}
        counts = self.counted == "calendar" or is_counted[self.counted](slot.on)
        begins = self.begins if counts else START_OF_DAY
        days, left = divmod(self.hours * 60 - begins.minutes, MINUTES_A_DAY)
        # So many whole days back to a midnight, then the rest of one more day, counted from its end.
        back = days + (left > 0)
        on = days_before(slot.on, back, self.counted, calendar)
        return on, Hour(MINUTES_A_DAY - left if left else 0)


@kind(
    "notice_weekly",
    title="Délai : un jour d’une semaine d’avant",
    says="{able} {deadline}{shift}{then}.",
    example={"weekday": "vendredi", "hour": "09:00"},
)
@dataclass(frozen=True, slots=True)
class NoticeWeekly(Notice):
    """Refuse what is asked later than a weekday and hour of an earlier week. Weeks begin on Monday."""

    weekday: Weekday = param("Jour limite")
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    weeks_before: int = param(
        "Nombre de semaines avant", minimum=0, maximum=52, default=1,
        help="0 : la même semaine. 1 : celle d’avant. 2 : en laissant une semaine pleine entre les deux.",
    )  # fmt: skip

    @property
    def deadline(self) -> str:
        day, hour = weekday_words(self.weekday), hour_words(self.hour)
        if self.weeks_before == 0:
            return f"jusqu’au {day} de la même semaine, {hour}"
        if self.weeks_before == 1:
            return f"jusqu’au {day} de la semaine d’avant, {hour}"
        full = counted(self.weeks_before - 1, "semaine pleine", "semaines pleines")
        return f"jusqu’au {day}, {hour}, en laissant {full} avant la semaine réservée"

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        first = monday_of(slot.on) - timedelta(weeks=self.weeks_before)
        return first + ONE_DAY * self.weekday, self.hour


@kind(
    "notice_monthly",
    title="Délai : un jour d’un mois d’avant",
    says="{able} {deadline}{shift}{then}.",
    example={"day_of_month": 20},
)
@dataclass(frozen=True, slots=True)
class NoticeMonthly(Notice):
    """Refuse what is asked later than a day of an earlier month."""

    day_of_month: int = param(
        "Jour du mois", minimum=1, maximum=31, help="31 : le dernier jour, même d’un mois plus court."
    )
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    months_before: int = param(
        "Nombre de mois avant", minimum=0, maximum=12, default=1, help="0 : le même mois. 1 : celui d’avant."
    )

    @property
    def deadline(self) -> str:
        day = {1: "1er", 31: "dernier jour"}.get(self.day_of_month, str(self.day_of_month))
        return f"jusqu’au {day} {months_words(self.months_before)}, {hour_words(self.hour)}"

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        return add_months(slot.on, -self.months_before, self.day_of_month), self.hour


@kind(
    "notice_period",
    title="Délai : des jours avant une période",
    says="{able} {deadline}{shift}{then}.",
    example={"days": 15, "counted": "clear"},
)
@dataclass(frozen=True, slots=True)
class NoticePeriod(Notice):
    """Refuse what is asked later than some days before the period that holds the square begins."""

    days: int = param("Nombre de jours avant le début", unit="jours", minimum=0, maximum=366)
    hour: Hour = param("Heure limite", help="24:00 : jusqu’à la fin du jour.", default=END_OF_DAY)
    counted: Counted = param("Jours comptés", labels=COUNTED, default="calendar", help=DAYS_HELP)

    @property
    def deadline(self) -> str:
        return f"{days_words(self.days, self.counted, 'le début de la période')}, {hour_words(self.hour)}"

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        begins = period_of(slot.on, calendar.holidays).from_on
        return days_before(begins, self.days, self.counted, calendar), self.hour
