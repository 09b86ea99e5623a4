"""What was answered goes on meaning what it meant, whatever is done to the question afterwards."""

import re
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef
from app.entities.paperwork import Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import Answer, Question, SchoolYear
from app.services import clock
from tests.people import Town
from tests.screens.test_builder import names
from tests.screens.test_lists_columns import page_of
from tests.screens.test_questions import PEOPLE, ask, say, words
from tests.support.api import caller
from tests.support.forms import form_of

NOVEMBER = datetime(2026, 11, 23, 21, 6, tzinfo=clock.PARIS)


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOVEMBER)


def school_page(town: Town, child: str = "lila") -> str:
    return f"/ma-famille/enfant/{town.people[child]}/scolarite"


def given(question: int) -> Any:
    with unscoped("la réponse"):
        row = db.session.scalars(select(Answer).where(Answer.question_id == question)).one_or_none()
        return None if row is None else row.given


def sent_with(town: Town, **answers: Any) -> dict[str, Any]:
    """The school page as it stands, with these answers."""
    return {**form_of(town.client("claire").get(school_page(town)).text), "level": "ce1", **answers}


# --- One word among some -------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "word"), [(QuestionKind.YES_NO, "oui"), (QuestionKind.CHOICE, "Rouge")])
def test_words_that_exclude_one_another_are_touched_one_at_a_time(
    town: Town, kind: QuestionKind, word: str
) -> None:
    question = ask("un", kind, choices=["Rouge", "Vert"])
    several = ask("plusieurs", QuestionKind.SEVERAL, choices=["Rouge", "Vert"])
    page = town.client("claire").get(school_page(town)).text
    assert set(re.findall(rf'type="(\w+)" name="q{question}"', page)) == {"radio"}
    assert set(re.findall(rf'type="(\w+)" name="q{several}"', page)) == {"checkbox"}
    assert "Sans réponse" not in page
    claire = town.client("claire")
    assert claire.post(school_page(town), data=sent_with(town, **{f"q{question}": word})).status_code == 302
    page = claire.get(school_page(town)).text
    assert re.search(rf'type="radio" name="q{question}" value="{word}"[^>]* checked', page)
    assert "Sans réponse" in page
    assert claire.post(school_page(town), data=sent_with(town, **{f"q{question}": ""})).status_code == 302
    assert given(question) is None


def test_two_words_sent_where_one_is_asked_are_refused_and_what_was_said_holds(town: Town) -> None:
    question = ask("seul", QuestionKind.YES_NO)
    say(town, question, "lila", True)
    sent = sent_with(town, **{f"q{question}": ["oui", "non"]})
    refused = town.client("claire").post(school_page(town), data=sent)
    assert refused.status_code == 422
    assert "Choisissez une seule réponse." in refused.text
    assert given(question) is True


def test_spaces_are_no_answer_to_what_must_be_answered(town: Town) -> None:
    question = ask("doudou", QuestionKind.TEXT, is_required=True)
    refused = town.client("claire").post(school_page(town), data=sent_with(town, **{f"q{question}": "   "}))
    assert refused.status_code == 422
    assert "Répondez à cette question." in refused.text
    assert given(question) is None


# --- A question that changes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("question_kind", "date"), ("is_yearly", ""), ("section", "authorisations")],
)
def test_a_question_that_was_answered_keeps_its_kind_its_year_and_whose_answer_it_is(
    town: Town, name: str, value: str
) -> None:
    question = ask("sommeil", QuestionKind.TEXT)
    configurator, address = town.client("configurator"), f"/service/questions/{question}/modifier"
    before = form_of(configurator.get(address).text)
    assert configurator.post(address, data={**before, "help_text": "Un mot suffit"}).status_code == 302
    say(town, question, "lila", "Dort peu")
    sent = {**form_of(configurator.get(address).text), name: value}
    if not value:
        del sent[name]
    refused = configurator.post(address, data=sent)
    assert refused.status_code == 422
    assert "Des réponses sont déjà données" in refused.text
    with unscoped("une question sans réponse"):
        db.session.query(Answer).delete()
        db.session.commit()
    sent["revision"] = form_of(configurator.get(address).text).get("revision", "")
    assert configurator.post(address, data=sent).status_code == 302


def test_a_question_is_put_about_a_child(town: Town) -> None:
    question = ask("revenus", QuestionKind.TEXT)
    configurator, address = town.client("configurator"), f"/service/questions/{question}/modifier"
    for subject in (Subject.FAMILY, Subject.GUARDIAN):
        sent = {**form_of(configurator.get(address).text), "subject": subject.value}
        refused = configurator.post(address, data=sent)
        assert refused.status_code == 422
        assert "Une question porte sur un enfant" in refused.text
    del sent["is_asked"]
    assert configurator.post(address, data=sent).status_code == 302  # retired, it may stay as it is


def test_a_word_that_is_proposed_no_more_stays_the_answer_of_those_who_chose_it(town: Town) -> None:
    question = ask("bus", QuestionKind.CHOICE, choices=["Ligne 1", "Ligne 2"])
    say(town, question, "lila", "Ligne 1")
    with unscoped("une ligne supprimée"):
        db.session.query(Question).filter_by(id=question).one().choices = ["Ligne 2"]
        db.session.commit()
    desk = town.client("desk")
    assert "Ligne 1" in page_of(desk.get(f"{PEOPLE}{town.people['lila']}"))
    assert "Ligne 1" in page_of(desk.get(f"{PEOPLE}?colonnes=question-bus"))
    assert "Ligne 1" in desk.get(f"{PEOPLE}export.csv").data.decode("utf-8-sig")
    row = caller(town, "desk").get(f"/personnes/{town.people['lila']}").get_json()
    assert row["question-bus"] == "Ligne 1"


# --- Years ---------------------------------------------------------------------------------------


def test_the_answer_of_the_latest_year_holds_and_an_emptied_one_comes_last(town: Town) -> None:
    photo = ask("photo", QuestionKind.YES_NO, section=QuestionSection.AUTHORISATIONS)
    say(town, photo, "zoe", None, family="A")
    say(town, photo, "zoe", True, family="B")
    desk = town.client("desk")
    assert names(desk.get(f"{PEOPLE}?question-photo=oui")) == ["Martin-Durand"]
    record = page_of(desk.get(f"{PEOPLE}{town.people['zoe']}")).replace("\u00a0", " ")
    assert re.search(r"Oui.{0,80}sans réponse", record, re.DOTALL)


def test_a_yearly_answer_is_never_kept_under_another_year(town: Town) -> None:
    yearly = ask("cantine", QuestionKind.TEXT, section=QuestionSection.AUTHORISATIONS)
    for_good = ask("groupe", QuestionKind.TEXT, section=QuestionSection.AUTHORISATIONS, is_yearly=False)
    with unscoped("une année que personne n’a ouverte"):
        db.session.query(SchoolYear).update({SchoolYear.code: "2031-2032"})
        db.session.commit()
    claire, address = town.client("claire"), f"/ma-famille/enfant/{town.people['lila']}/autorisations"
    sent = {**form_of(claire.get(address).text), f"q{yearly}": "Oui", f"q{for_good}": "A+"}
    refused = claire.post(address, data=sent)
    assert refused.status_code == 422
    assert "pas encore ouverte" in refused.text
    assert 'value="Oui"' in refused.text  # nothing typed is lost
    assert words() == []
    desk, answers = town.client("desk"), f"/service/reponses-de/{town.people['lila']}"
    sent = {**form_of(desk.get(answers).text), f"q{yearly}": "Oui"}
    assert desk.post(answers, data=sent).status_code == 422
    assert words() == []
    ask("gouter", QuestionKind.SEVERAL, choices=["Fruit"])  # yearly too, and left without an answer
    sent = {**form_of(desk.get(answers).text), f"q{for_good}": "A+"}
    assert desk.post(answers, data=sent).status_code == 302
    assert words() == ["A+"]


# --- The service puts one right ------------------------------------------------------------------


def test_putting_one_answer_right_renews_no_other(town: Town) -> None:
    one, other = ask("un", QuestionKind.TEXT), ask("autre", QuestionKind.TEXT)
    long_ago = datetime(2025, 9, 1, tzinfo=clock.PARIS)
    with unscoped("l’an dernier, puis en septembre"):
        last = SchoolYear(
            code="2025-2026",
            starts_on=date(2025, 9, 1),
            ends_on=date(2026, 8, 31),
        )
        db.session.add(last)
        db.session.flush()
        lila = town.people["lila"]
        db.session.add_all(
            [
                Answer(
                    question_id=one,
                    person_id=lila,
                    school_year_id=last.id,
                    value={"value": "Vieux"},
                    answered_at=long_ago,
                ),
                Answer(
                    question_id=other,
                    person_id=lila,
                    school_year_id=town.school_year,
                    value={"value": "Tient"},
                    answered_at=long_ago,
                ),
            ]
        )
        db.session.commit()
    third = ask("troisieme", QuestionKind.TEXT)
    with unscoped("toutes obligatoires"):  # what nobody has answered yet does not hold a correction back
        db.session.query(Question).update({Question.is_required: True})
        db.session.commit()
    desk, address = town.client("desk"), f"/service/reponses-de/{lila}"
    page = desk.get(address)
    assert "Vieux" in page.text  # said as last year's, not typed in its field
    sent = form_of(page.text)
    assert (sent[f"q{one}"], sent[f"q{other}"]) == ("", "Tient")
    assert desk.post(address, data={**sent, f"q{third}": "Neuf"}).status_code == 302
    with unscoped("les réponses"):
        rows = {(row.given, row.answered_at) for row in db.session.scalars(select(Answer))}
    assert rows == {("Vieux", long_ago), ("Tient", long_ago), ("Neuf", NOVEMBER)}
    emptied = desk.post(address, data={**form_of(desk.get(address).text), f"q{third}": " "})
    assert emptied.status_code == 422


def test_a_page_that_came_too_late_shows_what_the_other_wrote(town: Town) -> None:
    question = ask("sommeil", QuestionKind.TEXT)
    desk, address = town.client("desk"), f"/service/reponses-de/{town.people['lila']}"
    sent = form_of(desk.get(address).text)
    assert desk.post(address, data={**sent, f"q{question}": "De la première"}).status_code == 302
    late = desk.post(address, data={**sent, f"q{question}": "De la seconde"})
    assert late.status_code == 409
    assert 'value="De la première"' in late.text and "De la seconde" not in late.text
    assert given(question) == "De la première"


def test_answers_are_offered_on_a_child_s_record_alone(town: Town) -> None:
    ask("sommeil", QuestionKind.TEXT)
    desk = town.client("desk")
    for name, is_child in (("lila", True), ("claire", False)):
        page = desk.get(f"{PEOPLE}{town.people[name]}").text
        assert (f"/service/reponses-de/{town.people[name]}" in page) is is_child, name


# --- Files and programs --------------------------------------------------------------------------


def test_a_file_handed_in_as_an_answer_is_described_to_programs(town: Town) -> None:
    question = ask("pai", QuestionKind.FILE)
    with unscoped("un fichier"):
        db.session.add(
            Answer(
                question_id=question,
                person_id=town.people["lila"],
                school_year_id=town.school_year,
                value={"value": "pai.pdf"},
                file=FileRef("a" * 32, "pai.pdf", "application/pdf", 3, "0" * 64),
            )
        )
        db.session.commit()
    call = caller(town, "desk")
    described = call.get("/openapi.json")
    assert described.status_code == 200
    assert "/personnes/{id}/fichier/question-pai" in " ".join(described.get_json()["paths"])
    row = call.get(f"/personnes/{town.people['lila']}").get_json()
    assert row["question-pai"]["nom"] == "pai.pdf"
    assert "pai.pdf" in page_of(town.client("desk").get(f"{PEOPLE}{town.people['lila']}"))


def test_a_filter_of_programs_takes_as_many_signs_as_it_says(town: Town) -> None:
    ask("sommeil", QuestionKind.TEXT)
    call = caller(town, "desk")
    parameters = call.get("/openapi.json").get_json()["paths"]
    listed = next(one for path, one in parameters.items() if path.endswith("/personnes"))["get"]["parameters"]
    most = next(one["schema"]["maxLength"] for one in listed if one.get("name") == "question-sommeil")
    assert call.get(f"/personnes?question-sommeil={'a' * most}").status_code == 200
    assert call.get(f"/personnes?question-sommeil={'a' * (most + 1)}").status_code == 400


@pytest.mark.parametrize("text", ["1234567890", "1234567890,1234", "-28,5"])
def test_a_number_that_a_field_takes_is_one_that_lists_filter(town: Town, text: str) -> None:
    question = ask("numero", QuestionKind.NUMBER)
    answered = town.client("claire").post(school_page(town), data=sent_with(town, **{f"q{question}": text}))
    assert answered.status_code == 302
    found = town.client("desk").get(f"{PEOPLE}?question-numero-min={text}&question-numero-max={text}")
    assert names(found) == ["Martin"]
