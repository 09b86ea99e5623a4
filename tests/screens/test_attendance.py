"""The roll on a tablet: who is expected, what to know of them, and ticks that are never lost."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import Presence
from app.entities.health import WordKind
from app.models import Booking, Condition, HealthRecord, HealthWord
from app.services import clock
from tests.money import book
from tests.people import Town
from tests.support.sql import count_statements

DAY = date(2026, 12, 8)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 8, 11, tzinfo=UTC))


@pytest.fixture
def lunch(town: Town) -> Town:
    """Lila, who can't eat peanuts, and Tom are expected at lunch; Tom again tomorrow."""
    with unscoped("le repas"):
        book(town, "lila", "A", "cantine.repas", DAY)
        book(town, "tom", "B", "cantine.repas", DAY, date(2026, 12, 9))
        peanut = HealthWord(code="arachide", word_kind=WordKind.ALLERGY, name="Arachide")
        db.session.add_all(
            [
                peanut,
                Condition(child_id=town.people["lila"], word=peanut),
                HealthRecord(child_id=town.people["lila"], has_care_plan=True),
            ]
        )
        db.session.commit()
    return town


def roll(town: Town, on: date = DAY) -> str:
    return f"/service/pointage/{town.activities['cantine']}/{on}"


def bookings() -> dict[tuple[str, date], int]:
    with unscoped("vérification"):
        return {
            (row.child.first_name.lower(), row.booked_on): row.id
            for row in db.session.scalars(select(Booking))
        }


def presences() -> dict[str, Presence | None]:
    with unscoped("vérification"):
        rows = db.session.scalars(select(Booking).where(Booking.booked_on == DAY))
        return {row.child.first_name.lower(): row.presence for row in rows}


def test_the_roll_says_what_the_team_must_know(lunch: Town) -> None:
    page = lunch.client("hugo").get(roll(lunch)).text
    assert "Lila Martin" in page and "Arachide" in page and "PAI" in page


def test_a_touch_is_saved_and_a_second_one_corrects_it(lunch: Town) -> None:
    client, number = lunch.client("hugo"), bookings()["lila", DAY]
    for word, kept in (("present", Presence.PRESENT), ("absent", Presence.ABSENT), ("", None)):
        client.post(roll(lunch), data={f"b{number}": word}, headers={"HX-Request": "true"})
        assert presences()["lila"] is kept


def test_everybody_else_present_keeps_what_was_ticked_and_not_saved_yet(lunch: Town) -> None:
    data = {f"b{bookings()['lila', DAY]}": "absent", "reste": "1"}
    lunch.client("hugo").post(roll(lunch), data=data)
    assert presences() == {"lila": Presence.ABSENT, "tom": Presence.PRESENT}


def test_everybody_else_present_leaves_what_was_saved_before(lunch: Town) -> None:
    client = lunch.client("hugo")
    client.post(roll(lunch), data={f"b{bookings()['lila', DAY]}": "absent"})
    client.post(roll(lunch), data={"reste": "1"})
    assert presences() == {"lila": Presence.ABSENT, "tom": Presence.PRESENT}


def test_a_page_opened_before_a_colleague_s_correction_does_not_undo_it(lunch: Town) -> None:
    number = bookings()["lila", DAY]
    client = lunch.client("hugo")
    client.post(roll(lunch), data={f"b{number}": "present"})
    page = client.get(roll(lunch)).text  # the first tablet shows her present
    shown = dict(re.findall(r'name="(s\d+)" value="(\w*)"', page))
    assert shown[f"s{number}"] == "present"
    client.post(roll(lunch), data={f"b{number}": "absent"})  # the second corrects
    for more in ({}, {"reste": "1"}):
        client.post(roll(lunch), data={f"b{number}": "present", **shown, **more})
        assert presences()["lila"] is Presence.ABSENT


def test_a_day_to_come_is_not_ticked(lunch: Town) -> None:
    tomorrow = date(2026, 12, 9)
    number = bookings()["tom", tomorrow]
    lunch.client("hugo").post(roll(lunch, tomorrow), data={f"b{number}": "present"})
    with unscoped("vérification"):
        assert db.session.scalars(select(Booking.presence).where(Booking.id == number)).one() is None


def test_another_facility_s_child_is_not_ticked(lunch: Town) -> None:
    with unscoped("le centre de loisirs"):
        book(lunch, "tom", "B", "mercredi.matin", DAY)
        other = db.session.scalars(
            select(Booking.id).where(Booking.unit_id == lunch.units["mercredi.matin"])
        ).one()
    client = lunch.client("hugo")
    client.post(roll(lunch), data={f"b{other}": "present"})
    with unscoped("vérification"):
        assert db.session.scalars(select(Booking.presence).where(Booking.id == other)).one() is None
    assert client.get(f"/service/pointage/{lunch.activities['mercredi']}/{DAY}").status_code == 404


@pytest.mark.parametrize("name", ["accountant", "configurator", "admin"])
def test_who_does_not_look_after_children_has_no_roll(lunch: Town, name: str) -> None:
    assert lunch.client(name).get(roll(lunch)).status_code == 403
    assert lunch.client("claire").get(roll(lunch)).status_code == 404


def test_the_roll_runs_twelve_statements_or_fewer(lunch: Town) -> None:
    client = lunch.client("hugo")
    client.get(roll(lunch))
    with count_statements() as counted:
        client.get(roll(lunch))
    assert len(counted) <= 12, "\n".join(counted)
