"""What a rule may tell of a child: the household's residence, the class, the group, answers and documents."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.billing import PaymentMeans
from app.entities.family import MemberKind, Residence
from app.entities.health import Level
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import Answering, QuestionKind, QuestionSection
from app.models import (
    Answer,
    CareGroup,
    Document,
    DocumentType,
    Family,
    Invoice,
    Membership,
    Payment,
    Person,
    Question,
    Registration,
    Rule,
    School,
    Schooling,
)
from app.services.desk import Desk, Draft, load_desk
from tests.people import Town
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, WEDNESDAY, open_wednesdays

ON = date(2026, 12, 9)
REFUSES = {"maximum": 0}


def add(*rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def rule(town: Town, **whom: Any) -> None:
    """Nothing may be booked: by these children alone, or by all but them."""
    activity_id = town.activities["mercredi"]
    add(Rule(code="personne", rule_kind="count", parameters=REFUSES, activity_id=activity_id, **whom))


def desk(town: Town, child: str = "lila", family: str = "A", who: str = "claire") -> Desk:
    with town.acting(who):
        found = load_desk(town.people[child], town.families[family], WEDNESDAY, WEDNESDAY, NOW)
        assert found is not None
        return found


def may_book(town: Town, child: str = "lila", family: str = "A", who: str = "claire") -> bool:
    return desk(town, child, family, who).judge(Draft(frozenset({MEAL}))).accepted


def test_where_the_household_lives(open_town: Town) -> None:
    rule(open_town, unless={"residence": ["resident", "works_here"]})
    assert may_book(open_town)
    with unscoped("déménagement"):
        db.session.execute(
            update(Family).where(Family.id == open_town.families["A"]).values(residence=Residence.OUTSIDE)
        )
        db.session.commit()
    assert not may_book(open_town)
    assert may_book(open_town, "tom", "B", "denis")


def test_a_child_of_two_homes_is_told_by_the_home_that_asks(open_town: Town) -> None:
    rule(open_town, who={"residence": ["outside"]})
    with unscoped("un des deux foyers est ailleurs"):
        db.session.execute(
            update(Family).where(Family.id == open_town.families["B"]).values(residence=Residence.OUTSIDE)
        )
        db.session.commit()
    assert may_book(open_town, "zoe", "A", "claire")
    assert not may_book(open_town, "zoe", "B", "denis")


def test_the_class_of_the_school_year(open_town: Town) -> None:
    rule(open_town, who={"levels": ["cp", "ce1"]})
    assert may_book(open_town)
    lila = open_town.people["lila"]
    add(Schooling(child_id=lila, school_year_id=open_town.school_year, level=Level.CE1))
    assert not may_book(open_town) and may_book(open_town, "zoe")


def test_the_school_of_the_school_year(open_town: Town) -> None:
    rule(open_town, who={"schools": ["bourg"]})
    assert may_book(open_town)
    bourg, lac = School(code="bourg", name="École du Bourg"), School(code="lac", name="École du Lac")
    for child, school in (("lila", bourg), ("zoe", lac)):
        add(
            Schooling(
                child_id=open_town.people[child],
                school_year_id=open_town.school_year,
                level=Level.CE1,
                school=school,
            )
        )
    assert not may_book(open_town) and may_book(open_town, "zoe")


def test_the_group_of_the_registration(open_town: Town) -> None:
    rule(open_town, who={"groups": ["Les grands"]})
    add(CareGroup(activity_id=open_town.activities["mercredi"], name="Les grands"))
    with unscoped("le groupe de Lila"):
        group_id = db.session.scalars(select(CareGroup.id)).one()
        db.session.execute(
            update(Registration)
            .where(Registration.child_id == open_town.people["lila"])
            .values(group_id=group_id)
        )
        db.session.commit()
    assert not may_book(open_town) and may_book(open_town, "zoe")


@pytest.mark.parametrize("value", [True, False])
def test_a_question_that_the_service_alone_answers_is_a_named_exemption(open_town: Town, value: bool) -> None:
    rule(open_town, unless={"traits": ["derogation"]})
    question = Question(
        code="derogation", label="Dérogation accordée", section=QuestionSection.AUTHORISATIONS,
        question_kind=QuestionKind.YES_NO, answering=Answering.STAFF, is_yearly=False,
    )  # fmt: skip
    add(question)
    with unscoped("la réponse du service"):
        number = db.session.scalars(select(Question.id)).one()
    lila, family_id = open_town.people["lila"], open_town.families["A"]
    add(Answer(question_id=number, person_id=lila, family_id=family_id, value={"value": value}))
    assert may_book(open_town) is value
    assert not may_book(open_town, "zoe")


@pytest.mark.parametrize(
    ("handed", "status", "until", "spared"),
    [
        (("claire",), DocumentStatus.VALID, None, False),  # the other guardian's is missing
        (("claire", "marc"), DocumentStatus.VALID, None, True),
        (("claire", "marc"), DocumentStatus.RECEIVED, None, False),
        (("claire", "marc"), DocumentStatus.VALID, date(2026, 12, 8), False),
        (("claire", "marc"), DocumentStatus.VALID, date(2026, 12, 9), True),
    ],
)
def test_parents_at_work_are_those_whose_every_paper_is_in_force(
    open_town: Town, handed: tuple[str, ...], status: DocumentStatus, until: date | None, spared: bool
) -> None:
    rule(open_town, unless={"traits": ["attestation-travail"]})
    marc = Person(first_name="Marc", last_name="Martin")
    family_id = open_town.families["A"]
    add(marc, Membership(family_id=family_id, person=marc, member_kind=MemberKind.GUARDIAN))
    asked = DocumentType(code="attestation-travail", name="Attestation", subject=Subject.GUARDIAN)
    add(asked)
    with unscoped("les pièces"):
        people = {
            "claire": open_town.people["claire"],
            "marc": db.session.scalars(select(Person.id).where(Person.first_name == "Marc")).one(),
        }
        type_id = db.session.scalars(select(DocumentType.id)).one()
    for name in handed:
        add(
            Document(
                document_type_id=type_id, family_id=family_id, person_id=people[name], status=status,
                received_at=datetime(2026, 9, 1, tzinfo=UTC), valid_until=until,
            )
        )  # fmt: skip
    assert may_book(open_town) is spared


def test_nothing_is_read_where_no_rule_tells_children_apart(open_town: Town) -> None:
    def cost() -> int:
        desk(open_town)
        with count_statements() as told:
            desk(open_town)
        return len(told)

    plain = cost()
    rule(open_town, who={"residence": ["outside"], "traits": ["attestation-travail"]})
    assert cost() == plain + 1


def test_a_rule_may_ask_a_document_and_the_parent_reads_its_name(open_town: Town) -> None:
    add(DocumentType(code="assurance", name="Assurance", phrase="l’assurance", subject=Subject.CHILD))
    activity_id = open_town.activities["mercredi"]
    values = {"documents": ["assurance"]}
    add(Rule(code="pieces", rule_kind="papers", parameters=values, activity_id=activity_id))
    found = desk(open_town).judge(Draft(frozenset({MEAL})))
    assert not found.accepted and "l’assurance" in found.refusals[0].sentence
    with unscoped("la pièce"):
        type_id = db.session.scalars(select(DocumentType.id)).one()
    family_id, lila = open_town.families["A"], open_town.people["lila"]
    add(
        Document(
            document_type_id=type_id, family_id=family_id, person_id=lila, status=DocumentStatus.VALID,
            received_at=datetime(2026, 9, 1, tzinfo=UTC),
        )
    )  # fmt: skip
    assert may_book(open_town) and not may_book(open_town, "zoe")


@pytest.mark.parametrize(
    ("due_on", "paid", "accepted"),
    [
        (date(2026, 12, 1), 0, True),  # its day has not passed
        (date(2026, 11, 30), 0, False),
        (date(2026, 11, 30), 3000, False),
        (date(2026, 11, 30), 4567, True),
    ],
)
def test_bills_whose_day_has_passed_are_to_pay_first(
    open_town: Town, due_on: date, paid: int, accepted: bool
) -> None:
    activity_id = open_town.activities["mercredi"]
    add(Rule(code="dette", rule_kind="no_debt", parameters={}, activity_id=activity_id))
    family_id = open_town.families["A"]
    invoice = Invoice(
        number="2026-1", family_id=family_id, month_on=date(2026, 10, 1), issued_on=date(2026, 11, 1),
        due_on=due_on, payer_names="M", payer_address="R", total_cents=4567,
    )  # fmt: skip
    add(invoice)
    if paid:
        with unscoped("la facture"):
            number = db.session.scalars(select(Invoice.id)).one()
        add(
            Payment(
                family_id=family_id, invoice_id=number, paid_on=due_on, means=PaymentMeans.CHEQUE,
                amount_cents=paid,
            )
        )  # fmt: skip
    assert may_book(open_town) is accepted
    assert may_book(open_town, "tom", "B", "denis")


@pytest.mark.slow
def test_on_postgresql(postgres_town: Town) -> None:
    town = open_wednesdays(postgres_town)
    add(DocumentType(code="attestation-travail", name="Attestation", subject=Subject.GUARDIAN))
    rule(town, unless={"residence": ["outside"], "traits": ["attestation-travail"]})
    assert not may_book(town)
