"""Until when a section may be edited: the last second of July, the first of August, and who decides."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.models import Facility, FreezeDate, Registration, SchoolYear
from app.services import clock, freezes
from app.services.freezes import FreezeDates
from tests.people import Town

PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = date(2025, 6, 1)


def dates(*rows: FreezeDate) -> FreezeDates:
    return FreezeDates(rows)


def row(section: str = "health", facility_id: int | None = None, day: int = 1, month: int = 8) -> FreezeDate:
    return FreezeDate(
        section=section, facility_id=facility_id, day=day, month=month, reopens_day=1, reopens_month=5
    )


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS)  # type: ignore[arg-type, misc]


def facility(number: int, name: str, phone: str | None = None) -> Facility:
    return Facility(id=number, name=name, phone=phone)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (at(2026, 7, 31, 23, 59, 59), True),
        (at(2026, 8, 1), False),
        (at(2027, 4, 30, 23, 59, 59), False),
        (at(2027, 5, 1), True),
    ],
)
def test_a_section_closes_with_july_and_opens_with_may_in_paris(now: datetime, is_open: bool) -> None:
    assert dates(row()).window("health", [], now, LONG_AGO).open is is_open


def test_the_last_day_is_said_with_its_day_included() -> None:
    window = dates(row()).window("health", [], at(2026, 7, 10), LONG_AGO)
    assert window.last_on == date(2026, 7, 31)
    assert "jusqu’au vendredi\u00a031\u00a0juillet." in window.sentence


def test_a_section_without_a_date_never_closes() -> None:
    window = dates(row("schooling")).window("health", [], at(2026, 8, 15), LONG_AGO)
    assert window.open
    assert window.closes_on is None


def test_the_date_of_a_facility_replaces_the_general_one_there() -> None:
    rows = dates(row(), row(facility_id=7, day=15, month=9))
    assert rows.window("health", [facility(7, "Les Grappaloups")], at(2026, 8, 20), LONG_AGO).open
    assert not rows.window("health", [facility(8, "Restaurant")], at(2026, 8, 20), LONG_AGO).open


def test_the_first_facility_to_close_closes_and_is_the_one_to_tell() -> None:
    rows = dates(row(facility_id=7, day=15, month=9), row(facility_id=8))
    both = [facility(7, "Les Grappaloups"), facility(8, "Restaurant", "04 65 71 01 99")]
    window = rows.window("health", both, at(2026, 8, 20), LONG_AGO)
    assert not window.open
    assert window.tell == (("Restaurant", "04 65 71 01 99"),)
    assert "Prévenez la structure (Restaurant)" in window.sentence
    assert window.reopens_on == date(2027, 5, 1)


def test_a_family_that_never_declared_makes_its_first_declaration_whatever_the_date() -> None:
    rows = dates(row())
    assert rows.window("health", [], at(2026, 12, 1), None).open


def test_a_first_declaration_made_after_the_freeze_can_be_put_right_one_made_before_can_not() -> None:
    rows = dates(row())
    assert rows.window("health", [], at(2026, 12, 1), date(2026, 8, 1)).open
    assert not rows.window("health", [], at(2026, 12, 1), date(2026, 7, 31)).open


def test_the_declared_year_is_the_coming_one_from_the_spring_on() -> None:
    rows = dates(row())
    assert rows.window("health", [], at(2026, 4, 30), LONG_AGO).year == "2025-2026"
    assert rows.window("health", [], at(2026, 5, 1), LONG_AGO).year == "2026-2027"
    assert rows.window("health", [], at(2026, 10, 1), LONG_AGO).year == "2026-2027"


def test_a_child_s_facilities_are_those_of_its_live_registrations(town: Town) -> None:
    lila = town.people["lila"]
    with unscoped("inscriptions"):
        for code, status in (
            ("cantine", RegistrationStatus.ACCEPTED),
            ("mercredi", RegistrationStatus.REFUSED),
        ):
            db.session.add(
                Registration(
                    family_id=town.families["A"],
                    child_id=lila,
                    activity_id=town.activities[code],
                    school_year_id=town.school_year,
                    starts_on=date(2026, 9, 1),
                    ends_on=date(2027, 7, 3),
                    status=status,
                )
            )
        db.session.commit()
    with town.acting("claire"):
        found = freezes.facilities_by_child([lila, town.people["zoe"]], date(2026, 11, 1))
        assert [one.code for one in found[lila]] == ["restaurant"]
        assert found[town.people["zoe"]] == []
        assert freezes.facilities_by_child([lila], date(2027, 7, 4))[lila] == []


def test_the_dates_are_read_from_the_database(town: Town) -> None:
    with unscoped("réglage"):
        db.session.add(FreezeDate(section="health", day=1, month=8))
        db.session.commit()
    with town.acting("claire"):
        assert db.session.scalars(select(FreezeDate)).one().reopens_month == 5
        assert not freezes.window("health", [], at(2026, 8, 1), LONG_AGO).open


@pytest.mark.parametrize(
    ("now", "missing"),
    [(at(2027, 4, 30, 23, 59), ""), (at(2027, 5, 1), "2027-2028")],
    ids=["the last minute of April", "the first of May"],
)
def test_the_service_is_told_of_the_year_that_families_declare_and_that_is_not_open(
    town: Town, monkeypatch: pytest.MonkeyPatch, now: datetime, missing: str
) -> None:
    with unscoped("dates du test"):
        db.session.add(row())
        db.session.commit()
    monkeypatch.setattr(clock, "now", lambda: now)
    page = town.client("configurator").get("/service/").text
    assert ("Ouvrir l’année 2027-2028" in page) is bool(missing)
    with unscoped("une année de plus"):
        assert freezes.year_to_open(now) == missing
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 8, 31)))
        db.session.commit()
    assert "n’est pas ouverte ici" not in town.client("desk").get("/service/").text
