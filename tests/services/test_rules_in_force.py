"""Rules that need rows to be judged: places by group, staff ratios, priorities, shared custody, effects on
the price, windows of registration, papers asked by an answer; and what is kept of a refusal.
"""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.booking import BookingStatus, PriceEffect
from app.entities.family import CustodyWeeks, Residence
from app.entities.paperwork import Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Activity,
    Answer,
    Booking,
    CareGroup,
    Family,
    Membership,
    Person,
    Question,
    RefusedRequest,
    Registration,
    Rule,
    SchoolYear,
)
from app.services import bookings, places, refused_requests, registration_rules, registrations
from app.services.desk import Desk, Draft, load_desk
from tests.people import Town
from tests.support.papers import ask_for
from tests.support.sql import count_statements
from tests.wednesday import MEAL, MORNING, NOW, PARIS, WEDNESDAY, one_more_child


def add(*rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def rule(town: Town, kind: str, parameters: dict[str, Any], **more: Any) -> None:
    activity_id = town.activities["mercredi"]
    add(Rule(code=kind, rule_kind=kind, parameters=parameters, activity_id=activity_id, **more))


def desk(town: Town, child: str = "lila", family: str = "A", who: str = "claire") -> Desk:
    with town.acting(who):
        found = load_desk(town.people[child], town.families[family], WEDNESDAY, WEDNESDAY, NOW)
        assert found is not None
        return found


def book(
    town: Town, child: str = "lila", family: str = "A", who: str = "claire", now: datetime = NOW
) -> bookings.Sent:
    with town.acting(who):
        sent = bookings.send(town.people[child], town.families[family], Draft(frozenset({MEAL})), now)
        assert sent is not None
        return sent


def in_group(town: Town, name: str, *children: str) -> None:
    with unscoped("test"):
        group = CareGroup(name=name, activity_id=town.activities["mercredi"])
        db.session.add(group)
        for child in children:
            for row in db.session.scalars(
                select(Registration).where(
                    Registration.child_id == town.people[child],
                    Registration.activity_id == town.activities["mercredi"],
                )
            ):
                row.group = group
        db.session.commit()


def test_places_for_a_group_count_its_children_alone(open_town: Town) -> None:
    in_group(open_town, "Les Loups", "lila", "tom")
    rule(open_town, "capacity", {"places": 1}, who={"groups": ["Les Loups"]})
    assert book(open_town, "tom", "B", "denis").confirmed == 1
    assert book(open_town).waiting == 1  # one place for the group, two for all
    assert book(open_town, "zoe").confirmed == 1


@pytest.mark.parametrize(("under_six", "confirmed"), [(1, 0), (2, 1)])
def test_a_staff_ratio_weighs_the_children_who_are_there(
    open_town: Town, under_six: int, confirmed: int
) -> None:
    rule(open_town, "staff_ratio", {"adults": 1, "under_six": under_six, "six_plus": under_six})
    assert book(open_town, "tom", "B", "denis").confirmed == 1
    assert book(open_town).confirmed == confirmed


def test_a_rule_that_counts_ages_costs_one_statement_more(open_town: Town) -> None:
    desk(open_town)
    with count_statements() as before:
        desk(open_town)
    rule(open_town, "staff_ratio", {"adults": 1, "under_six": 8, "six_plus": 12})
    desk(open_town)
    with count_statements() as after:
        desk(open_town)
    assert len(after) == len(before) + 1


def test_a_day_with_too_few_children_is_told(open_town: Town) -> None:
    rule(open_town, "minimum", {"least": 2})
    (said,) = desk(open_town).judge(Draft(frozenset({MEAL}))).refusals
    assert "n’a lieu qu’à partir de 2" in said.sentence
    book(open_town, "tom", "B", "denis")
    assert desk(open_town).judge(Draft(frozenset({MEAL}))).refusals == ()


@pytest.mark.parametrize(("custody", "accepted"), [(CustodyWeeks.EVEN, True), (CustodyWeeks.ODD, False)])
def test_a_home_books_its_own_weeks(open_town: Town, custody: CustodyWeeks, accepted: bool) -> None:
    """9 December 2026 is in week 50."""
    with unscoped("test"):
        for row in db.session.scalars(
            select(Membership).where(
                Membership.person_id == open_town.people["lila"],
                Membership.family_id == open_town.families["A"],
            )
        ):
            row.custody = custody
        db.session.commit()
    assert book(open_town).accepted
    rule(open_town, "custody", {})
    assert desk(open_town, "zoe").judge(Draft(frozenset({MEAL}))).accepted  # whose weeks are not told
    with open_town.acting("claire"):
        bookings.send(
            open_town.people["lila"], open_town.families["A"], Draft(unwanted=frozenset({MEAL})), NOW
        )
    assert book(open_town).accepted is accepted


@pytest.mark.parametrize(
    ("late", "effect"), [("surcharge", PriceEffect.SURCHARGE), ("full_price", PriceEffect.FULL_PRICE)]
)
def test_what_is_late_but_dearer_is_kept_with_the_booking(
    open_town: Town, late: str, effect: PriceEffect
) -> None:
    with unscoped("test"):
        for row in db.session.scalars(select(Rule).where(Rule.code == "delai")):
            row.parameters = {**row.parameters, "late": late}
        db.session.commit()
    assert book(open_town, "zoe").confirmed == 1
    too_late = datetime(2026, 12, 7, 9, tzinfo=PARIS)
    assert book(open_town, now=too_late).confirmed == 1
    with unscoped("test"):
        found = {one.child_id: one.effect for one in db.session.scalars(select(Booking))}
    assert found == {open_town.people["zoe"]: None, open_town.people["lila"]: effect}


def test_a_place_goes_by_the_priorities_of_the_town_then_the_first_come(open_town: Town) -> None:
    rule(open_town, "priority", {"rank": 1}, who={"residence": ["resident"]})
    noe_id = one_more_child(open_town, "Noé", "B")
    with unscoped("test"):
        for family in db.session.scalars(select(Family)):
            is_a = family.id == open_town.families["A"]
            family.residence = Residence.OUTSIDE if is_a else Residence.RESIDENT
        of_child = {one.child_id: one for one in db.session.scalars(select(Registration))}
        db.session.add_all(
            Booking(
                family_id=open_town.families[family],
                child_id=child_id,
                registration=of_child[child_id],
                unit_id=open_town.units[MEAL.unit],
                booked_on=WEDNESDAY,
                status=BookingStatus.WAITING,
                asked_at=NOW + timedelta(minutes=minutes),
            )
            for family, child_id, minutes in (("A", open_town.people["zoe"], 0), ("B", noe_id, 5))
        )
        db.session.commit()
    assert book(open_town, "tom", "B", "denis").waiting == 1  # two wait already
    with unscoped("test"):
        places.give_places(NOW + timedelta(hours=1))
        db.session.commit()
        found = {one.child_id: one.status for one in db.session.scalars(select(Booking))}
    assert found[noe_id] is BookingStatus.CONFIRMED
    assert found[open_town.people["zoe"]] is BookingStatus.WAITING


# --- Registering ---------------------------------------------------------------------------------


def ask(town: Town, now: datetime = NOW) -> registrations.Asked:
    with town.acting("claire"):
        return registrations.ask(
            db.session.scalars(select(Person).where(Person.id == town.people["lila"])).one(),
            db.session.scalars(select(Family).where(Family.id == town.families["A"])).one(),
            db.session.scalars(select(Activity).where(Activity.id == town.activities["cantine"])).one(),
            db.session.scalars(select(SchoolYear).where(SchoolYear.id == town.school_year)).one(),
            town.viewer("claire"),
            now,
        )


def window(town: Town, parameters: dict[str, Any]) -> None:
    add(
        Rule(
            code="fenetre",
            rule_kind="registration",
            parameters=parameters,
            activity_id=town.activities["cantine"],
        )
    )


def test_outside_its_window_a_registration_is_refused(town: Town) -> None:
    window(town, {"opens_on": "2026-12-05", "opens_at": "07:00"})
    asked = ask(town)
    assert asked.registration is None
    assert [one.replace("\u00a0", " ") for one in asked.refused] == [
        "On s’y inscrit à partir du samedi 5 décembre 2026 à 7 h."
    ]
    assert ask(town, datetime(2026, 12, 5, 7, tzinfo=PARIS)).registration is not None


def test_asked_out_of_its_window_the_service_decides_whatever_the_activity_does_alone(town: Town) -> None:
    with unscoped("test"):
        for one in db.session.scalars(select(Activity).where(Activity.id == town.activities["cantine"])):
            one.accepts_alone = True
        db.session.commit()
    window(town, {"closes_on": "2026-06-30", "late": "ask_staff"})
    asked = ask(town)
    assert asked.registration is not None and not asked.is_accepted
    with town.acting("desk"):
        assert registrations.release(town.families["A"], NOW) == 0
    with unscoped("test"):
        for row in db.session.scalars(select(Rule).where(Rule.code == "fenetre")):
            db.session.delete(row)
        db.session.commit()
    with town.acting("desk"):
        assert registrations.release(town.families["A"], NOW) == 1


def test_a_registration_asked_during_a_month_begins_the_next(town: Town) -> None:
    window(town, {"starts": "next_month"})
    asked = ask(town)
    assert asked.registration is not None
    with unscoped("test"):
        assert asked.registration.starts_on == date(2027, 1, 1)


def test_registrations_to_decide_come_by_the_town_s_priorities(open_town: Town) -> None:
    assert ask(open_town).registration is not None
    with unscoped("test"):
        (row,) = registrations.to_decide(10)
        assert registration_rules.rank(row) == 100
    add(Rule(code="enfants", rule_kind="priority", parameters={"rank": 3}))
    with unscoped("test"):
        (row,) = registrations.to_decide(10)
        assert registration_rules.rank(row) == 3


def test_a_paper_is_asked_of_those_who_answered_yes(town: Town) -> None:
    with unscoped("test"):
        allergy = Question(
            code="allergie",
            label="Une allergie alimentaire ?",
            section=QuestionSection.HEALTH,
            subject=Subject.CHILD,
            question_kind=QuestionKind.YES_NO,
            is_yearly=False,
        )
        db.session.add(allergy)
        db.session.commit()
    ask_for("pai", asked_if="allergie")
    assert ask(town).missing == ()
    with unscoped("test"):
        for row in db.session.scalars(
            select(Registration).where(Registration.family_id == town.families["A"])
        ):
            db.session.delete(row)
        answered = {"value": True}
        db.session.add(
            Answer(
                question_id=allergy.id,
                person_id=town.people["lila"],
                family_id=town.families["A"],
                value=answered,
            )
        )
        db.session.commit()
    assert [one.code for one in ask(town).missing] == ["pai"]


def test_what_the_other_home_answers_asks_nothing_here(town: Town) -> None:
    """An answer that each home gives for itself is of that home alone."""
    ask_for("pai", asked_if="garderie")
    with unscoped("test"):
        question = Question(
            code="garderie",
            label="Une question de chaque foyer ?",
            section=QuestionSection.SCHOOLING,
            subject=Subject.CHILD,
            question_kind=QuestionKind.YES_NO,
            is_yearly=False,
        )
        db.session.add(question)
        db.session.flush()
        db.session.add(
            Answer(
                question_id=question.id,
                person_id=town.people["lila"],
                family_id=town.families["B"],
                value={"value": True},
            )
        )
        db.session.commit()
    assert ask(town).missing == ()


# --- What is kept of a refusal -------------------------------------------------------------------


def kept() -> list[RefusedRequest]:
    with unscoped("test"):
        return list(db.session.scalars(select(RefusedRequest)))


def test_a_refusal_is_kept_once_with_every_rule_and_its_answer(open_town: Town) -> None:
    found = desk(open_town)
    draft = Draft(frozenset({MORNING}))
    for _ in range(2):
        with open_town.acting("claire"):
            refused_requests.keep(found, draft, found.judge(draft), "Claire Martin")
    (row,) = kept()
    assert "se réserve avec" in row.sentence
    assert (row.asked_by, row.refused_at) == ("Claire Martin", NOW)
    trace = row.trace
    assert trace["adds"] == ["mercredi.matin 2026-12-09"]
    states = {one["code"]: one["state"] for one in trace["rules"]}
    assert states == {"capacity": "passes", "matin-repas": "said", "delai": "passes"}
    delai = next(one for one in trace["rules"] if one["code"] == "delai")
    assert delai["limits"] == [["mercredi.matin 2026-12-09", "2026-12-07 00:00"]]
    (said,) = trace["said"]
    assert (said["article"], said["remedy"]) == ("article 7", "Ajouter «\u00a0Repas\u00a0»")


def test_what_is_accepted_is_not_kept(open_town: Town) -> None:
    found = desk(open_town)
    draft = Draft(frozenset({MEAL}))
    refused_requests.keep(found, draft, found.judge(draft), "")
    assert kept() == []


def test_after_a_year_it_is_forgotten(open_town: Town) -> None:
    found = desk(open_town)
    draft = Draft(frozenset({MORNING}))
    with open_town.acting("claire"):
        refused_requests.keep(found, draft, found.judge(draft), "")
    assert refused_requests.forget(NOW + timedelta(days=365)) == 0
    assert refused_requests.forget(NOW + timedelta(days=366)) == 1
    assert kept() == []
