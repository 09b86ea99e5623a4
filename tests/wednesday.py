"""The Wednesday centre for tests: open three weeks, two places, with its rules and prices."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.models import (
    Article,
    Bracket,
    ClosingDay,
    Membership,
    Opening,
    Person,
    Registration,
    Rule,
    Tariff,
)
from app.rules.facts import Slot
from app.services import clock
from tests.people import Town

PARIS = ZoneInfo("Europe/Paris")
WEDNESDAY = date(2026, 12, 9)
NOW = datetime(2026, 12, 1, 9, tzinfo=PARIS).astimezone(UTC)
MORNING = Slot("mercredi.matin", WEDNESDAY)
MEAL = Slot("mercredi.repas", WEDNESDAY)


@pytest.fixture
def first_of_december(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the morning of 1 December 2026."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def open_town(town: Town) -> Town:
    """The small town with its Wednesday centre open."""
    return open_wednesdays(town)


def open_wednesdays(town: Town) -> Town:
    """Three Wednesdays, two places each, the third closed; Lila, Tom and Zoé (twice) registered."""
    with unscoped("le centre du mercredi des tests"):
        article = Article(code="a7", number="7", title="Mercredi")
        rules = [
            Rule(
                code="matin-repas",
                rule_kind="requires",
                parameters={"unit": "mercredi.matin", "needs": ["mercredi.repas"]},
                activity_id=town.activities["mercredi"],
                article=article,
            ),
            Rule(
                code="delai",
                rule_kind="notice_weekly",
                parameters={"weekday": "dimanche"},
                activity_id=town.activities["mercredi"],
                article=article,
            ),
        ]
        tariff = Tariff(
            code="t", name="Mercredi", activity_id=town.activities["mercredi"], from_on=date(2026, 9, 1)
        )
        prices = [
            Bracket(tariff=tariff, until_quotient=Decimal(600), price=Decimal("3.10")),
            Bracket(tariff=tariff, from_quotient=Decimal(600), price=Decimal("4.20")),
        ]
        db.session.add_all([article, *rules, tariff, *prices])
        for code in ("mercredi.matin", "mercredi.repas", "mercredi.apres-midi"):
            for week in range(3):
                db.session.add(
                    Opening(unit_id=town.units[code], open_on=WEDNESDAY + timedelta(weeks=week), places=2)
                )
        db.session.add(
            ClosingDay(
                facility_id=town.facilities["grappaloups"],
                closed_on=WEDNESDAY + timedelta(weeks=2),
                reason="réunion de l’équipe",
            )
        )
        for family, child in (("A", "lila"), ("B", "tom"), ("A", "zoe"), ("B", "zoe")):
            db.session.add(
                Registration(
                    family_id=town.families[family],
                    child_id=town.people[child],
                    activity_id=town.activities["mercredi"],
                    school_year_id=town.school_year,
                    status=RegistrationStatus.ACCEPTED,
                    starts_on=date(2026, 9, 1),
                    ends_on=date(2027, 7, 3),
                )
            )
        db.session.commit()
        db.session.expunge_all()
    return town


def one_more_child(town: Town, name: str, family: str) -> int:
    """A child more in a household, registered on Wednesdays; its number."""
    with unscoped("un enfant de plus"):
        child = Person(first_name=name, last_name="Durand", born_on=date(2018, 1, 1))
        db.session.add(child)
        db.session.flush()
        db.session.add_all(
            [
                Membership(family_id=town.families[family], person_id=child.id, member_kind=MemberKind.CHILD),
                Registration(
                    family_id=town.families[family],
                    child_id=child.id,
                    activity_id=town.activities["mercredi"],
                    school_year_id=town.school_year,
                    status=RegistrationStatus.ACCEPTED,
                    starts_on=date(2026, 9, 1),
                    ends_on=date(2027, 7, 3),
                ),
            ]
        )
        db.session.commit()
        town.people[name.lower().replace("é", "e")] = child.id
        return child.id


def at_the_canteen(town: Town) -> None:
    """Lila is registered at the canteen too, which opens on 10 December."""
    with unscoped("une inscription de plus"):
        db.session.add_all(
            [
                Registration(
                    family_id=town.families["A"],
                    child_id=town.people["lila"],
                    activity_id=town.activities["cantine"],
                    school_year_id=town.school_year,
                    status=RegistrationStatus.ACCEPTED,
                    starts_on=date(2026, 9, 1),
                    ends_on=date(2027, 7, 3),
                ),
                Opening(unit_id=town.units["cantine.repas"], open_on=WEDNESDAY + timedelta(days=1)),
            ]
        )
        db.session.commit()
