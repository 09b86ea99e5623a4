"""A child's yearly declarations: school, questions, who may collect; open until the freeze."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.family import MemberKind
from app.entities.health import Level
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Answer,
    Contact,
    FreezeDate,
    Membership,
    Person,
    Question,
    School,
    Schooling,
    SchoolYear,
)
from app.services import clock
from tests.people import Town
from tests.support.sql import count_statements

PARIS = ZoneInfo("Europe/Paris")


def at(monkeypatch: pytest.MonkeyPatch, *when: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*when, tzinfo=PARIS))  # type: ignore[arg-type, misc]


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 2026, 11, 23, 21, 6)


def add(*rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def question(kind: QuestionKind = QuestionKind.YES_NO, **values: object) -> int:
    values = {"section": QuestionSection.AUTHORISATIONS, "code": "q", "label": "Photos", **values}
    add(Question(question_kind=kind, **values))
    with unscoped("la question"):
        return db.session.scalars(select(Question.id).order_by(Question.id.desc())).first() or 0


def answers() -> list[Answer]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(Answer)))


def address(town: Town, part: str, child: str = "lila") -> str:
    return f"/ma-famille/enfant/{town.people[child]}{part}"


def test_the_child_s_page_leads_to_its_parts_in_at_most_twelve_statements(town: Town) -> None:
    browser = town.client("claire")
    browser.get("/ma-famille")
    with count_statements() as seen:
        page = browser.get(address(town, "")).text
    assert len(seen) <= 12
    for part in ("/sante", "/scolarite", "/contacts"):
        assert address(town, part) in page


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (QuestionKind.YES_NO, "oui", True),
        (QuestionKind.YES_NO, "non", False),
        (QuestionKind.CHOICE, "Un peu", "Un peu"),
        (QuestionKind.SEVERAL, "Un peu", ["Un peu"]),
        (QuestionKind.TEXT, "Rien à dire", "Rien à dire"),
        (QuestionKind.NUMBER, "1,5", "1.5"),
        (QuestionKind.DATE, "12/05/2026", "2026-05-12"),
    ],
)
def test_each_kind_of_answer_is_kept_for_the_year_and_shown_again(
    town: Town, kind: QuestionKind, typed: str, kept: object
) -> None:
    number = question(kind, choices=["Oui", "Un peu"])
    browser = town.client("claire")
    assert browser.post(address(town, "/autorisations"), data={f"q{number}": typed}).status_code == 302
    (answer,) = answers()
    assert answer.value == {"value": kept}
    assert (answer.family_id, answer.school_year_id) == (town.families["A"], town.school_year)
    assert browser.get(address(town, "/autorisations")).status_code == 200


def test_a_required_question_and_a_made_up_answer_are_refused(town: Town) -> None:
    number = question(is_required=True)
    browser = town.client("claire")
    assert browser.post(address(town, "/autorisations"), data={}).status_code == 422
    assert browser.post(address(town, "/autorisations"), data={f"q{number}": "peut-être"}).status_code == 422
    assert answers() == []


def test_answering_again_changes_the_same_row(town: Town) -> None:
    number = question()
    browser = town.client("claire")
    for word in ("oui", "non"):
        browser.post(address(town, "/autorisations"), data={f"q{number}": word})
    assert [one.value for one in answers()] == [{"value": False}]


def test_each_home_of_a_child_answers_for_itself(town: Town) -> None:
    number = question()
    town.client("claire").post(address(town, "/autorisations", "zoe"), data={f"q{number}": "oui"})
    page = town.client("denis").get(address(town, "/autorisations", "zoe")).text
    assert "checked" not in page


def test_the_school_is_kept_for_the_declared_year(town: Town) -> None:
    add(School(code="tilleuls", name="école des Tilleuls"))
    with unscoped("l’école"):
        school_id = db.session.scalars(select(School.id)).one()
    browser = town.client("claire")
    data = {"school": str(school_id), "level": "ce2", "teacher": "Mme Gravouille"}
    assert browser.post(address(town, "/scolarite"), data=data).status_code == 302
    with unscoped("vérification"):
        row = db.session.scalars(select(Schooling)).one()
        assert (row.level, row.school_year_id) == (Level.CE2, town.school_year)
    assert "CE2, école des Tilleuls" in browser.get("/ma-famille").text


def test_in_june_the_coming_year_is_declared_starting_from_the_next_class(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(
        Schooling(child_id=town.people["lila"], school_year_id=town.school_year, level=Level.CE2),
        SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 5)),
    )
    at(monkeypatch, 2027, 6, 10)
    browser = town.client("claire")
    page = browser.get(address(town, "/scolarite")).text
    assert "2027-2028" in page
    assert '<option selected value="cm1">' in page
    browser.post(address(town, "/scolarite"), data={"level": "cm1"})
    with unscoped("vérification"):
        levels = db.session.scalars(select(Schooling.level).order_by(Schooling.school_year_id)).all()
        assert levels == [Level.CE2, Level.CM1]


# --- The freeze ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "is_open"), [((2026, 7, 31, 23, 59, 59), True), ((2026, 8, 1, 0, 0, 0), False)]
)
def test_answers_close_with_july_and_a_replayed_sending_changes_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch, when: tuple[int, ...], is_open: bool
) -> None:
    number = question()
    add(FreezeDate(section="authorisations", day=1, month=8))
    at(monkeypatch, 2026, 7, 1)
    town.client("claire").post(address(town, "/autorisations"), data={f"q{number}": "oui"})
    at(monkeypatch, *when)
    browser = town.client("claire")  # a month later one logs in again
    page = browser.get(address(town, "/autorisations")).text
    assert ("Enregistrer mes réponses" in page) is is_open
    assert ("Prévenez la structure" in page) is not is_open
    browser.post(address(town, "/autorisations"), data={f"q{number}": "non"})
    assert answers()[0].value == {"value": not is_open}


def test_contacts_are_read_only_after_the_freeze(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    paulette = Person(first_name="Paulette", last_name="Tamarchière")
    place = Membership(family_id=town.families["A"], person=paulette, member_kind=MemberKind.CONTACT)
    add(paulette, place, FreezeDate(section="contacts", day=1, month=8))
    with unscoped("la personne"):
        number = db.session.scalars(select(Person.id).where(Person.first_name == "Paulette")).one()
    ticked = {f"lien_{number}": "grand-mère", f"venir_{number}": "y"}
    browser = town.client("claire")
    at(monkeypatch, 2026, 7, 31, 23, 59, 59)
    browser.post(address(town, "/contacts"), data=ticked)
    at(monkeypatch, 2026, 8, 1)
    assert "Prévenez la structure" in browser.get(address(town, "/contacts")).text
    browser.post(address(town, "/contacts"), data={})
    with unscoped("vérification"):
        assert db.session.scalars(select(Contact)).one().kinship == "grand-mère"


def test_unticking_everything_takes_the_person_off_the_child(town: Town) -> None:
    paulette = Person(first_name="Paulette", last_name="Tamarchière")
    place = Membership(family_id=town.families["A"], person=paulette, member_kind=MemberKind.CONTACT)
    add(paulette, place)
    with unscoped("la personne"):
        number = db.session.scalars(select(Person.id).where(Person.first_name == "Paulette")).one()
    browser = town.client("claire")
    browser.post(address(town, "/contacts"), data={f"lien_{number}": "amie", f"urgence_{number}": "y"})
    assert "à prévenir seulement" in browser.get("/ma-famille").text
    browser.post(address(town, "/contacts"), data={f"lien_{number}": "amie"})
    with unscoped("vérification"):
        assert db.session.scalars(select(Contact)).all() == []
