"""Who of the service read a child's health: noted by every door, told to both homes, and to them alone."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.family import MemberKind
from app.entities.health import WordKind
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Answer,
    Condition,
    HealthReading,
    HealthRecord,
    HealthWord,
    Membership,
    Question,
    Vaccination,
    Vaccine,
)
from app.rules.words import NBSP
from app.screens.builder import related
from app.services import clock
from tests.people import Town

TUESDAY = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def health(town: Town, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A record, a word and a vaccination of Zoé, who lives in two homes; a record of Lila."""
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)
    word = HealthWord(code="a", name="Arachide", word_kind=WordKind.ALLERGY)
    vaccine = Vaccine(code="dtp", name="DTP")
    rows = {
        "fiches-sante": HealthRecord(child_id=town.people["zoe"], doctor_name="Dr Gravouille"),
        "maladies-et-allergies": Condition(child_id=town.people["zoe"], word=word),
        "vaccinations": Vaccination(child_id=town.people["zoe"], vaccine=vaccine, given_on=date(2022, 5, 12)),
        "lila": HealthRecord(child_id=town.people["lila"]),
    }
    with unscoped("ce que le test raconte"):
        db.session.add_all(rows.values())
        db.session.commit()
        return {name: row.id for name, row in rows.items()}


def read() -> list[tuple[int, str]]:
    with unscoped("vérification"):
        found = db.session.scalars(select(HealthReading).order_by(HealthReading.child_id))
        return [(one.child_id, one.reader) for one in found]


def told(town: Town, who: str) -> str:
    return town.client(who).get("/historique/").text.partition("<main")[2].replace(NBSP, " ")


@pytest.mark.parametrize("door", ["fiches-sante", "maladies-et-allergies", "vaccinations"])
def test_a_row_about_health_that_is_opened_is_noted_once_a_day(
    town: Town, health: dict[str, int], door: str
) -> None:
    browser = town.client("desk")
    for _ in range(2):
        assert browser.get(f"/service/{door}/{health[door]}").status_code == 200
    assert read() == [(town.people["zoe"], "Secrétariat Service")]


def test_a_list_an_export_and_the_tab_of_a_person_are_readings_too(town: Town) -> None:
    both = sorted((town.people[name], "Secrétariat Service") for name in ("zoe", "lila"))
    browser = town.client("desk")
    assert browser.get("/service/fiches-sante/").status_code == 200
    assert read() == both
    forget()
    for method in ("csv", "xlsx"):
        answer = browser.get(f"/service/fiches-sante/export.{method}")
        assert answer.status_code == 200
        assert answer.data
        assert read() == both
        forget()
    tab = f"/service/personnes/{town.people['zoe']}?onglet=fiches-sante.child"
    assert "Dr Gravouille" in browser.get(tab).text
    assert read() == [(town.people["zoe"], "Secrétariat Service")]


def forget() -> None:
    with unscoped("le test recommence"):
        for one in db.session.scalars(select(HealthReading)):
            db.session.delete(one)
        db.session.commit()


def test_the_page_of_the_person_without_its_health_is_no_reading(town: Town) -> None:
    assert town.client("desk").get(f"/service/personnes/{town.people['zoe']}").status_code == 200
    assert read() == []


def test_what_parents_read_of_their_own_child_is_not_noted(town: Town) -> None:
    assert town.client("claire").get(f"/ma-famille/enfant/{town.people['zoe']}/sante").status_code == 200
    assert read() == []


def test_a_refused_door_notes_nothing(town: Town, health: dict[str, int]) -> None:
    assert town.client("claire").get(f"/service/fiches-sante/{health['lila']}").status_code == 404
    assert read() == []


def test_both_homes_of_the_child_are_told_and_nobody_else(town: Town, health: dict[str, int]) -> None:
    town.client("desk").get(f"/service/fiches-sante/{health['fiches-sante']}")
    sentence = "Secrétariat Service, du service, a consulté la santé de Zoé."
    assert sentence in told(town, "claire")
    assert sentence in told(town, "denis")
    town.client("desk").get(f"/service/fiches-sante/{health['lila']}")
    assert "santé de Zoé et Lila" in told(town, "claire")
    assert "Lila" not in told(town, "denis")


def test_a_reading_is_noted_even_when_the_page_fails_afterwards(
    town: Town, health: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(related, "in_sight", fails)
    town.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert town.client("desk").get(f"/service/fiches-sante/{health['lila']}").status_code == 500
    assert read() == [(town.people["lila"], "Secrétariat Service")]


def test_an_answer_about_health_is_a_reading_by_every_door(town: Town) -> None:
    with unscoped("une question de santé"):
        question = Question(
            code="lunettes", label="Lunettes", question_kind=QuestionKind.TEXT, section=QuestionSection.HEALTH
        )
        db.session.add(question)
        db.session.flush()
        answer = Answer(question_id=question.id, person_id=town.people["lila"], value={"value": "En classe"})
        db.session.add(answer)
        db.session.commit()
        number = answer.id
    doors = (
        f"/service/reponses/{number}",
        "/service/reponses/",
        "/service/personnes/?colonnes=question-lunettes",
    )
    for door in doors:
        assert town.client("desk").get(door).status_code == 200
        assert read() == [(town.people["lila"], "Secrétariat Service")], door
        forget()


def test_who_may_collect_a_child_opens_nothing_of_their_own_record(
    town: Town, health: dict[str, int]
) -> None:
    """Tom is of household B; household A names him as somebody who may come: his health is not theirs."""
    with unscoped("un cousin qui peut venir"):
        db.session.add(
            Membership(
                family_id=town.families["A"], person_id=town.people["tom"], member_kind=MemberKind.CONTACT
            )
        )
        record = HealthRecord(child_id=town.people["tom"], doctor_name="Dr Frolimont")
        db.session.add(record)
        db.session.commit()
        number = record.id
    claire = town.client("claire")
    assert claire.get(f"/espace/personnes/{town.people['tom']}").status_code == 200
    assert claire.get(f"/espace/fiches-sante/{number}").status_code == 404
    assert "Frolimont" not in claire.get("/espace/fiches-sante/").text
    assert claire.get(f"/espace/fiches-sante/{health['lila']}").status_code == 200
    assert claire.get(f"/ma-famille/enfant/{town.people['tom']}/sante").status_code == 404
    assert "Frolimont" in town.client("denis").get(f"/espace/fiches-sante/{number}").text
