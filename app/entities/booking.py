"""Registrations, bookings, and what really happened on the day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, validates

from app.declare import (
    CARE,
    FAMILY,
    NOBODY,
    Choice,
    Entity,
    Kind,
    attribute,
    feminine,
    relation,
)
from app.entities.calendar import SchoolYear
from app.entities.catalogue import Activity, CareGroup, Unit
from app.entities.family import Family, Person


class RegistrationStatus(Choice):
    """Where a registration stands."""

    ASKED = "asked", "Demandée", "yellow", "hourglass-split"
    ACCEPTED = "accepted", "Acceptée", "green", "check-lg"
    REFUSED = "refused", "Refusée", "rose", "x-lg"
    ENDED = "ended", "Terminée", "grey", "dash-lg"


class Registration(Entity):
    """Registration: a child's right to book an activity for a school year, billed to one household."""

    __term__ = feminine("inscription", "inscriptions")
    __scope__ = "family"
    __facility__ = "activity"
    __edit__ = CARE
    __menu__ = "Dossiers"
    __named__ = ("child", "activity")
    __listed__ = ("child", "activity", "family", "school_year", "status", "asked_at")
    __table_args__ = (UniqueConstraint("child_id", "activity_id", "family_id", "school_year_id"),)

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    activity: Mapped[Activity] = relation("Activité")
    activity_id: Mapped[int]
    school_year: Mapped[SchoolYear] = relation("Année scolaire")
    school_year_id: Mapped[int]
    status: Mapped[RegistrationStatus] = attribute("État", default=RegistrationStatus.ASKED, index=True)
    starts_on: Mapped[date] = attribute("Du")
    ends_on: Mapped[date] = attribute("Au")
    group: Mapped[CareGroup | None] = relation("Groupe")
    group_id: Mapped[int | None]
    asked_at: Mapped[datetime | None] = attribute("Demandée le", edit=NOBODY)
    decided_at: Mapped[datetime | None] = attribute("Décidée le", edit=NOBODY)
    reason: Mapped[str | None] = attribute("Motif", kind=Kind.LONG_TEXT)


class BookingStatus(Choice):
    """Where a booking stands; the words are those of the squares."""

    ASKED = "asked", "Demandé", "yellow", "hourglass-split"
    CONFIRMED = "confirmed", "Confirmé", "green", "check-lg"
    WAITING = "waiting", "Attente", "blue", "hourglass"
    REFUSED = "refused", "Refusé", "rose", "x-lg"
    CANCELLED = "cancelled", "Annulé", "grey", "dash-lg"


class Presence(Choice):
    """What was ticked on the day."""

    PRESENT = "present", "Présent", "green", "person-check-fill"
    ABSENT = "absent", "Absent", "peach", "person-dash"
    EXCUSED = "excused", "Absence excusée", "grey", "person-dash"


STANDING = "status IN ('asked', 'confirmed', 'waiting')"


class PriceEffect(Choice):
    """What a rule makes of the price of a booking that it lets pass."""

    SURCHARGE = "surcharge", "Majorée", "peach", "arrow-up"
    FULL_PRICE = "full_price", "Tarif réduit perdu", "peach", "arrow-up"


class Booking(Entity):
    """Booking: a child, a unit, a day; and the attendance ticked on that day."""

    __term__ = feminine("réservation", "réservations")
    __scope__ = "family"
    __facility__ = "unit"
    __edit__ = CARE
    __menu__ = "Dossiers"
    __named__ = ("child", "booked_on")
    __listed__ = ("child", "unit", "booked_on", "status", "presence", "family")
    __descending__ = True
    __table_args__ = (
        UniqueConstraint("child_id", "unit_id", "booked_on", "family_id"),
        # One child, one square: not through both homes at once.
        Index(
            "uq_booking_one_square",
            "child_id",
            "unit_id",
            "booked_on",
            unique=True,
            sqlite_where=text(STANDING),
            postgresql_where=text(STANDING),
        ),
        Index("ix_booking_booked_on_unit", "booked_on", "unit_id"),
        Index("ix_booking_child_day", "child_id", "booked_on"),
    )

    registration: Mapped[Registration] = relation("Inscription", see=CARE | FAMILY)
    registration_id: Mapped[int]
    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    unit: Mapped[Unit] = relation("Unité")
    unit_id: Mapped[int]
    booked_on: Mapped[date] = attribute("Jour")
    status: Mapped[BookingStatus] = attribute("État", default=BookingStatus.ASKED)
    asked_at: Mapped[datetime | None] = attribute("Demandée le", edit=NOBODY)
    needs_staff: Mapped[bool] = attribute(
        "Le service décide",
        help="Refusée une fois : demandée à nouveau, elle ne se confirme plus toute seule.",
        default=False,
        see=CARE,
        edit=NOBODY,
    )
    leaving_at: Mapped[datetime | None] = attribute(
        "Annulation demandée le",
        help="Demandée trop tard : elle tient tant que le service n’a pas décidé.",
        edit=NOBODY,
    )
    effect: Mapped[PriceEffect | None] = attribute(
        "Effet sur le prix", help="Demandée trop tard, ou hors des formules.", edit=NOBODY
    )
    presence: Mapped[Presence | None] = attribute("Pointage")
    ticked_at: Mapped[datetime | None] = attribute("Pointé le", edit=NOBODY)
    ticked_by: Mapped[str | None] = attribute("Pointé par", see=CARE, edit=NOBODY)

    @property
    def is_leaving(self) -> bool:
        """Whether its cancellation waits for the service."""
        return self.status is BookingStatus.CONFIRMED and self.leaving_at is not None

    @validates("status")
    def _answered(self, key: str, status: BookingStatus) -> BookingStatus:
        """A refusal is remembered whatever comes after it, until somebody confirms."""
        if status is BookingStatus.REFUSED:
            self.needs_staff = True
        elif status is BookingStatus.CONFIRMED:
            self.needs_staff = False
        return status


class RefusedRequest(Entity):
    """Refused request: what a parent asked of an activity and was told no, with the reasons of that moment.

    ``trace`` holds each rule that was looked at, its sentence then, and what it answered; ``sentence`` what
    of the answer everybody who cares for the child may know (``services/refused_requests.py``).
    """

    __term__ = feminine("demande refusée", "demandes refusées")
    __scope__ = "family"
    __facility__ = "activity"
    __see__ = CARE
    __edit__ = NOBODY
    __menu__ = "Dossiers"
    __named__ = ("child", "refused_at")
    __listed__ = ("refused_at", "child", "activity", "asked_by", "sentence")
    __descending__ = True
    __history__ = False
    __table_args__ = (
        UniqueConstraint("family_id", "child_id", "activity_id", "digest"),
        Index("ix_refused_request_refused_at", "refused_at"),
    )

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    activity: Mapped[Activity] = relation("Activité", parent=True)
    activity_id: Mapped[int]
    refused_at: Mapped[datetime] = attribute("Refusée le")
    asked_by: Mapped[str | None] = attribute("Demandée par")
    sentence: Mapped[str] = attribute("Ce qui a été répondu", kind=Kind.LONG_TEXT)
    trace: Mapped[dict[str, Any]] = attribute("Le détail", see=NOBODY)
    digest: Mapped[str] = attribute("Empreinte", length=64, see=NOBODY)
