"""The real rulebook of Le Touvet: clean, complete, and what the parents' guide publishes of it holds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import DocumentType, Facility, FreezeDate
from app.rules.booking import bookable_until, judge
from app.rules.facts import Child, ChildPlan, Plan, Slot
from app.services.catalogue import catalogue
from app.services.rulebook import apply, check
from app.services.rulings import Offer, load_offer

FILE = Path("communes/le-touvet.yaml")
TODAY = date(2026, 11, 23)


@pytest.fixture
def touvet(app: Flask) -> Flask:
    """The town, applied."""
    apply(check(FILE, TODAY).draft, TODAY)
    return app


def offer(from_on: date, until_on: date) -> Offer:
    """Everything that opens between two days, both included."""
    known = catalogue()
    return load_offer(known, known.activities, from_on, until_on)


def open_days(found: Offer, unit: str) -> list[date]:
    """The days on which a unit has an opening, closed or not, in order."""
    return sorted(slot.on for slot in found.calendar.openings if slot.unit == unit)


def test_it_has_nothing_to_mend() -> None:
    assert check(FILE, TODAY).problems == ()


def test_it_offers_the_five_facilities_of_the_guide() -> None:
    facilities = check(FILE, TODAY).draft.codes("Facility")
    assert set(facilities) == {"multi-accueil", "periscolaire", "restaurant", "grappaloups", "accueil-jeunes"}


def test_whatever_the_guide_does_not_publish_is_marked_invented() -> None:
    draft = check(FILE, TODAY).draft
    tariffs = [one for one in draft.entries if one.entity.__name__ == "Tariff"]
    assert tariffs
    assert all(one.values["is_invented"] for one in tariffs)
    published = {"mercredi-matin-avec-repas", "jeunes-age"}
    rules = {one.code: one.extras["invented"] for one in draft.entries if one.entity.__name__ == "Rule"}
    assert {code for code, invented in rules.items() if not invented} == published


def test_its_addresses_and_telephones_are_fictional() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert "@letouvet" not in text
    assert "04 76" not in text


def test_november_11_is_closed_and_says_why(touvet: Flask) -> None:
    with unscoped("test"):
        calendar = offer(date(2026, 11, 9), date(2026, 11, 13)).calendar
    assert not calendar.is_open("mercredi.repas", date(2026, 11, 11))
    assert "rmistice" in (calendar.closure("mercredi.repas", date(2026, 11, 11)) or "")
    assert calendar.is_open("cantine.repas", date(2026, 11, 12))


def test_grappaloups_opens_on_wednesdays_of_school_time_and_no_other_day(touvet: Flask) -> None:
    with unscoped("test"):
        found = offer(date(2026, 9, 1), date(2027, 7, 2))
    days = open_days(found, "mercredi.matin")
    assert len(days) == 36
    assert {day.weekday() for day in days} == {2}


def test_school_units_are_closed_at_christmas_and_the_centre_opens_its_first_week(touvet: Flask) -> None:
    with unscoped("test"):
        found = offer(date(2026, 12, 19), date(2027, 1, 3))
    for unit in ("cantine.repas", "periscolaire.soir", "mercredi.repas"):
        assert open_days(found, unit) == []
    opened = [
        day for day in open_days(found, "vacances.journee") if found.calendar.is_open("vacances.journee", day)
    ]
    assert opened == [date(2026, 12, 21) + timedelta(days=n) for n in range(4)]


def test_the_canteen_serves_on_mondays_tuesdays_thursdays_and_fridays(touvet: Flask) -> None:
    with unscoped("test"):
        found = offer(date(2026, 9, 1), date(2027, 8, 31))
    days = open_days(found, "cantine.repas")
    assert {day.weekday() for day in days} == {0, 1, 3, 4}
    assert (days[0], days[-1]) == (date(2026, 9, 1), date(2027, 7, 2))


def plan(units: set[str], on: date, now: datetime, found: Offer) -> Plan:
    """A child of six who asks for these units of a Wednesday."""
    mine = ChildPlan.change(
        Child(1, "Lila", date(2020, 5, 12)),
        [],
        add={Slot(unit, on) for unit in units},
        drop=(),
        registrations={"mercredi": ((date(2026, 9, 1), None),)},
    )
    return Plan((mine,), now, found.calendar, found.places, {}, found.names)


@pytest.mark.parametrize(("units", "accepted"), [({"matin"}, False), ({"matin", "repas"}, True)])
def test_a_wednesday_morning_needs_its_lunch(touvet: Flask, units: set[str], accepted: bool) -> None:
    on = date(2026, 12, 9)
    with unscoped("test"):
        found, rules = offer(on, on), catalogue().rules
    verdict = judge(
        plan({f"mercredi.{one}" for one in units}, on, datetime(2026, 11, 23, tzinfo=UTC), found), rules
    )
    assert verdict.accepted is accepted
    if not accepted:
        assert verdict.refusals[0].sentence == (
            "Le matin du mercredi\u00a09\u00a0décembre\u00a02026 se réserve avec le repas."
        )
        assert verdict.refusals[0].article == "article 4.1"


# The limit of a Wednesday: the Sunday of the week before, midnight in Paris.
LIMIT = datetime(2026, 12, 6, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(("now", "accepted"), [(LIMIT - timedelta(minutes=1), True), (LIMIT, False)])
def test_a_day_asked_too_late_says_until_when_it_was_open(
    touvet: Flask, now: datetime, accepted: bool
) -> None:
    on = date(2026, 12, 9)
    with unscoped("test"):
        found, rules = offer(on, on), catalogue().rules
    assert bookable_until(Slot("mercredi.repas", on), rules, found.calendar) == LIMIT
    verdict = judge(plan({"mercredi.repas"}, on, now, found), rules)
    assert verdict.accepted is accepted
    if not accepted:
        assert "jusqu’au dimanche\u00a06\u00a0décembre\u00a02026 à 24\u00a0h" in verdict.refusals[0].sentence


def test_a_tuesday_lunch_after_a_holiday_monday_is_booked_on_friday(touvet: Flask) -> None:
    on = date(2027, 3, 30)  # the day after Easter Monday
    with unscoped("test"):
        found, rules = offer(on, on), catalogue().rules
    assert bookable_until(Slot("cantine.repas", on), rules, found.calendar) == datetime(
        2027, 3, 26, 9, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("quotient", "cents"),
    [(None, 432), ("0", 100), ("399.99", 100), ("400", 146), ("700", 201), ("1599.99", 358), ("1600", 432)],
)
def test_a_lunch_costs_what_its_bracket_says(touvet: Flask, quotient: str | None, cents: int) -> None:
    with unscoped("test"):
        known = catalogue()
        (grid,) = known.unit_grids[known.by_code["cantine.repas"].id]
    price = grid.grid.price(Decimal(quotient) if quotient else None)
    assert price is not None
    assert int(price.euros * 100) == cents


def test_the_declarations_freeze_on_the_first_of_august(touvet: Flask) -> None:
    with unscoped("test"):
        rows = list(db.session.scalars(select(FreezeDate)))
    assert {(row.day, row.month) for row in rows} == {(1, 8)}
    assert len(rows) == 5


def test_one_document_alone_blocks_a_child_of_the_wednesday_centre(touvet: Flask) -> None:
    with unscoped("test"):
        blocking = {
            row.code: row.subject.value
            for row in db.session.scalars(select(DocumentType).where(DocumentType.is_mandatory))
            if row.facility_id is None and row.activity_id is None
        }
    assert blocking == {"assurance": "child", "justificatif-domicile": "family"}


def test_the_nursery_alone_has_no_direct_debit(touvet: Flask) -> None:
    with unscoped("test"):
        without = db.session.scalars(select(Facility.code).where(~Facility.offers_direct_debit)).all()
    assert without == ["multi-accueil"]
