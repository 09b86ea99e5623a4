"""A rule answers the same whatever the page: facts of the child by the day, the calendar of the town whole,
what other weeks hold; and what the service alone may cancel.
"""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, PriceEffect
from app.entities.calendar import PeriodKind
from app.entities.family import MemberKind
from app.entities.health import Level
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Answer,
    Booking,
    CareGroup,
    ClosingDay,
    Deferral,
    DocumentType,
    Membership,
    Opening,
    Period,
    Person,
    Question,
    Registration,
    Rule,
    Schooling,
)
from app.rules.calendar import school_year
from app.rules.facts import Slot
from app.rules.kinds.counting import Count
from app.services import bookings, paperwork, planning, verdict_traces
from app.services.desk import Desk, Draft, load_desk
from tests.people import Town, make_town, settings_for
from tests.services.test_rules_in_force import add, rule
from tests.support.papers import ask_for, give
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, PARIS, WEDNESDAY, open_wednesdays

WEEK = timedelta(weeks=1)
MONDAY = date(2026, 12, 7)


@pytest.fixture
def bare_town(open_town: Town) -> Town:
    """The Wednesday centre without a rule."""
    with unscoped("test"):
        for one in db.session.scalars(select(Rule)):
            db.session.delete(one)
        db.session.commit()
    return open_town


def meal(on: date) -> Slot:
    return Slot("mercredi.repas", on)


def meals(*days: date) -> Draft:
    return Draft(frozenset(map(meal, days)))


def opened(town: Town, *days: date) -> None:
    add(*(Opening(unit_id=town.units["mercredi.repas"], open_on=on, places=9) for on in days))


def page(town: Town, from_on: date, until_on: date | None = None, now: datetime = NOW) -> Desk:
    with town.acting("claire"):
        until_on = until_on or from_on + timedelta(days=6)
        found = load_desk(town.people["lila"], town.families["A"], from_on, until_on, now)
        assert found is not None
        return found


def send(town: Town, draft: Draft, now: datetime = NOW) -> bookings.Sent:
    with town.acting("claire"):
        sent = bookings.send(town.people["lila"], town.families["A"], draft, now)
        assert sent is not None
        return sent


def rows() -> dict[date, Booking]:
    with unscoped("test"):
        return {one.booked_on: one for one in db.session.scalars(select(Booking))}


# --- What other weeks hold -----------------------------------------------------------------------


def test_a_month_left_with_too_few_days_is_refused_though_they_are_of_other_weeks(bare_town: Town) -> None:
    assert send(bare_town, meals(WEDNESDAY, WEDNESDAY + WEEK)).confirmed == 2
    rule(bare_town, "count", {"minimum": 2, "per": "month"})
    assert not send(bare_town, Draft(unwanted=frozenset({MEAL}))).accepted


def test_what_was_wrong_in_another_week_does_not_stop_this_one(bare_town: Town) -> None:
    assert send(bare_town, meals(WEDNESDAY + WEEK)).confirmed == 1
    opened(bare_town, date(2027, 2, 3), date(2027, 2, 4))
    rule(bare_town, "count", {"minimum": 2, "per": "month"})
    assert send(bare_town, meals(date(2027, 2, 3), date(2027, 2, 4))).confirmed == 2


def test_days_that_open_in_another_week_part_days_that_should_follow(bare_town: Town) -> None:
    opened(bare_town, *(date(2026, 12, day) for day in (1, 2, 3, 7)))
    assert send(bare_town, meals(date(2026, 12, 1))).confirmed == 1
    rule(bare_town, "consecutive", {"days": 2})
    draft = meals(date(2026, 12, 7))
    assert not page(bare_town, date(2026, 11, 30), date(2026, 12, 13)).judge(draft).accepted
    assert not send(bare_town, draft).accepted


# --- The calendar --------------------------------------------------------------------------------


def test_a_limit_moves_for_a_closing_of_the_week_before(bare_town: Town) -> None:
    add(ClosingDay(facility_id=bare_town.facilities["grappaloups"], closed_on=date(2026, 12, 4), reason="x"))
    rule(bare_town, "notice_weekly", {"weekday": "vendredi", "hour": "12:00", "if_closed": "earlier"})
    assert not send(bare_town, meals(WEDNESDAY), datetime(2026, 12, 3, 12, tzinfo=PARIS)).accepted
    assert send(bare_town, meals(WEDNESDAY), datetime(2026, 12, 3, 11, 59, tzinfo=PARIS)).accepted


def test_the_squares_of_a_period_have_one_limit(bare_town: Town) -> None:
    stretches = [
        ("P1", PeriodKind.TERM, date(2026, 9, 1), date(2026, 10, 16)),
        ("Toussaint", PeriodKind.HOLIDAYS, date(2026, 10, 17), date(2026, 11, 1)),
        ("P2", PeriodKind.TERM, date(2026, 11, 2), date(2026, 12, 18)),
        ("Noël", PeriodKind.HOLIDAYS, date(2026, 12, 19), date(2027, 1, 3)),
    ]
    add(
        *(
            Period(
                school_year_id=bare_town.school_year,
                name=name,
                period_kind=kind,
                starts_on=first,
                ends_on=last,
            )
            for name, kind, first, last in stretches
        )
    )
    days = (date(2026, 11, 4), WEDNESDAY, WEDNESDAY + WEEK)
    opened(bare_town, days[0])
    rule(bare_town, "notice_period", {"days": 8, "counted": "school"})
    limits = {page(bare_town, day - timedelta(days=day.weekday())).bookable_until(meal(day)) for day in days}
    assert limits == {datetime(2026, 10, 5, 22, tzinfo=UTC)}


def test_public_holidays_are_the_same_on_every_page(bare_town: Town) -> None:
    rule(bare_town, "notice", {"days": 60, "counted": "working"})
    opened(bare_town, date(2027, 3, 15))
    limits = {
        page(bare_town, first, date(2027, 3, 21)).bookable_until(meal(date(2027, 3, 15)))
        for first in (date(2027, 2, 1), date(2027, 3, 15))
    }
    assert len(limits) == 1
    counts = {
        Count(minimum=100, per="school_year", less_by_holiday=True)._holidays(
            page(bare_town, first).plan(Draft()), school_year(first)
        )
        for first in (MONDAY, date(2027, 1, 11))
    }
    assert len(counts) == 1


# --- What is told of the child, day by day -------------------------------------------------------


def test_a_class_is_that_of_the_day_and_not_of_the_monday(bare_town: Town) -> None:
    child_id, year_id = bare_town.people["lila"], bare_town.school_year
    add(Schooling(child_id=child_id, school_year_id=year_id, level=Level.CE1))
    opened(bare_town, date(2026, 9, 2), date(2026, 9, 9))
    rule(bare_town, "count", {"maximum": 0}, who={"levels": ["ce1"]})
    now = datetime(2026, 8, 20, tzinfo=UTC)
    for day in (date(2026, 9, 2), date(2026, 9, 9)):  # the year begins on the Tuesday of the first week
        assert not send(bare_town, meals(day), now).accepted, day


def test_a_document_holds_for_the_days_before_its_end(bare_town: Town) -> None:
    paper = ask_for("assurance")
    dates = {"valid_from": date(2026, 12, 1), "valid_until": WEDNESDAY}
    give(bare_town, paper, "A", "lila", DocumentStatus.VALID, **dates)
    rule(bare_town, "papers", {"documents": ["assurance"]})
    both = meals(WEDNESDAY, WEDNESDAY + WEEK)
    (refusal,) = send(bare_town, both).verdict.refusals
    assert refusal.slots == {meal(WEDNESDAY + WEEK)}
    for first in (MONDAY, MONDAY + WEEK):  # the page that holds both, and the one that is sent
        desk = page(bare_town, first, MONDAY + WEEK + timedelta(days=6))
        assert not desk.judge(meals(WEDNESDAY + WEEK)).accepted
    assert send(bare_town, meals(WEDNESDAY)).confirmed == 1


def test_a_delay_granted_is_as_good_as_the_document(bare_town: Town) -> None:
    paper = ask_for("assurance")
    rule(bare_town, "papers", {"documents": ["assurance"]})
    assert not send(bare_town, meals(WEDNESDAY)).accepted
    add(
        Deferral(
            document_type_id=paper,
            family_id=bare_town.families["A"],
            person_id=bare_town.people["lila"],
            until_on=WEDNESDAY,
        )
    )
    assert send(bare_town, meals(WEDNESDAY)).confirmed == 1
    assert not send(bare_town, meals(WEDNESDAY + WEEK)).accepted


@pytest.mark.parametrize("is_enough", [True, False])
def test_a_document_that_need_only_be_received_is_in_order_once_it_is(
    bare_town: Town, is_enough: bool
) -> None:
    paper = ask_for("assurance")
    with unscoped("test"):
        db.session.get_one(DocumentType, paper).accepts_received = is_enough
        db.session.commit()
    give(bare_town, paper, "A", "lila", DocumentStatus.RECEIVED)
    rule(bare_town, "papers", {"documents": ["assurance"]})
    assert send(bare_town, meals(WEDNESDAY)).accepted is is_enough


def test_an_answer_is_explained_by_the_child_of_that_day(bare_town: Town) -> None:
    with unscoped("test"):
        group = CareGroup(name="Grands", activity_id=bare_town.activities["mercredi"])
        row = db.session.scalars(
            select(Registration).where(Registration.child_id == bare_town.people["lila"])
        ).one()
        row.group, row.starts_on = group, date(2026, 11, 2)
        db.session.commit()
    rule(bare_town, "count", {"maximum": 0, "per": "month"}, who={"groups": ["Grands"]})
    desk = page(bare_town, MONDAY)  # which knows the whole school year: the rule looks at the month
    draft = meals(WEDNESDAY)
    verdict = desk.judge(draft)
    assert not verdict.accepted
    assert verdict_traces.trace(desk, draft, verdict)["child"]["groups"] == {"mercredi": ["Grands"]}


def test_what_is_told_by_day_costs_no_statement_more(bare_town: Town) -> None:
    ask_for("assurance")
    rule(bare_town, "papers", {"documents": ["assurance"]})
    page(bare_town, MONDAY)
    with count_statements() as one_week:
        page(bare_town, MONDAY)
    with count_statements() as ten_weeks:
        page(bare_town, MONDAY, MONDAY + 10 * WEEK)
    assert len(ten_weeks) == len(one_week)


# --- Documents asked by an answer ----------------------------------------------------------------


def answered(town: Town, subject: Subject, person_id: int | None) -> None:
    with unscoped("test"):
        question = Question(
            code="alloc",
            label="Allocataire ?",
            section=QuestionSection.SCHOOLING,
            subject=subject,
            question_kind=QuestionKind.YES_NO,
        )
        db.session.add(question)
        db.session.flush()
        family_id = town.families["A"]
        db.session.add(
            Answer(question_id=question.id, person_id=person_id, family_id=family_id, value={"value": True})
        )
        db.session.commit()


def asked(town: Town) -> set[tuple[str, str]]:
    with town.acting("claire"):
        return {
            (one.type.code, one.subject.name)
            for one in paperwork.demands(town.families["A"], date(2026, 12, 1))
        }


def test_a_document_asked_by_an_answer_of_the_household(open_town: Town) -> None:
    ask_for("caf", Subject.FAMILY, asked_if="alloc")
    assert asked(open_town) == set()
    answered(open_town, Subject.FAMILY, None)
    assert asked(open_town) == {("caf", "la famille Martin")}


def test_a_guardian_is_not_asked_for_what_the_other_answered(open_town: Town) -> None:
    with unscoped("test"):
        eve = Person(first_name="Eve", last_name="Martin")
        db.session.add(eve)
        db.session.flush()
        family_id = open_town.families["A"]
        db.session.add(Membership(family_id=family_id, person_id=eve.id, member_kind=MemberKind.GUARDIAN))
        db.session.commit()
    ask_for("employeur", Subject.GUARDIAN, asked_if="alloc")
    answered(open_town, Subject.GUARDIAN, open_town.people["claire"])
    assert asked(open_town) == {("employeur", "Claire")}


# --- Cancelling ----------------------------------------------------------------------------------


def test_a_late_cancellation_that_the_service_decides_leaves_the_booking(bare_town: Town) -> None:
    assert send(bare_town, meals(WEDNESDAY)).confirmed == 1
    rule(bare_town, "notice", {"days": 30, "gate": "both", "late": "ask_staff"})
    sent = send(bare_town, Draft(unwanted=frozenset({MEAL})))
    assert (sent.leaving, sent.cancelled) == (1, 0)
    row = rows()[WEDNESDAY]
    assert row.status is BookingStatus.CONFIRMED and row.leaving_at == NOW
    assert send(bare_town, Draft(unwanted=frozenset({MEAL}))).leaving == 0  # sent twice, asked once
    with bare_town.acting("claire"):
        shown = planning.week(page(bare_town, MONDAY), MONDAY, Draft(), pointed=MEAL)
        assert planning.flip(shown.desk, Draft(), MEAL) == (Draft(), False)
    (square,) = [one for row in shown.blocks[0].rows for one in row.squares if one and one.slot == MEAL]
    assert square.state == "leaving"
    assert any("tient tant que le service" in say.sentence for say in shown.blocks[0].says)


def test_dropping_under_a_minimum_that_the_service_may_waive_asks_it(bare_town: Town) -> None:
    opened(bare_town, WEDNESDAY + timedelta(days=1))
    assert send(bare_town, meals(WEDNESDAY, WEDNESDAY + timedelta(days=1))).confirmed == 2
    rule(bare_town, "count", {"minimum": 2, "late": "ask_staff"})
    sent = send(bare_town, Draft(unwanted=frozenset({MEAL})))
    assert (sent.leaving, sent.cancelled) == (1, 0)


def test_what_was_only_asked_for_is_withdrawn_without_asking(bare_town: Town) -> None:
    rule(bare_town, "notice", {"days": 30, "gate": "both", "late": "ask_staff"})
    assert send(bare_town, meals(WEDNESDAY)).asked == 1
    assert send(bare_town, Draft(unwanted=frozenset({MEAL}))).cancelled == 1


def test_a_booking_that_is_cancelled_asks_for_it_no_more(bare_town: Town) -> None:
    assert send(bare_town, meals(WEDNESDAY)).confirmed == 1
    rule(bare_town, "notice", {"days": 30, "gate": "both", "late": "ask_staff"})
    send(bare_town, Draft(unwanted=frozenset({MEAL})))
    with unscoped("test"):
        rows()[WEDNESDAY].status = BookingStatus.CANCELLED
        db.session.commit()
    desk = page(bare_town, MONDAY)
    assert MEAL not in desk.standing and not desk.leaving
    assert send(bare_town, meals(WEDNESDAY)).asked == 1
    assert rows()[WEDNESDAY].leaving_at is None


def test_a_late_cancellation_keeps_what_it_costs(bare_town: Town) -> None:
    assert send(bare_town, meals(WEDNESDAY)).confirmed == 1
    rule(bare_town, "notice", {"days": 30, "gate": "cancelling", "late": "surcharge"})
    assert send(bare_town, Draft(unwanted=frozenset({MEAL}))).cancelled == 1
    assert rows()[WEDNESDAY].effect is PriceEffect.SURCHARGE


# --- Two parents at once -------------------------------------------------------------------------


@pytest.mark.slow
def test_two_parents_together_ask_for_no_more_than_one_would(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same child, two weeks, one day a month: whoever judges second sees what the first wrote."""
    address = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    app = create_app({**settings_for(tmp_path), "SQLALCHEMY_DATABASE_URI": address})
    with app.app_context():
        db.create_all()
        town = open_wednesdays(make_town(app))
        rule(town, "count", {"maximum": 1, "per": "month"})
        db.session.remove()
    real = bookings._write
    both = threading.Barrier(2)

    def slowly(*args: object) -> bookings.Sent:
        """Give the other one time to judge, if nothing holds it."""
        try:
            both.wait(timeout=2)
        except threading.BrokenBarrierError:
            pass
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(bookings, "_write", slowly)
    accepted: list[bool] = []

    def go(who: str, on: date) -> None:
        with app.app_context():
            with town.acting(who):
                sent = bookings.send(town.people["lila"], town.families["A"], meals(on), NOW)
                assert sent is not None
                accepted.append(sent.accepted)
            db.session.remove()

    asking = [("claire", WEDNESDAY), ("paul", WEDNESDAY + WEEK)]
    threads = [threading.Thread(target=go, args=one) for one in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(accepted) == [False, True]
    with app.app_context(), unscoped("test"):
        assert db.session.scalar(select(func.count()).select_from(Booking)) == 1
        db.session.remove()
        db.engine.dispose()
