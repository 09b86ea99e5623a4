"""The town's time: school years, periods, closing days, and the days each unit opens."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    Role,
    attribute,
    feminine,
    masculine,
    positive,
    relation,
)
from app.entities.catalogue import Facility, Unit


class SchoolYear(Entity):
    """School year: from the first day to the last, both included."""

    __term__ = feminine("année scolaire", "années scolaires")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("code",)
    __descending__ = True

    code: Mapped[str] = attribute("Année", help="Par exemple 2024-2025.", unique=True, length=20)
    starts_on: Mapped[date] = attribute("Du")
    ends_on: Mapped[date] = attribute("Au")


class PeriodKind(Choice):
    """School time or holidays."""

    TERM = "term", "Temps scolaire", "blue", "backpack"
    HOLIDAYS = "holidays", "Vacances", "yellow", "sun"


class Period(Entity):
    """Period: a stretch of school time or of holidays, both ends included."""

    __term__ = feminine("période", "périodes")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "period_kind", "starts_on", "ends_on", "school_year")
    __table_args__ = (UniqueConstraint("school_year_id", "starts_on"),)

    school_year: Mapped[SchoolYear] = relation("Année scolaire", parent=True, inline=True)
    school_year_id: Mapped[int]
    name: Mapped[str] = attribute("Nom")
    period_kind: Mapped[PeriodKind] = attribute("Type")
    starts_on: Mapped[date] = attribute("Du", index=True)
    ends_on: Mapped[date] = attribute("Au")


class ClosingDay(Entity):
    """Closing day: a day without service, in one facility or in all."""

    __term__ = masculine("jour de fermeture", "jours de fermeture")
    __scope__ = TOWN
    __edit__ = SETTINGS | Role.HEAD
    __menu__ = "Réglages"
    __named__ = ("closed_on", "reason")
    __listed__ = ("closed_on", "reason", "facility")

    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes.")
    facility_id: Mapped[int | None]
    closed_on: Mapped[date] = attribute("Jour", index=True)
    reason: Mapped[str] = attribute("Motif")


class Opening(Entity):
    """Opening: a day on which a unit is open, with its places when they differ from the unit's."""

    __term__ = feminine("ouverture", "ouvertures")
    __scope__ = TOWN
    __facility__ = "unit"
    __edit__ = SETTINGS | Role.HEAD
    __menu__ = "Réglages"
    __named__ = ("open_on",)
    __listed__ = ("open_on", "unit", "places")
    __history__ = False  # made by the thousand from the rulebook
    __table_args__ = (
        UniqueConstraint("unit_id", "open_on"),
        Index("ix_opening_open_on_unit", "open_on", "unit_id"),
    )

    unit: Mapped[Unit] = relation("Unité", parent=True)
    unit_id: Mapped[int]
    open_on: Mapped[date] = attribute("Jour")
    places: Mapped[int | None] = attribute(
        "Places ce jour-là", help="Vide : celles de l’unité.", check=positive
    )
