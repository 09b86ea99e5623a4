"""The waiting list: a free place goes to the first who waits, whoever set it free, and they are told."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, RegistrationStatus
from app.models import (
    Activity,
    Booking,
    ClosingDay,
    HistoryEntry,
    Opening,
    OutgoingMail,
    Registration,
    Rule,
    Unit,
)
from app.services import bookings, jobs, places
from app.services.bookings import Sent
from app.services.desk import Draft
from tests.people import Town
from tests.wednesday import MEAL, NOW, PARIS, WEDNESDAY, one_more_child

ASKED, CONFIRMED, WAITING = BookingStatus.ASKED, BookingStatus.CONFIRMED, BookingStatus.WAITING


def send(town: Town, name: str, child: str, family: str, draft: Draft, now: datetime) -> Sent:
    with town.acting(name):
        sent = bookings.send(town.people[child], town.families[family], draft, now)
    assert sent is not None
    return sent


def ask(town: Town, name: str, child: str, family: str, minutes: int = 0) -> Sent:
    return send(town, name, child, family, Draft(frozenset({MEAL})), NOW + timedelta(minutes=minutes))


def cancel(town: Town, name: str, child: str, family: str, now: datetime = NOW + timedelta(hours=1)) -> Sent:
    return send(town, name, child, family, Draft(unwanted=frozenset({MEAL})), now)


def status(town: Town, child: str) -> BookingStatus:
    with unscoped("vérification"):
        return db.session.scalars(select(Booking.status).where(Booking.child_id == town.people[child])).one()


def mails() -> list[OutgoingMail]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(OutgoingMail)))


@pytest.fixture
def full(open_town: Town) -> Town:
    """Lila and Tom have the two meals; Zoé waits, then Noé."""
    one_more_child(open_town, "Noé", "B")
    ask(open_town, "claire", "lila", "A")
    ask(open_town, "denis", "tom", "B", 1)
    assert ask(open_town, "claire", "zoe", "A", 2).waiting == 1
    assert ask(open_town, "denis", "noe", "B", 3).waiting == 1
    return open_town


def test_the_first_who_waits_gets_the_place_alone_and_is_told(full: Town) -> None:
    cancel(full, "denis", "tom", "B")
    assert (status(full, "zoe"), status(full, "noe")) == (CONFIRMED, WAITING)
    assert {mail.recipient for mail in mails()} == {"claire@example.org", "paul@example.org"}
    assert all("Zoé" in mail.subject and "9\u00a0décembre" in mail.body for mail in mails())


def test_the_history_of_who_gets_it_does_not_name_who_left(full: Town) -> None:
    cancel(full, "denis", "tom", "B")
    with full.acting("claire"):
        told = db.session.scalars(
            select(HistoryEntry).where(HistoryEntry.entity == "Booking", HistoryEntry.action == "edit")
        ).all()
    assert [(one.actor, one.account_id) for one in told] == [("Marelle", None)]


def test_leaving_the_waiting_list_gives_nobody_anything(full: Town) -> None:
    cancel(full, "claire", "zoe", "A")
    assert status(full, "noe") is WAITING


def test_a_newcomer_does_not_pass_before_who_waits(full: Town) -> None:
    with unscoped("une place de plus"):
        for opening in db.session.scalars(select(Opening)):
            opening.places = 3
        db.session.scalars(
            select(Booking).where(Booking.child_id == full.people["noe"])
        ).one().status = BookingStatus.CANCELLED
        db.session.commit()
    assert ask(full, "denis", "noe", "B", 60).waiting == 1


def test_what_staff_set_free_is_given_within_the_minute(full: Town) -> None:
    with unscoped("le service refuse Tom et ouvre une place de plus"):
        tom = db.session.scalars(select(Booking).where(Booking.child_id == full.people["tom"])).one()
        tom.status = BookingStatus.REFUSED
        for opening in db.session.scalars(select(Opening)):
            opening.places = 3
        db.session.commit()
    assert places.give_all(NOW) == 2
    assert (status(full, "zoe"), status(full, "noe")) == (CONFIRMED, CONFIRMED)
    assert places.give_all(NOW) == 0


def test_the_worker_looks_at_the_waiting_lists_each_minute(
    full: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    monkeypatch.setattr(places, "give_all", asked.append)
    huey = jobs.jobs_of(full.app).huey
    (task,) = huey.read_periodic(NOW)
    db.session.close()
    huey.execute(task)
    assert len(asked) == 1


def test_too_late_to_book_nobody_gets_it(full: Town) -> None:
    with unscoped("les places se rendent jusqu’au dernier moment"):
        rule = db.session.scalars(select(Rule).where(Rule.code == "delai")).one()
        rule.parameters = {**rule.parameters, "gate": "booking"}
        db.session.commit()
    assert cancel(full, "denis", "tom", "B", datetime(2026, 12, 8, 9, tzinfo=PARIS)).cancelled == 1
    assert status(full, "zoe") is WAITING


def test_a_child_who_is_no_longer_registered_is_passed_over(full: Town) -> None:
    with unscoped("l’inscription de Zoé est terminée"):
        for row in db.session.scalars(
            select(Registration).where(Registration.child_id == full.people["zoe"])
        ):
            row.status = RegistrationStatus.ENDED
        db.session.commit()
    cancel(full, "denis", "tom", "B")
    assert (status(full, "zoe"), status(full, "noe")) == (WAITING, CONFIRMED)


def test_a_day_that_has_closed_is_given_to_nobody(full: Town) -> None:
    with unscoped("grève"):
        db.session.add(
            ClosingDay(facility_id=full.facilities["grappaloups"], closed_on=WEDNESDAY, reason="grève")
        )
        db.session.commit()
    cancel(full, "denis", "tom", "B")
    assert status(full, "zoe") is WAITING


def test_where_the_service_decides_the_place_is_offered_and_the_mail_says_so(full: Town) -> None:
    with unscoped("le service décide de tout"):
        for activity in db.session.scalars(select(Activity)):
            activity.confirms_alone = False
        db.session.commit()
    cancel(full, "denis", "tom", "B")
    assert status(full, "zoe") is ASKED
    assert all("Le service doit encore accepter" in mail.body for mail in mails())


def test_who_was_refused_once_is_asked_of_staff_again(full: Town) -> None:
    with unscoped("refusée, puis demandée à nouveau"):
        zoe = db.session.scalars(select(Booking).where(Booking.child_id == full.people["zoe"])).one()
        zoe.status = BookingStatus.REFUSED
        zoe.status = WAITING
        db.session.commit()
    cancel(full, "denis", "tom", "B")
    assert status(full, "zoe") is ASKED


def test_places_that_a_rule_gives_count_like_those_of_the_day(open_town: Town) -> None:
    with unscoped("une place, par le règlement seul"):
        for opening in db.session.scalars(select(Opening)):
            opening.places = None
        for unit in db.session.scalars(select(Unit)):
            unit.places = None
        db.session.add(Rule(code="une-place", rule_kind="capacity", parameters={"places": 1}))
        db.session.commit()
    assert ask(open_town, "claire", "lila", "A").confirmed == 1
    assert ask(open_town, "denis", "tom", "B", 1).waiting == 1
    cancel(open_town, "claire", "lila", "A")
    assert status(open_town, "tom") is CONFIRMED
