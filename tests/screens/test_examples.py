"""Worked examples by form: each answers as it is written, green or red, and says why."""

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.paperwork import Subject
from app.models import DocumentType, Example, Rule
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, LATE_FIELDS, sent
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")


def test_an_example_is_written_by_form_and_answers(open_town: Town) -> None:
    client = open_town.client("configurator")
    assert "Juste" in words(sent(client, f"{EXAMPLES}/essayer", **LATE_FIELDS))
    assert "Faux" in words(sent(client, f"{EXAMPLES}/essayer", **{**LATE_FIELDS, "at": "06/12/2026 09:00"}))
    assert "La réponse viendra" in words(sent(client, f"{EXAMPLES}/essayer", says="Rien"))
    assert "L’exemple est enregistré" in words(sent(client, f"{EXAMPLES}/nouveau", **LATE_FIELDS))
    with unscoped("test"):
        (row,) = db.session.scalars(select(Example))
    assert row.body == {
        "says": LATE_FIELDS["says"],
        "at": "2026-12-07 09:00",
        "books": {"mercredi.repas": "2026-12-09"},
        "expect": {"refused_by": ["delai"]},
    }
    page = client.get(f"{EXAMPLES}/{row.id}").get_data(as_text=True)
    assert 'value="09/12/2026"' in page and 'value="07/12/2026 09:00"' in page and "Juste" in page
    assert "1 juste" in words(client.get(f"{EXAMPLES}/"))


def test_an_example_that_can_t_be_read_is_told_at_its_field(open_town: Town) -> None:
    client = open_town.client("configurator")
    answer = client.post(f"{EXAMPLES}/nouveau", data={**LATE_FIELDS, "at": "lundi", "age": "huit"})
    assert answer.status_code == 422
    assert "n’est pas un moment" in words(answer) and "n’est pas un âge" in words(answer)
    assert 'value="lundi"' in answer.get_data(as_text=True)
    answer = client.post(f"{EXAMPLES}/nouveau", data={"says": "Rien", "at": "07/12/2026 09:00"})
    assert "dites ce qui est demandé" in words(answer) and "dites ce qui est attendu" in words(answer)


def test_an_example_may_say_that_there_is_nothing(open_town: Town) -> None:
    client = open_town.client("configurator")
    sent(
        client,
        f"{EXAMPLES}/nouveau",
        **{**LATE_FIELDS, "at": "01/12/2026 09:00", "e-refused_by": ["none"], "papers": ["none"]},
    )
    with unscoped("test"):
        (row,) = db.session.scalars(select(Example))
    assert (row.body["papers"], row.body["expect"]) == ([], {"refused_by": []})


def test_an_example_is_deleted(open_town: Town) -> None:
    client = open_town.client("configurator")
    sent(client, f"{EXAMPLES}/nouveau", **LATE_FIELDS)
    with unscoped("test"):
        (number,) = db.session.scalars(select(Example.id))
    assert "supprimé" in words(sent(client, f"{EXAMPLES}/{number}/supprimer"))
    assert client.get(f"{EXAMPLES}/{number}").status_code == 404


def test_what_is_being_written_is_answered_by_every_rule_whatever_is_expected(open_town: Town) -> None:
    client = open_town.client("configurator")
    asked = {key: told for key, told in LATE_FIELDS.items() if key not in ("says", "e-refused_by")}
    page = words(sent(client, f"{EXAMPLES}/essayer", **asked))
    assert "Dites ce qui est attendu" in page and "Juste ou faux" in page
    assert "Limite : dimanche 6 décembre 2026 à 24 h" in page
    assert "Refusé" in page and "Répond 1 règle" in page and "Ne s’y oppose pas" in page

    page = words(sent(client, f"{EXAMPLES}/essayer", **{**asked, "at": "06/12/2026 09:00"}))
    assert "Aucune règle ne s’y oppose" in page


def test_a_rule_that_looks_at_what_the_example_does_not_tell_says_so(open_town: Town) -> None:
    with unscoped("test"):
        db.session.add(
            Rule(
                code="six_ans",
                rule_kind="age",
                parameters={"minimum": 6},
                activity_id=open_town.activities["mercredi"],
            )
        )
        db.session.commit()
    client = open_town.client("configurator")
    page = words(sent(client, f"{EXAMPLES}/essayer", **LATE_FIELDS))
    assert "Il faudrait en savoir plus sur l’enfant 1 règle" in page
    page = words(sent(client, f"{EXAMPLES}/essayer", **LATE_FIELDS, age="5 ans"))
    assert "Il faudrait en savoir plus" not in page
    assert "Répond 2 règles" in page


def test_registering_without_its_papers_is_said_refused(open_town: Town) -> None:
    with unscoped("test"):
        db.session.add(
            DocumentType(code="assurance", name="Assurance", phrase="l’assurance", subject=Subject.CHILD)
        )
        db.session.commit()
    client = open_town.client("configurator")
    asked = {"at": "01/12/2026 09:00", "registers": "mercredi", "papers": ["none"]}
    page = words(sent(client, f"{EXAMPLES}/essayer", **asked))
    assert "Il manque : l’assurance." in page and "Aucune règle ne s’y oppose" not in page
