"""The household's file: who is on the invoice, the children's parts, the people who may collect."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.booking import RegistrationStatus
from app.entities.catalogue import FacilityKind
from app.entities.family import MemberKind
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Activity,
    Answer,
    Contact,
    Facility,
    Family,
    FreezeDate,
    HealthRecord,
    Membership,
    Person,
    Question,
    QuestionFacility,
    Registration,
)
from app.services import child_file, contacts, family_file
from app.services.contacts import Added, Tie
from app.services.family_file import FamilyFile
from tests.people import Town
from tests.support.sql import count_statements

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
PAULETTE = {"first_name": "Paulette", "last_name": "Tamarchière", "mobile_phone": "06 39 98 00 05"}


def overview(town: Town, who: str = "claire", code: str = "A", now: datetime = NOW) -> FamilyFile:
    with town.acting(who):
        found = family_file.overview(town.families[code], now)
        assert found is not None
        return found


def add(town: Town, *rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def registration(town: Town, child: str, activity: int) -> Registration:
    return Registration(
        family_id=town.families["A"],
        child_id=town.people[child],
        activity_id=activity,
        school_year_id=town.school_year,
        starts_on=date(2026, 9, 1),
        ends_on=date(2027, 7, 3),
        status=RegistrationStatus.ACCEPTED,
    )


def guardian(town: Town, on_invoice: bool) -> None:
    karim = Person(first_name="Karim", last_name="Oualid")
    place = Membership(family_id=town.families["A"], person=karim, member_kind=MemberKind.GUARDIAN)
    place.on_invoice = on_invoice
    add(town, karim, place)


def words(town: Town, child: str, part: str, now: datetime = NOW) -> str:
    cards = {card.person.id: card for card in overview(town, now=now).children}
    return next(one.word for one in cards[town.people[child]].parts if one.code == part)


# --- The invoice ---------------------------------------------------------------------------------


def test_one_guardian_alone_on_the_invoice_is_said_alone(town: Town) -> None:
    assert overview(town).billing == family_file.Billing("Claire Martin", is_alone=True)
    guardian(town, on_invoice=False)
    assert overview(town).billing == family_file.Billing("Claire Martin", True, "Karim Oualid")


def test_both_guardians_on_the_invoice_are_named(town: Town) -> None:
    guardian(town, on_invoice=True)
    assert overview(town).billing == family_file.Billing("Claire Martin et Karim Oualid", is_alone=False)


def test_a_file_is_one_household_s_even_for_an_account_of_two(town: Town) -> None:
    file = overview(town, "paul", "B")
    assert {one.person.first_name for one in file.household.members} == {"Denis", "Tom", "Zoé"}


def test_a_household_out_of_reach_has_no_file(town: Town) -> None:
    with town.acting("claire"):
        assert family_file.overview(town.families["B"], NOW) is None
        assert family_file.member(town.families["B"], town.people["zoe"]) is None


def test_the_file_costs_the_same_for_one_child_and_for_six(town: Town) -> None:
    with town.acting("claire"), count_statements() as few:
        family_file.overview(town.families["A"], NOW)
    for rank in range(4):
        child = Person(first_name=f"Enfant {rank}", last_name="Martin", born_on=date(2019, 1, 1 + rank))
        add(town, Membership(family_id=town.families["A"], person=child, member_kind=MemberKind.CHILD))
    with town.acting("claire"), count_statements() as many:
        family_file.overview(town.families["A"], NOW)
    # family, members with health, schoolings, questions with answers, contact counts, freeze
    # dates, registrations, contacts, requests
    assert len(few) == len(many) == 9


# --- A child's parts -----------------------------------------------------------------------------


def test_health_without_a_doctor_is_missing_then_complete_then_to_read_again(town: Town) -> None:
    assert words(town, "lila", "health") == "Il manque le médecin"
    record = HealthRecord(child_id=town.people["lila"], doctor_name="Dr G", confirmed_on=date(2026, 11, 1))
    add(town, record)
    assert words(town, "lila", "health") == "Complète"
    assert words(town, "lila", "health", datetime(2027, 5, 1, tzinfo=UTC)) == "À relire"


def test_both_homes_of_a_child_see_its_health(town: Town) -> None:
    add(town, HealthRecord(child_id=town.people["zoe"], doctor_name="Dr G", confirmed_on=date(2026, 11, 1)))
    for who, code in (("claire", "A"), ("denis", "B")):
        assert overview(town, who, code).household.health[town.people["zoe"]].doctor_name == "Dr G"


def test_the_nursery_s_part_is_for_its_children_alone(town: Town) -> None:
    nursery = Facility(code="multi", name="Les Petits Cailloux", facility_kind=FacilityKind.NURSERY)
    creche = Activity(code="creche", name="Crèche", facility=nursery)
    question = Question(
        code="doudou",
        label="Doudou",
        section=QuestionSection.NURSERY,
        question_kind=QuestionKind.TEXT,
        is_required=True,
    )
    add(town, nursery, creche, question)
    with unscoped("la crèche"):
        creche_id = db.session.scalars(select(Activity.id).where(Activity.code == "creche")).one()
    add(town, registration(town, "zoe", creche_id), registration(town, "lila", town.activities["cantine"]))
    assert words(town, "zoe", "nursery") == "1 réponse manque"
    codes = {card.person.first_name: {one.code for one in card.parts} for card in overview(town).children}
    assert "nursery" not in codes["Lila"]


@pytest.mark.parametrize("facilities", [["grappaloups"], ["restaurant", "grappaloups"]])
def test_a_facility_s_question_is_asked_of_its_children_alone(town: Town, facilities: list[str]) -> None:
    question = Question(
        code="seul",
        label="Rentre seul",
        section=QuestionSection.AUTHORISATIONS,
        question_kind=QuestionKind.YES_NO,
        places=[QuestionFacility(facility_id=town.facilities[one]) for one in facilities],
        is_required=True,
    )
    add(town, question, registration(town, "lila", town.activities["mercredi"]))
    assert words(town, "lila", "authorisations") == "1 réponse manque"
    zoe = next(card for card in overview(town).children if card.person.id == town.people["zoe"])
    assert "authorisations" not in {one.code for one in zoe.parts}


def test_last_year_s_answer_is_to_read_again_and_a_no_is_an_answer(town: Town) -> None:
    question = Question(
        code="photo",
        label="Photos",
        section=QuestionSection.AUTHORISATIONS,
        question_kind=QuestionKind.YES_NO,
    )
    add(town, question)
    with unscoped("la question"):
        question_id = db.session.scalars(select(Question.id)).one()
    answer = Answer(
        question_id=question_id,
        family_id=town.families["A"],
        person_id=town.people["lila"],
        school_year_id=town.school_year,
        value={"value": False},
    )
    add(town, answer)
    assert words(town, "lila", "authorisations") == "Complète"
    assert words(town, "lila", "authorisations", datetime(2027, 6, 1, tzinfo=UTC)) == "À relire"


def test_ages_are_in_months_under_two_years() -> None:
    assert child_file.age_words(date(2025, 1, 24), date(2027, 1, 23)) == "23\u00a0mois"
    assert child_file.age_words(date(2025, 1, 24), date(2027, 1, 24)) == "2\u00a0ans"
    assert child_file.age_words(None, date(2027, 1, 24)) == ""


# --- Who may collect -----------------------------------------------------------------------------


def add_paulette(town: Town, *ties: Tie, values: dict[str, str] | None = None, who: str = "claire") -> Added:
    with town.acting(who):
        code = "A" if who == "claire" else "B"
        children = family_file.load_household(town.families[code]).children
        return contacts.add_person(values or PAULETTE, ties, children, town.viewer(who), NOW)


def tie(town: Town, child: str = "lila", collects: bool = True, called: bool = True) -> Tie:
    return Tie(town.people[child], "grand-mère", collects, called)


def test_adding_a_person_writes_person_place_and_ties_together(town: Town) -> None:
    assert add_paulette(town, tie(town), tie(town, "zoe", called=False)).person is not None
    card = overview(town).contacts[0]
    assert card.words == "Grand-mère de Lila et Zoé"
    with unscoped("vérification"):
        place = db.session.scalars(select(Membership).where(Membership.kinship == "grand-mère")).one()
        assert (place.family_id, place.member_kind) == (town.families["A"], MemberKind.CONTACT)


def test_a_contact_of_one_home_is_unknown_to_the_other(town: Town) -> None:
    add_paulette(town, tie(town, "zoe"))
    assert overview(town, "denis", "B").contacts == ()
    with town.acting("denis"):
        assert contacts.of_child(town.families["B"], town.people["zoe"]) == {}
        names = db.session.scalars(select(Person.first_name)).all()
    assert "Paulette" not in names


def test_a_person_is_not_added_twice_nor_without_a_child(town: Town) -> None:
    assert add_paulette(town).problems
    add_paulette(town, tie(town))
    assert "déjà" in add_paulette(town, tie(town)).problems[0]
    with unscoped("vérification"):
        assert db.session.scalar(select(func.count(Contact.id))) == 1


def test_a_person_called_in_an_emergency_has_a_telephone(town: Town) -> None:
    no_phone = {"first_name": "Paulette", "last_name": "Tamarchière"}
    assert "téléphone" in add_paulette(town, tie(town), values=no_phone).problems[0]
    assert add_paulette(town, tie(town, called=False), values=no_phone).person is not None


def test_a_child_of_another_household_gets_no_contact(town: Town) -> None:
    assert add_paulette(town, tie(town, "tom")).problems
    with unscoped("vérification"):
        assert db.session.scalar(select(func.count(Contact.id))) == 0


def test_contacts_closed_by_the_freeze_refuse_a_second_person(town: Town) -> None:
    add(town, FreezeDate(section="contacts", day=1, month=8))
    assert add_paulette(town, tie(town)).person is not None  # the first declaration ever
    second = add_paulette(town, tie(town), values={**PAULETTE, "first_name": "Gisèle"})
    assert "Prévenez la structure" in second.problems[0]
    assert second.person is None


def test_a_contact_who_is_a_guardian_elsewhere_keeps_their_own_file(town: Town) -> None:
    add(
        town,
        Membership(
            family_id=town.families["A"], person_id=town.people["denis"], member_kind=MemberKind.CONTACT
        ),
    )
    with town.acting("claire"):
        place = family_file.member(town.families["A"], town.people["denis"])
        own = family_file.member(town.families["A"], town.people["claire"])
        assert place is not None
        assert own is not None
        assert family_file.keeps_own_file(place)
        assert not family_file.keeps_own_file(own)
        assert db.session.scalars(select(Family.id)).all() == [town.families["A"]]
