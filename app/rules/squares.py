"""What worked examples are written with: moments, squares, places taken, ages, and codes of what exists.

books: {cantine.repas: 2026-09-14}
booked: {alsh.journee: [2026-07-06 au 2026-07-10, 2026-07-15]}
cancelled: {alsh.journee: {2026-07-06: 2026-07-01 08:30}}     # and when it was
cancelled: {alsh.journee: [2026-07-03, {2026-07-06: 2026-07-01 08:30}]}     # or when one of them was
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

from app.rules.calendar import ONE_DAY, Calendar, Hour, instant, local
from app.rules.facts import Names, Slot
from app.rules.values import (
    SHAPES,
    Misread,
    Shape,
    plain,
    read_code,
    read_date,
    read_hour,
    read_integer,
    read_months,
    read_text,
    shown,
)
from app.rules.words import NBSP, counted, day_words, hour_words, joined, number_words

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[\sT]+(?:à\s+)?(\S.*)")
RANGE = re.compile(r"(\S+)\s+au\s+(\S+)")
LONGEST = 400
CROWDED = 100_000
"""More children than a square ever has."""

Months = NewType("Months", int)
"""An age, in completed months."""
ActivityCode = NewType("ActivityCode", str)
AnswerCode = NewType("AnswerCode", str)
GroupName = NewType("GroupName", str)
LevelCode = NewType("LevelCode", str)
SchoolCode = NewType("SchoolCode", str)
RuleCode = NewType("RuleCode", str)


@dataclass(frozen=True, slots=True)
class Days:
    """A unit on some days, both ends included; ``at``: when it was asked for, or cancelled."""

    unit: str
    from_on: date
    until_on: date
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Squares:
    """Squares as written: of a range of days, those on which the unit opens."""

    days: tuple[Days, ...] = ()

    @property
    def codes(self) -> Iterator[str]:
        """The units named."""
        return iter(sorted({one.unit for one in self.days}))

    def slots(self, calendar: Calendar) -> frozenset[Slot]:
        """The squares themselves. A single day is kept, open or not; of a range, the open days."""
        return frozenset(slot for slot, _ in self._each(calendar))

    def moments(self, calendar: Calendar) -> dict[Slot, datetime]:
        """When those of them were asked or cancelled that say it."""
        return {slot: at for slot, at in self._each(calendar) if at is not None}

    def _each(self, calendar: Calendar) -> Iterator[tuple[Slot, datetime | None]]:
        for one in self.days:
            for rank in range((one.until_on - one.from_on).days + 1):
                on = one.from_on + ONE_DAY * rank
                if one.from_on == one.until_on or calendar.is_open(one.unit, on):
                    yield Slot(one.unit, on), one.at


@dataclass(frozen=True, slots=True)
class Counts:
    """A number by unit."""

    numbers: tuple[tuple[str, int], ...] = ()

    @property
    def codes(self) -> Iterator[str]:
        """The units named."""
        return iter(sorted(unit for unit, _ in self.numbers))


def read_moment(value: object) -> datetime:
    """The UTC instant of a day and an hour on the town's clocks."""
    found = MOMENT.fullmatch(str(value).strip())
    if found is None:
        raise Misread(f"{shown(value)} n’est pas un moment. Écrivez un jour et une heure : 2026-09-11 09:00.")
    return instant(read_date(found[1]), read_hour(found[2]))


def moment_text(moment: datetime) -> str:
    """As it is written in the file."""
    return local(moment).strftime("%Y-%m-%d %H:%M")


def _read_squares(value: object) -> Squares:
    if not isinstance(value, Mapping) or not value:
        raise Misread("donnez une unité et ses jours, par exemple cantine.repas: 2026-09-14.")
    return Squares(tuple(one for unit, days in value.items() for one in _read_days(read_code(unit), days)))


def _read_days(unit: str, value: object) -> Iterator[Days]:
    if isinstance(value, Mapping):
        for on, at in value.items():
            for one in _read_days(unit, on):
                yield Days(unit, one.from_on, one.until_on, read_moment(at))
    elif isinstance(value, list | tuple):
        for one_of in value:
            yield from _read_days(unit, one_of)
    elif found := RANGE.fullmatch(str(value).strip()):
        first, last = read_date(found[1]), read_date(found[2])
        if not first <= last or (last - first).days > LONGEST:
            raise Misread(f"{shown(value)} : le second jour doit venir après le premier, dans l’année.")
        yield Days(unit, first, last)
    else:
        on = read_date(value)
        yield Days(unit, on, on)


def _dump_squares(squares: Squares) -> object:
    return {
        unit: days_plain(
            [
                (_days_text(one), moment_text(one.at) if one.at is not None else "")
                for one in squares.days
                if one.unit == unit
            ]
        )
        for unit in squares.codes
    }


def days_plain(days: Sequence[tuple[str, str]]) -> object:
    """Days, each with its moment or "" where nothing says it, as shortly as a file writes them all."""
    texts = [on for on, _ in days]
    if not any(at for _, at in days):
        return texts[0] if len(texts) == 1 else texts
    if all(at for _, at in days) and len(set(texts)) == len(texts):
        return dict(days)
    return [{on: at} if at else on for on, at in days]


def _days_text(one: Days) -> str:
    first, last = one.from_on.isoformat(), one.until_on.isoformat()
    return first if first == last else f"{first} au {last}"


def _say_squares(squares: Squares, names: Names) -> str:
    return joined(f"{names.get(one.unit, one.unit)} {_days_words(one)}" for one in squares.days)


def _days_words(one: Days) -> str:
    if one.from_on == one.until_on:
        return f"du {day_words(one.from_on)}"
    return f"du {day_words(one.from_on)} au {day_words(one.until_on)}"


def _read_counts(value: object) -> Counts:
    if not isinstance(value, Mapping) or not value:
        raise Misread("donnez une unité et un nombre, par exemple cantine.repas: 48.")
    return Counts(tuple((read_code(unit), _read_count(number)) for unit, number in value.items()))


def _read_count(value: object) -> int:
    number = read_integer(value)
    if not 0 <= number <= CROWDED:
        raise Misread(f"{shown(value)} n’est pas un nombre de places : de 0 à {number_words(CROWDED)}.")
    return number


def _say_moment(moment: datetime, _: Names) -> str:
    there = local(moment)
    return f"{day_words(there.date())} à {hour_words(Hour(there.hour * 60 + there.minute))}"


def months_text(months: int) -> str:
    """ "8 ans", "30 mois"."""
    text = counted(months, "mois", "mois") if months % 12 else counted(months // 12, "an", "ans")
    return text.replace(NBSP, " ")


def _named(form: str) -> Shape:
    return Shape(form, read_text, plain, lambda value, names: names.get(value, value))


def _say_counts(counts: Counts, names: Names) -> str:
    return joined(f"{number} pour {names.get(unit, unit)}" for unit, number in counts.numbers)


SHAPES.update(
    {
        datetime: Shape("moment", read_moment, moment_text, _say_moment),
        Squares: Shape("squares", _read_squares, _dump_squares, _say_squares),
        Counts: Shape("counts", _read_counts, lambda counts: dict(counts.numbers), _say_counts),
        Months: Shape("age", read_months, months_text, lambda months, _: months_text(months)),
        ActivityCode: _named("activity"),
        AnswerCode: _named("answer"),
        GroupName: _named("group"),
        LevelCode: _named("level"),
        SchoolCode: _named("school"),
        RuleCode: _named("rule"),
    }
)
