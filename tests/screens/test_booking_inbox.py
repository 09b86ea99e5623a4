"""What the service answers square by square: late bookings and late cancellations, accepted or refused."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, Opening, OutgoingMail, Rule
from app.rules.facts import Slot
from app.services import bookings
from app.services.desk import Draft
from tests.people import Town
from tests.services.test_rules_in_force import rule
from tests.support.pages import words
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, WEDNESDAY, one_more_child

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/reservations-a-decider"


@pytest.fixture
def late_town(open_town: Town) -> Town:
    """Everything asked less than thirty days before goes to the service."""
    with unscoped("test"):
        for one in db.session.scalars(select(Rule)):
            db.session.delete(one)
        db.session.commit()
    rule(open_town, "notice", {"days": 30, "gate": "both", "late": "ask_staff"})
    return open_town


def ask(town: Town, draft: Draft, child: str = "lila", family: str = "A", who: str = "claire") -> None:
    with town.acting(who):
        assert bookings.send(town.people[child], town.families[family], draft, NOW)


def rows() -> list[Booking]:
    with unscoped("test"):
        return list(db.session.scalars(select(Booking).order_by(Booking.id)))


def mails(subject: str) -> dict[str, str]:
    """The mails about that: to whom, and their words."""
    with unscoped("test"):
        found = db.session.scalars(select(OutgoingMail).where(OutgoingMail.subject.contains(subject)))
        return {one.recipient: " ".join(one.body.split()) for one in found}


ACCEPTED, REFUSED = "votre demande est acceptée", "votre demande n’est pas acceptée"


def batch(town: Town, child: str = "lila", family: str = "A") -> str:
    return f"{ADDRESS}/{town.people[child]}-{town.families[family]}"


def answer(town: Town, verb: str, child: str = "lila", family: str = "A", **fields: Any) -> Any:
    """What the page would send, every square ticked."""
    client = town.client("desk")
    page = client.get(batch(town, child, family)).get_data(as_text=True)
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    ticked = [one.partition(":")[0] for one in seen.split()]
    return client.post(f"{batch(town, child, family)}/{verb}", data={"seen": seen, "case": ticked, **fields})


def confirmed(town: Town) -> None:
    """Lila's meal, granted, and its cancellation asked for."""
    ask(town, Draft(frozenset({MEAL})))
    with unscoped("test"):
        rows()[0].status = BookingStatus.CONFIRMED
        db.session.commit()
    ask(town, Draft(unwanted=frozenset({MEAL})))


def test_a_late_booking_is_accepted_and_the_household_told(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    client = late_town.client("desk")
    page = words(client.get(f"{ADDRESS}/"))
    assert "Lila Martin" in page and "Mercredi 9 décembre" in page and "Annuler" not in page
    assert "Réservations à décider 1" in words(client.get("/service/"))
    answered = answer(late_town, "accepter")
    assert answered.status_code == 302
    assert [one.status for one in rows()] == [BookingStatus.CONFIRMED]
    told = mails(ACCEPTED)
    assert set(told) == {"claire@example.org", "paul@example.org"}
    assert all("la réservation du mercredi 9 décembre 2026" in one for one in told.values())
    assert "Tout est décidé" in words(client.get(f"{ADDRESS}/"))


def test_the_rules_are_tried_for_the_child_and_the_day_that_wait(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    client = late_town.client("desk")
    page = client.get(f"{ADDRESS}/").get_data(as_text=True)
    (address,) = re.findall(r'href="([^"]*)">Essayer les règles pour cet enfant', page)
    tried = client.get(unescape(address)).get_data(as_text=True)
    assert "Lila Martin, famille Martin" in tried and f'value="{WEDNESDAY}"' in tried


def test_a_late_booking_is_refused_with_its_reason(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    answered = answer(late_town, "refuser")
    assert answered.status_code == 422 and "Dites pourquoi" in words(answered)
    assert rows()[0].status is BookingStatus.ASKED
    assert answer(late_town, "refuser", usual="repas").status_code == 302
    assert rows()[0].status is BookingStatus.REFUSED
    assert "Les repas de ce jour sont déjà commandés." in mails(REFUSED)["claire@example.org"]


@pytest.mark.parametrize(
    ("verb", "status"), [("accepter", BookingStatus.CANCELLED), ("refuser", BookingStatus.CONFIRMED)]
)
def test_a_late_cancellation_is_decided(late_town: Town, verb: str, status: BookingStatus) -> None:
    confirmed(late_town)
    assert "Annuler : Repas" in words(late_town.client("desk").get(f"{ADDRESS}/"))
    assert answer(late_town, verb, reason="Le repas est commandé.").status_code == 302
    (row,) = rows()
    assert (row.status, row.leaving_at) == (status, None)
    told = mails(ACCEPTED if verb == "accepter" else REFUSED)["claire@example.org"]
    assert "l’annulation du mercredi 9 décembre 2026" in told


def test_a_cancellation_that_the_service_accepted_is_one_of_the_late_ones(late_town: Town) -> None:
    """One is tolerated in the year: it counts by the day on which it was asked, not that of the booking."""
    following = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    long_before = NOW - timedelta(days=60)
    with late_town.acting("claire"):
        lila, family = late_town.people["lila"], late_town.families["A"]
        both = bookings.send(lila, family, Draft(frozenset({MEAL, following})), long_before)
        assert both is not None and both.confirmed == 2
    rule(late_town, "notice_monthly", {"day_of_month": 20, "gate": "cancelling", "times": 1})
    ask(late_town, Draft(unwanted=frozenset({MEAL})))
    assert answer(late_town, "accepter").status_code == 302
    with late_town.acting("claire"):
        sent = bookings.send(lila, family, Draft(unwanted=frozenset({following})), NOW)
    assert sent is not None and not sent.accepted


def test_a_place_that_an_answer_frees_goes_to_who_waits(late_town: Town) -> None:
    with unscoped("test"):
        for one in db.session.scalars(select(Opening)):
            one.places = 1
        db.session.delete(db.session.scalars(select(Rule)).one())
        db.session.commit()
    one_more_child(late_town, "Noé", "B")
    ask(late_town, Draft(frozenset({MEAL})))
    ask(late_town, Draft(frozenset({MEAL})), "noe", "B", "denis")
    rule(late_town, "notice", {"days": 30, "gate": "cancelling", "late": "ask_staff"})
    ask(late_town, Draft(unwanted=frozenset({MEAL})))
    assert [one.status for one in rows()] == [BookingStatus.CONFIRMED, BookingStatus.WAITING]
    answer(late_town, "accepter")
    assert [one.status for one in rows()] == [BookingStatus.CANCELLED, BookingStatus.CONFIRMED]


def test_only_what_is_ticked_is_answered(late_town: Town) -> None:
    later = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    ask(late_town, Draft(frozenset({MEAL, later})))
    answered = answer(late_town, "accepter", case=str(rows()[0].id))
    assert answered.status_code == 302
    assert [one.status for one in rows()] == [BookingStatus.CONFIRMED, BookingStatus.ASKED]
    assert answer(late_town, "accepter", case=[]).status_code == 422
    assert rows()[1].status is BookingStatus.ASKED


def test_what_the_parent_took_back_meanwhile_is_not_answered(late_town: Town) -> None:
    later = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    ask(late_town, Draft(frozenset({MEAL, later})))
    client = late_town.client("desk")
    page = client.get(batch(late_town)).get_data(as_text=True)
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    ticked = [one.partition(":")[0] for one in seen.split()]
    ask(late_town, Draft(unwanted=frozenset({MEAL})))
    answered = client.post(f"{batch(late_town)}/accepter", data={"seen": seen, "case": ticked})
    assert answered.status_code == 422 and "a changé entre-temps" in words(answered)
    assert {one.status for one in rows()} == {BookingStatus.CANCELLED, BookingStatus.ASKED}
    ask(late_town, Draft(unwanted=frozenset({later})))
    answered = client.post(
        f"{batch(late_town)}/accepter", data={"seen": seen, "case": ticked}, follow_redirects=True
    )
    assert "Il n’y a plus rien à décider" in words(answered)


def test_each_home_of_a_child_is_answered_apart(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})), "zoe", "A", "claire")
    later = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    ask(late_town, Draft(frozenset({later})), "zoe", "B", "denis")
    assert answer(late_town, "accepter", "zoe", "A").status_code == 302
    assert [one.status for one in rows()] == [BookingStatus.CONFIRMED, BookingStatus.ASKED]
    assert "claire@example.org" in mails(ACCEPTED) and "denis@example.org" not in mails(ACCEPTED)


@pytest.mark.parametrize("name", ["claire", "accountant", "configurator", None])
def test_nobody_else_answers(late_town: Town, name: str | None) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    client = late_town.client(name)
    seen = f"{rows()[0].id}:{rows()[0].revision}"
    for address in (f"{ADDRESS}/", batch(late_town)):
        assert client.get(address).status_code in (302, 403, 404)
    sent = client.post(f"{batch(late_town)}/accepter", data={"seen": seen, "case": str(rows()[0].id)})
    assert sent.status_code in (302, 400, 403, 404)
    assert rows()[0].status is BookingStatus.ASKED


def test_the_head_of_another_facility_sees_none(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    client = late_town.client("hugo")
    assert "Tout est décidé" in words(client.get(f"{ADDRESS}/"))
    assert client.get(batch(late_town)).status_code == 404


@pytest.mark.parametrize("case", ["999999", "-1", "x", "1\x00", "9" * 40])
def test_a_forged_square_answers_nothing(late_town: Town, case: str) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    assert answer(late_town, "accepter", case=case).status_code == 422
    assert rows()[0].status is BookingStatus.ASKED


def test_more_children_cost_no_statement_more(late_town: Town) -> None:
    ask(late_town, Draft(frozenset({MEAL})))
    client = late_town.client("desk")
    client.get(f"{ADDRESS}/")
    with count_statements() as few:
        client.get(f"{ADDRESS}/")
    ask(late_town, Draft(frozenset({MEAL})), "tom", "B", "denis")
    ask(late_town, Draft(frozenset({MEAL})), "zoe", "A", "claire")
    with count_statements() as many:
        client.get(f"{ADDRESS}/")
    assert len(many) == len(few)
