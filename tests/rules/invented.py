"""Invented facts for the rules' tests: Lila and Sacha, the Grappaloups, the canteen, the autumn of 2024."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from app.rules.calendar import PARIS, Calendar, Span, Weekday, days_open
from app.rules.facts import Booked, Child, ChildPlan, Plan, Slot, Status, UnitCode

MATIN = UnitCode("grappaloups.matin")
REPAS = UnitCode("grappaloups.repas")
SOIR = UnitCode("grappaloups.soir")
CANTINE = UnitCode("cantine.repas")
UNITS = (MATIN, REPAS, SOIR, CANTINE)

NAMES = {
    MATIN: "le matin des Grappaloups",
    REPAS: "le repas des Grappaloups",
    SOIR: "le soir des Grappaloups",
    CANTINE: "le repas",
    "grappaloups": "les Grappaloups",
    "cantine": "le restaurant scolaire",
}

LILA = Child(1, "Lila", date(2018, 3, 4))
SACHA = Child(2, "Sacha", date(2020, 2, 29))

YEAR = Span(date(2024, 9, 2), date(2025, 7, 5))
TOUSSAINT = Span(date(2024, 10, 19), date(2024, 11, 4), "vacances de la Toussaint")
PUBLIC_HOLIDAYS = frozenset({date(2024, 11, 1), date(2024, 11, 11), date(2024, 12, 25), date(2025, 4, 21)})
SCHOOL_WEEK = frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.THURSDAY, Weekday.FRIDAY})
EVERY_DAY = Span(date(2023, 1, 1), date(2026, 1, 1)).days()

CALENDAR = Calendar(
    openings=frozenset(Slot(unit, on) for unit in UNITS for on in EVERY_DAY),
    school_days=days_open(YEAR, SCHOOL_WEEK, PUBLIC_HOLIDAYS | frozenset(TOUSSAINT.days())),
    public_holidays=PUBLIC_HOLIDAYS,
    holidays=(TOUSSAINT,),
    closures={"cantine": {date(2024, 9, 13): "réunion de l’équipe"}},
)
EVER = {"grappaloups": ((date(2020, 1, 1), None),), "cantine": ((date(2020, 1, 1), None),)}
WEDNESDAY = date(2024, 9, 11)
LONG_BEFORE = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)


def paris(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, second: int = 0) -> datetime:
    """A moment as the town's clocks show it."""
    return datetime.combine(date(year, month, day), time(hour, minute, second), tzinfo=PARIS).astimezone(UTC)


def slots(on: date, *units: str) -> frozenset[Slot]:
    return frozenset(Slot(unit, on) for unit in units)


def of_child(
    child: Child = LILA,
    add: Iterable[Slot] = (),
    drop: Iterable[Slot] = (),
    before: Iterable[Slot] = (),
    status: Status = "confirmed",
) -> ChildPlan:
    return ChildPlan.change(child, [Booked(slot, status) for slot in before], add, drop, EVER)


def plan(*children: ChildPlan, now: datetime = LONG_BEFORE, calendar: Calendar = CALENDAR) -> Plan:
    return Plan(children, now, calendar, names=NAMES)
