"""The children of a square are told as each of them is when it asks: answers, papers, class, home."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.entities.family import CustodyWeeks, MemberKind, Residence
from app.entities.health import Level
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Answer,
    Booking,
    CareGroup,
    Family,
    Membership,
    Person,
    Question,
    Registration,
    Rule,
    School,
    Schooling,
    SchoolYear,
)
from app.rules.facts import Child
from app.services import bookings
from app.services.catalogue import catalogue
from app.services.crowd import on_squares, who_is_there
from app.services.desk import Draft, load_desk
from tests.people import Town
from tests.support.papers import ask_for, give, put_off, register
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, WEDNESDAY, open_wednesdays

CHILDREN = (("lila", "A", "claire"), ("tom", "B", "denis"), ("zoe", "A", "claire"))
VALID = DocumentStatus.VALID
EARLY = datetime(2026, 10, 1, tzinfo=UTC)


def add(*rows: Any) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def rule(town: Town, kind: str, parameters: dict[str, Any], **more: Any) -> None:
    activity_id = town.activities["mercredi"]
    add(Rule(code=kind, rule_kind=kind, parameters=parameters, activity_id=activity_id, **more))


def question(code: str, subject: Subject = Subject.CHILD, **more: Any) -> int:
    add(
        Question(
            code=code, label=code, section=QuestionSection.HEALTH, subject=subject,
            question_kind=QuestionKind.YES_NO, **{"is_yearly": False, **more},
        )
    )  # fmt: skip
    with unscoped("son numéro"):
        return db.session.scalars(select(Question.id).where(Question.code == code)).one()


def told_alone(town: Town, child: str, family: str, who: str) -> Child:
    """As the child is told when it asks."""
    with town.acting(who):
        found = load_desk(town.people[child], town.families[family], WEDNESDAY, WEDNESDAY, NOW)
    assert found is not None
    return found.child


def told_together(town: Town) -> dict[int, Child]:
    """As the children of the meal are told to a rule that counts them."""
    known = catalogue()
    there = who_is_there(known, [on_squares(known, [MEAL])], known.rules)
    return {one.child.id: one.child for one in there[MEAL]}


def all_booked(town: Town) -> None:
    with unscoped("trois enfants au repas"):
        registrations = {
            (one.child_id, one.family_id): one for one in db.session.scalars(select(Registration))
        }
        db.session.add_all(
            Booking(
                registration=registrations[town.people[child], town.families[family]],
                family_id=town.families[family], child_id=town.people[child],
                unit_id=town.units[MEAL.unit], booked_on=WEDNESDAY,
                status=BookingStatus.CONFIRMED, asked_at=EARLY,
            )
            for child, family, _ in CHILDREN
        )  # fmt: skip
        db.session.commit()


def everything_told(town: Town) -> None:
    """Answers and papers of every sort, in force, not any more, not yet, of the other home, of another."""
    all_booked(town)
    year = town.school_year
    last_year = SchoolYear(code="2025-2026", starts_on=date(2025, 9, 1), ends_on=date(2026, 7, 4))
    add(last_year)
    with unscoped("l’an dernier"):
        last_id = db.session.scalars(select(SchoolYear.id).where(SchoolYear.code == "2025-2026")).one()
    lila, tom, zoe = (town.people[child] for child, _, _ in CHILDREN)
    a, b = town.families["A"], town.families["B"]
    yes, no = {"value": True}, {"value": False}
    allergy, grant = question("allergie", is_yearly=True), question("allocataire", Subject.FAMILY)
    home = question("garderie")
    add(
        Answer(question_id=allergy, person_id=lila, value=yes, school_year_id=year),
        Answer(question_id=allergy, person_id=tom, value=yes, school_year_id=last_id),
        Answer(question_id=allergy, person_id=zoe, value=no, school_year_id=year),
        Answer(question_id=grant, family_id=a, value=yes),
        Answer(question_id=home, person_id=zoe, family_id=b, value=yes),  # not the home that books
        Answer(question_id=home, person_id=tom, family_id=b, value=yes),
    )
    pai, caf = ask_for("pai"), ask_for("caf", Subject.FAMILY)
    work = ask_for("attestation-travail", Subject.GUARDIAN)
    give(town, pai, "A", "lila", VALID, valid_until=WEDNESDAY)
    give(town, pai, "A", "zoe", VALID, valid_until=WEDNESDAY - timedelta(days=1))
    give(town, pai, "B", "tom", VALID, valid_from=WEDNESDAY)
    give(town, caf, "B", None, DocumentStatus.RECEIVED)
    give(town, caf, "A", None, VALID)
    marc = Person(first_name="Marc", last_name="Martin")
    add(marc, Membership(family_id=a, person=marc, member_kind=MemberKind.GUARDIAN))
    give(town, work, "A", "claire", VALID)  # Marc's is missing
    give(town, work, "B", "denis", VALID)
    bourg = School(code="bourg", name="École du Bourg")
    add(Schooling(child_id=lila, school_year_id=year, level=Level.CE1, school=bourg))
    with unscoped("une adresse, une garde"):
        db.session.scalars(select(Family).where(Family.id == b)).one().residence = Residence.OUTSIDE
        db.session.scalars(
            select(Membership).where(Membership.person_id == zoe, Membership.family_id == a)
        ).one().custody = CustodyWeeks.ODD
        db.session.commit()
    traits = ["allergie", "allocataire", "garderie", "pai", "caf", "attestation-travail"]
    rule(town, "capacity", {"places": 9}, who={"traits": traits})
    rule(town, "papers", {"documents": ["assurance", "vaccins", "pai"], "late": "ask_staff"})
    insured, vaccines = ask_for("assurance", accepts_received=True), ask_for("vaccins", Subject.GUARDIAN)
    give(town, insured, "A", "lila", DocumentStatus.RECEIVED)
    put_off(town, insured, "B", "tom", WEDNESDAY)
    put_off(town, insured, "A", "zoe", WEDNESDAY - timedelta(days=1))
    put_off(town, pai, "A", "zoe", WEDNESDAY)  # a delay says nothing of whom places are for
    put_off(town, vaccines, "B", "denis", WEDNESDAY)
    in_canteen_group(town, "Les Loups", "A", "lila")
    in_canteen_group(town, "Les Loups", "B", "zoe")  # not the home that books
    rule(town, "count", {"maximum": 9}, who={"groups": ["Les Loups"]})


def in_canteen_group(town: Town, name: str, family: str, child: str) -> None:
    """In a group of another activity than the one that is booked."""
    number = register(town, family, child, "cantine")
    with unscoped("un groupe"):
        group = db.session.scalars(select(CareGroup).where(CareGroup.name == name)).one_or_none()
        row = db.session.scalars(select(Registration).where(Registration.id == number)).one()
        row.group = group or CareGroup(name=name, activity_id=town.activities["cantine"])
        db.session.commit()


def test_the_children_of_a_square_are_told_as_each_is_when_it_asks(open_town: Town) -> None:
    everything_told(open_town)
    together = told_together(open_town)
    for child, family, who in CHILDREN:
        alone, one = told_alone(open_town, child, family, who), together[open_town.people[child]]
        for told in ("born_on", "residence", "level", "school", "groups", "traits", "custody"):
            assert getattr(one, told) == getattr(alone, told), (child, told)
    assert together[open_town.people["lila"]].school == "bourg"
    assert together[open_town.people["lila"]].traits == {"allergie", "allocataire", "pai", "caf", "assurance"}
    assert together[open_town.people["tom"]].traits == {
        "garderie", "pai", "attestation-travail", "assurance", "vaccins",
    }  # fmt: skip
    assert together[open_town.people["zoe"]].traits == {"allocataire", "caf"}
    assert [bool(one.groups) for _, one in sorted(together.items())].count(True) == 1  # Lila


def test_answers_and_papers_of_the_others_cost_one_statement_more(open_town: Town) -> None:
    all_booked(open_town)

    def cost() -> int:
        told_together(open_town)
        with count_statements() as told:
            told_together(open_town)
        return len(told)

    plain = cost()
    rule(open_town, "capacity", {"places": 9}, who={"traits": ["pai", "allergie"]})
    assert cost() == plain + 1


@pytest.mark.parametrize("spared", [False, True])
def test_places_for_children_told_by_a_document_are_counted(open_town: Town, spared: bool) -> None:
    """One place for those who have it, or for all but them."""
    pai = ask_for("pai")
    for child, family, _ in CHILDREN[: 1 if spared else 2]:
        give(open_town, pai, family, child, VALID)
    whom = {"unless" if spared else "who": {"traits": ["pai"]}}
    rule(open_town, "capacity", {"places": 1, "when_full": "refused"}, **whom)

    def accepted(child: str, family: str, who: str) -> bool:
        with open_town.acting(who):
            draft = Draft(frozenset({MEAL}))
            sent = bookings.send(open_town.people[child], open_town.families[family], draft, NOW)
        assert sent is not None
        return sent.accepted

    assert [accepted(*one) for one in CHILDREN[:2]] == [True, spared]
    if spared:
        assert not accepted(*CHILDREN[2])  # Tom has the place of those without


@pytest.mark.slow
def test_on_postgresql(postgres_town: Town) -> None:
    town = open_wednesdays(postgres_town)
    everything_told(town)
    together = told_together(town)
    for child, family, who in CHILDREN:
        assert together[town.people[child]].traits == told_alone(town, child, family, who).traits
    assert together[town.people["lila"]].traits == {"allergie", "allocataire", "pai", "caf", "assurance"}
