"""Prices and squares for tests of billing: meals by quotient, and children who ate them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, Presence, RegistrationStatus
from app.models import Booking, Bracket, Quotient, Registration, Tariff
from tests.people import Town


def price(town: Town, code: str, *brackets: tuple[int | None, int | None, str]) -> None:
    activity, _, unit = code.partition(".")
    tariff = Tariff(
        code=code,
        name=code,
        activity_id=town.activities[activity],
        unit_id=town.units[code] if unit else None,
        from_on=date(2026, 9, 1),
    )
    db.session.add(tariff)
    for low, high, amount in brackets:
        db.session.add(
            Bracket(
                tariff=tariff,
                from_quotient=None if low is None else Decimal(low),
                until_quotient=None if high is None else Decimal(high),
                price=Decimal(amount),
            )
        )


def book(
    town: Town, child: str, family: str, code: str, *days: date, presence: Presence | None = None
) -> None:
    activity = code.partition(".")[0]
    registration = db.session.scalars(
        select(Registration).where(
            Registration.child_id == town.people[child],
            Registration.family_id == town.families[family],
            Registration.activity_id == town.activities[activity],
        )
    ).first() or Registration(
        family_id=town.families[family],
        child_id=town.people[child],
        activity_id=town.activities[activity],
        school_year_id=town.school_year,
        status=RegistrationStatus.ACCEPTED,
        starts_on=date(2026, 9, 1),
        ends_on=date(2027, 7, 3),
    )
    db.session.add(registration)
    for day in days:
        db.session.add(
            Booking(
                registration=registration,
                family_id=town.families[family],
                child_id=town.people[child],
                unit_id=town.units[code],
                booked_on=day,
                status=BookingStatus.CONFIRMED,
                presence=presence,
            )
        )
    db.session.commit()


@pytest.fixture
def priced(town: Town) -> Town:
    """Meals at 2.01 € under a quotient of 800, 4.32 € above; household A has 700, B gave none."""
    with unscoped("les tarifs des tests"):
        price(town, "cantine.repas", (None, 800, "2.01"), (800, None, "4.32"))
        price(town, "mercredi.matin", (None, None, "6.20"))
        price(town, "mercredi.repas", (None, None, "4.20"))
        db.session.add(Quotient(family_id=town.families["A"], amount=Decimal(700), from_on=date(2026, 9, 1)))
        db.session.commit()
    return town


def days(first: date, count: int, step: int = 1) -> list[date]:
    return [first + timedelta(days=step * n) for n in range(count)]
