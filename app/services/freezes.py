"""Until when the yearly declarations may be edited, and whom to tell afterwards (F6).

``FreezeDate`` rows say it for each section, for every facility or for one; a row of a facility
replaces the general one there. A child of several facilities follows the first to close: a
change must then reach that team.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.entities.booking import RegistrationStatus
from app.models import Activity, Facility, FreezeDate, Registration, SchoolYear
from app.rules.calendar import ONE_DAY, local_day, month_day
from app.rules.freeze import Freeze, MonthDay, declared_year
from app.rules.words import NBSP, day_words, joined

HEALTH, SCHOOLING, CONTACTS, AUTHORISATIONS, NURSERY = (
    "health",
    "schooling",
    "contacts",
    "authorisations",
    "nursery",
)
NEVER = Freeze(closes=(5, 1), reopens=(5, 1))
"""No row says anything: open all year; read again each spring."""
FIRST_TIME = f"Vous remplissez cette partie pour la première fois{NBSP}: elle reste ouverte pour vous."


@dataclass(frozen=True)
class Window:
    """Whether a section may be edited at a moment, with the sentence a parent reads.

    ``closes_on`` is the first day it will be read-only (its eve is the last day to edit), None when
    it is closed or never closes; ``season_on`` the day it last opened; ``tell`` the teams to tell.
    """

    open: bool
    sentence: str
    season_on: date
    closes_on: date | None = None
    reopens_on: date | None = None
    tell: tuple[tuple[str, str], ...] = ()
    year: str = ""

    @property
    def last_on(self) -> date | None:
        """The last day on which it may be edited."""
        return self.closes_on - ONE_DAY if self.closes_on else None


@dataclass(frozen=True)
class FreezeDates:
    """Every freeze date of the town, read once a page."""

    rows: tuple[FreezeDate, ...] = ()

    def window(
        self, section: str, facilities: Iterable[Facility], now: datetime, declared_on: date | None = None
    ) -> Window:
        """The window of a section for a child of these facilities.

        ``declared_on``: the day of the last declaration. None means that there never was one: it may
        be made whatever the date, and put right until the next season (``app.rules.freeze``).
        """
        today = local_day(now)
        ruled: list[tuple[Freeze, Facility | None]] = [
            (self._freeze(section, one.id), one) for one in facilities
        ]
        if not ruled:
            ruled = [(self._freeze(section, None), None)]
        closed = [(freeze, one) for freeze, one in ruled if freeze.frozen_on(today)]
        if not closed:
            return _opened([freeze for freeze, _ in ruled], now)
        freeze = closed[0][0]
        closed_on = _last(freeze.closes, today)
        if declared_on is None or declared_on >= closed_on:
            return Window(
                open=True,
                sentence=FIRST_TIME,
                season_on=_last(freeze.reopens, today),
                year=declared_year(now, freeze),
            )
        return _shut(closed, now)

    @cached_property
    def _by_key(self) -> dict[tuple[str, int | None], FreezeDate]:
        return {(row.section, row.facility_id): row for row in self.rows}

    def _freeze(self, section: str, facility_id: int | None) -> Freeze:
        row = self._by_key.get((section, facility_id)) or self._by_key.get((section, None))
        if row is None:
            return NEVER
        return Freeze((row.month, row.day), (row.reopens_month, row.reopens_day))


def year_to_open(now: datetime) -> str:
    """The school year that families are asked to declare and that the town has not opened; empty: none.

    Until it is, nothing that they say of it can be saved. Two statements.
    """
    dates = read_dates()
    known = set(db.session.scalars(select(SchoolYear.code)))
    sections = {row.section for row in dates.rows}
    asked = {dates.window(section, [], now, date.min).year for section in sections}
    return min(asked - known, default="") if known else ""


def read_dates() -> FreezeDates:
    """The freeze dates in force, in one statement."""
    return FreezeDates(tuple(db.session.scalars(select(FreezeDate).order_by(FreezeDate.id))))


def facilities_by_child(child_ids: Collection[int], today: date) -> dict[int, list[Facility]]:
    """The facilities that each child attends or will, by the registrations in reach. One statement."""
    rows = db.session.scalars(
        select(Registration)
        .where(
            Registration.child_id.in_(child_ids),
            Registration.status.in_((RegistrationStatus.ASKED, RegistrationStatus.ACCEPTED)),
            Registration.ends_on >= today,
        )
        .order_by(Registration.activity_id)
        .options(joinedload(Registration.activity).joinedload(Activity.facility))
    )
    found: dict[int, dict[int, Facility]] = {child_id: {} for child_id in child_ids}
    for row in rows:
        found[row.child_id][row.activity.facility_id] = row.activity.facility
    return {child_id: list(facilities.values()) for child_id, facilities in found.items()}


def window(
    section: str, facilities: Iterable[Facility], now: datetime, declared_on: date | None = None
) -> Window:
    """``FreezeDates.window`` over the dates in force, in one statement."""
    return read_dates().window(section, facilities, now, declared_on)


def day_said(on: date, today: date) -> str:
    """« vendredi 31 juillet », with its year when it is not today's."""
    words = day_words(on)
    return words if on.year != today.year else words.rpartition(NBSP)[0]


def _opened(freezes: Sequence[Freeze], now: datetime) -> Window:
    today = local_day(now)
    closings = [(at, freeze) for freeze in freezes if (at := freeze.closes_at(now)) is not None]
    first = min(freezes, key=lambda one: _last(one.reopens, today))
    if not closings:
        return Window(
            open=True,
            sentence="Vous pouvez modifier ces informations toute l’année.",
            season_on=_last(first.reopens, today),
            year=declared_year(now, first),
        )
    at, freeze = min(closings, key=lambda pair: pair[0])
    closes_on = local_day(at)
    return Window(
        open=True,
        sentence=(
            f"À relire ou à corriger jusqu’au {day_said(closes_on - ONE_DAY, today)}. "
            "Ensuite, il faudra passer par la structure."
        ),
        season_on=_last(freeze.reopens, today),
        closes_on=closes_on,
        year=declared_year(now, freeze),
    )


def _shut(closed: Sequence[tuple[Freeze, Facility | None]], now: datetime) -> Window:
    today = local_day(now)
    freeze = closed[0][0]
    teams = [one for _, one in closed if one is not None]
    reopens_at = freeze.reopens_at(now)
    reopens_on = local_day(reopens_at) if reopens_at else None
    whom = f" ({joined(one.name for one in teams)})" if teams else ""
    again = f" Vous pourrez corriger ici à partir du {day_said(reopens_on, today)}." if reopens_on else ""
    return Window(
        open=False,
        sentence=(
            f"Cette partie ne se modifie plus ici depuis le {day_said(_last(freeze.closes, today), today)}. "
            f"Un changement{NBSP}? Prévenez la structure{whom}{NBSP}: l’équipe le notera.{again}"
        ),
        season_on=_last(freeze.reopens, today),
        reopens_on=reopens_on,
        tell=tuple((one.name, one.phone or "") for one in teams),
        year=declared_year(now, freeze),
    )


def _last(day: MonthDay, today: date) -> date:
    """The latest such day of the year that is not after today."""
    this = month_day(today.year, day)
    return this if this <= today else month_day(today.year - 1, day)
