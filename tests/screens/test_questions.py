"""A question that a configurator adds is an attribute everywhere: lists, files, programs, rights, history."""

import csv
import io
import re
from datetime import date, datetime
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from app.access import asking
from app.access.database import db
from app.access.viewer import unscoped
from app.entities.question import Answering, QuestionKind, QuestionSection
from app.entities.rulebook import Audience, Level
from app.models import Answer, FieldRight, FreezeDate, HistoryEntry, Membership, Person, Question
from app.services import clock
from tests.people import Town
from tests.screens.test_builder import names
from tests.screens.test_lists_columns import page_of
from tests.support.api import caller
from tests.support.forms import form_of
from tests.support.sql import count_statements

PEOPLE = "/service/personnes/"


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 23, 21, 6, tzinfo=clock.PARIS)
    monkeypatch.setattr(clock, "now", lambda: moment)


def ask(code: str, kind: QuestionKind, **values: Any) -> int:
    given = {"label": code.capitalize(), "section": QuestionSection.SCHOOLING, **values}
    with unscoped("une question des tests"):
        row = Question(code=code, question_kind=kind, **given)
        db.session.add(row)
        db.session.commit()
        return row.id


def say(
    town: Town, question: int, person: str, value: Any, family: str | None = None, year: bool = True
) -> None:
    with unscoped("une réponse des tests"):
        db.session.add(
            Answer(
                question_id=question,
                family_id=town.families[family] if family else None,
                person_id=town.people[person],
                school_year_id=town.school_year if year else None,
                value={"value": value},
            )
        )
        db.session.commit()


@pytest.fixture
def asked(town: Town) -> Town:
    """One question of each kind, answered for Lila; the diet for Tom too."""
    return six_questions(town)


def six_questions(town: Town) -> Town:
    """Write them, and the answers."""
    values: dict[str, tuple[QuestionKind, Any]] = {
        "seul": (QuestionKind.YES_NO, True),
        "doudou": (QuestionKind.CHOICE, "Une tétine"),
        "regime": (QuestionKind.SEVERAL, ["Sans porc", "Sans œuf"]),
        "sommeil": (QuestionKind.TEXT, "S’endort à treize heures"),
        "pointure": (QuestionKind.NUMBER, "28.5"),
        "vaccin": (QuestionKind.DATE, "2026-03-17"),
    }
    for code, (kind, value) in values.items():
        choices = ["Un doudou", "Une tétine"] if kind is QuestionKind.CHOICE else ["Sans porc", "Sans œuf"]
        say(town, ask(code, kind, choices=choices), "lila", value)
    with unscoped("la question du régime"):
        diet = db.session.scalars(select(Question.id).where(Question.code == "regime")).one()
    say(town, diet, "tom", ["Sans poisson"])
    return town


SHOWN = ("Oui", "Une tétine", "Sans porc, Sans œuf", "S’endort à treize heures", "28,5", "17/03/2026")


def test_an_answer_is_on_the_record_and_in_a_column_of_the_list(asked: Town) -> None:
    desk = asked.client("desk")
    record = page_of(desk.get(f"{PEOPLE}{asked.people['lila']}"))
    for words in (*SHOWN[:5], "mardi 17 mars 2026"):
        assert words in record.replace("\u00a0", " "), words
    codes = ("seul", "doudou", "regime", "sommeil", "pointure", "vaccin")
    chosen = ",".join(f"question-{code}" for code in codes)
    listed = page_of(desk.get(f"{PEOPLE}?colonnes={chosen}&first_name=lila"))
    for words in SHOWN:
        assert words in listed, words


FOUND_BY: list[tuple[str, list[str] | None]] = [
    ("question-seul=oui", ["Martin"]),
    ("question-seul=non", []),
    ("question-doudou=Une tétine", ["Martin"]),
    ("question-doudou=Un doudou", []),
    ("question-doudou=Une chaussure", None),
    ("question-regime=porc", ["Martin"]),
    ("question-regime=OEUF", ["Martin"]),
    ("question-regime=sans", ["Durand", "Martin"]),
    ("question-sommeil=treize", ["Martin"]),
    ("question-pointure-min=28,5&question-pointure-max=28,5", ["Martin"]),
    ("question-pointure-min=28,6", []),
    ("question-vaccin-du=2026-03-17&question-vaccin-au=2026-03-17", ["Martin"]),
    ("question-vaccin-du=2026-03-18", []),
    ("q=porc", ["Martin"]),
    ("q=lila porc", ["Martin"]),
    ("q=tom porc", []),
]


@pytest.mark.parametrize(("query", "found"), FOUND_BY)
def test_a_list_is_filtered_and_searched_by_answers(asked: Town, query: str, found: list[str] | None) -> None:
    desk = asked.client("desk")
    everybody = names(desk.get(PEOPLE))
    assert sorted(names(desk.get(f"{PEOPLE}?{query}"))) == (sorted(everybody) if found is None else found)


def test_who_has_not_answered_is_found_and_answers_put_a_list_in_order(asked: Town) -> None:
    desk = asked.client("desk")
    silent = desk.get(f"{PEOPLE}?question-regime-vide=oui&taille=85")
    assert len(names(silent)) == len(names(desk.get(f"{PEOPLE}?taille=85"))) - 2
    ordered = desk.get(f"{PEOPLE}?colonnes=question-regime&tri=-question-regime")
    assert names(ordered)[:2] == ["Martin", "Durand"]


def test_files_and_programs_get_the_answers(asked: Town) -> None:
    exported = asked.client("desk").get(f"{PEOPLE}export.csv?first_name=lila").data.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(exported), delimiter=";")
    assert (line["Regime"], line["Seul"], line["Pointure"]) == ("Sans porc, Sans œuf", "Oui", "28,5")
    assert line["Vaccin"] == "17/03/2026"
    call = caller(asked, "desk")
    row = call.get(f"/personnes/{asked.people['lila']}").get_json()
    assert row["question-seul"] is True and row["question-doudou"] == "Une tétine"
    assert (row["question-pointure"], row["question-vaccin"]) == ("28.5", "2026-03-17")
    assert call.get("/personnes?question-regime=poisson").get_json()["total"] == 1
    described = call.get("/openapi.json").get_json()["components"]["schemas"]["Person"]["properties"]
    assert described["question-doudou"]["examples"] == ["Un doudou", "Une tétine"]


def test_a_list_of_answers_costs_one_statement_more_whatever_its_rows(asked: Town) -> None:
    desk = asked.client("desk")
    desk.get(PEOPLE)
    with count_statements() as plain:
        desk.get(PEOPLE)
    with count_statements() as answered:
        desk.get(f"{PEOPLE}?colonnes=question-regime,question-seul,question-doudou")
    assert len(answered) == len(plain) + 1


def test_the_latest_year_holds_and_two_homes_that_differ_are_both_told(town: Town) -> None:
    photo = ask("photo", QuestionKind.YES_NO, section=QuestionSection.AUTHORISATIONS)
    say(town, photo, "zoe", True, family="A")
    say(town, photo, "zoe", False, family="B")
    say(town, photo, "zoe", True, family="A", year=False)
    desk = town.client("desk")
    record = page_of(desk.get(f"{PEOPLE}{town.people['zoe']}"))
    assert re.search(r"Non.{0,60}foyer \S+ ; oui, foyer", record.replace("\u00a0", " "), re.DOTALL)
    assert names(desk.get(f"{PEOPLE}?question-photo=non")) == ["Martin-Durand"]
    assert names(desk.get(f"{PEOPLE}?question-photo=oui")) == []


def test_a_parent_reads_the_answers_of_their_home_and_not_those_of_the_other(town: Town) -> None:
    photo = ask("photo", QuestionKind.TEXT, section=QuestionSection.AUTHORISATIONS)
    diet = ask("regime", QuestionKind.TEXT)
    say(town, photo, "zoe", "Dit chez Denis", family="B")
    say(town, diet, "zoe", "Sans porc")
    claire, denis = town.client("claire"), town.client("denis")
    address = f"/espace/personnes/{town.people['zoe']}"
    assert "Dit chez Denis" in page_of(denis.get(address)) and "Sans porc" in page_of(denis.get(address))
    assert "Dit chez Denis" not in page_of(claire.get(address)) and "Sans porc" in page_of(
        claire.get(address)
    )
    assert names(claire.get("/espace/personnes/?q=denis")) == []


@pytest.mark.parametrize(
    ("answering", "sees", "edits"),
    [(Answering.FAMILY, True, True), (Answering.SERVICE, True, False), (Answering.STAFF, False, False)],
)
def test_who_answers_and_who_reads_is_the_question_s(
    town: Town, answering: Answering, sees: bool, edits: bool
) -> None:
    ask("autre", QuestionKind.YES_NO, section=QuestionSection.HEALTH)
    note = ask("note", QuestionKind.TEXT, answering=answering, section=QuestionSection.HEALTH)
    say(town, note, "lila", "Dort peu")
    claire = town.client("claire")
    address = f"/ma-famille/enfant/{town.people['lila']}/sante"
    page = page_of(claire.get(address))
    assert ("Dort peu" in page, f'name="q{note}"' in page) == (sees, edits)
    claire.post(address, data={f"q{note}": "Écrit par Claire"})
    assert ("Écrit par Claire" in words()) is edits
    assert "Dort peu" in page_of(town.client("desk").get(f"{PEOPLE}{town.people['lila']}")) or edits


def words() -> list[str | None]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(Answer.words)))


def test_a_question_stands_among_the_rights_that_can_be_tightened(asked: Town) -> None:
    configurator = asked.client("configurator")
    page = page_of(configurator.get("/service/droits/personnes"))
    assert 'name="question-regime.family"' in page and "Scolarité, repas et régime" in page
    told = re.search(r'name="seen" value="([^"]*)"', page)
    assert told
    chosen: dict[str, str] = {}
    for name, options in re.findall(r'<select class="[^"]*" name="([^"]+)"[^>]*>(.*?)</select>', page):
        current = re.search(r'value="([^"]*)" selected', options)
        chosen[name] = current[1] if current else ""
    sent = {**chosen, "seen": told[1], "question-regime.family": "hidden"}
    assert configurator.post("/service/droits/personnes", data=sent).status_code == 302
    with unscoped("le droit"):
        row = db.session.query(FieldRight).one()
        assert (row.attribute_name, row.level) == ("question-regime", Level.HIDDEN)
    lila = asked.people["lila"]
    assert "Sans porc" not in page_of(asked.client("claire").get(f"/ma-famille/enfant/{lila}/scolarite"))


def test_a_right_taken_back_hides_the_answer_by_every_door(asked: Town) -> None:
    with unscoped("un droit resserré"):
        db.session.add_all(
            FieldRight(
                entity_name="Person", attribute_name="question-regime", audience=who, level=Level.HIDDEN
            )
            for who in (Audience.FAMILY, Audience.DESK)
        )
        db.session.commit()
    desk, lila = asked.client("desk"), asked.people["lila"]
    for address in (
        f"{PEOPLE}{lila}",
        f"{PEOPLE}?colonnes=question-regime",
        f"{PEOPLE}export.csv",
        f"/service/reponses-de/{lila}",
    ):
        assert "Sans porc" not in page_of(desk.get(address)), address
    assert len(names(desk.get(f"{PEOPLE}?question-regime=porc"))) == len(names(desk.get(PEOPLE)))
    assert names(desk.get(f"{PEOPLE}?q=porc")) == []
    assert "Sans porc" not in page_of(asked.client("claire").get(f"/ma-famille/enfant/{lila}/scolarite"))


@pytest.mark.parametrize(
    ("born_on", "is_asked"),
    [
        (date(2020, 11, 23), True),
        (date(2020, 11, 24), False),
        (date(2014, 11, 24), True),
        (date(2014, 11, 23), False),
    ],
)
def test_a_question_for_ages_is_put_from_one_birthday_to_the_eve_of_another(
    town: Town, born_on: date, is_asked: bool
) -> None:
    """On 23 November 2026, from 6 to 11 years old."""
    swims = ask("nage", QuestionKind.YES_NO, from_age=6, to_age=11)
    with unscoped("un anniversaire"):
        db.session.query(Person).filter_by(id=town.people["lila"]).one().born_on = born_on
        db.session.commit()
    page = page_of(town.client("claire").get(f"/ma-famille/enfant/{town.people['lila']}/scolarite"))
    assert (f'name="q{swims}"' in page) is is_asked


def test_the_service_puts_an_answer_right_after_the_freeze_and_the_history_tells_it(
    asked: Town,
) -> None:
    with unscoped("un gel"):
        db.session.add(FreezeDate(section="schooling", day=1, month=8))
        diet = db.session.scalars(select(Question.id).where(Question.code == "regime")).one()
        db.session.commit()
    lila = asked.people["lila"]
    desk, address = asked.client("desk"), f"/service/reponses-de/{lila}"
    desk.get(address)
    with count_statements() as seen:
        page = page_of(desk.get(address))
    assert len(seen) <= 12
    assert f'href="{address}"' in page_of(desk.get(f"{PEOPLE}{lila}"))
    told = re.search(r'name="seen" value="([^"]*)"', page)
    assert told
    sent = {"seen": told[1], f"q{diet}": ["Sans œuf"]}
    assert desk.post(address, data=sent).status_code == 302
    assert "Sans œuf" in words() and "Sans porc, Sans œuf" not in words()
    assert desk.post(address, data=sent).status_code == 409  # the other tab
    history = page_of(desk.get(f"{PEOPLE}{lila}?onglet=historique"))
    assert "Regime" in history and "Sans porc, Sans œuf" in history
    with unscoped("l’historique"):
        entries = db.session.query(HistoryEntry).filter_by(entity="Answer", action="edit")
        told_of = [one.after for one in entries if one.after and one.after.get("words") == "Sans œuf"]
        assert [after["question"] for after in told_of] == [diet]


def test_nobody_else_opens_the_answers_of_a_child(asked: Town) -> None:
    address = f"/service/reponses-de/{asked.people['tom']}"
    for name, status in (("claire", 404), ("accountant", 403), ("desk", 200)):
        assert asked.client(name).get(address).status_code == status, name
    assert asked.client("desk").get(f"{address}?foyer={asked.families['A']}").status_code == 404
    with unscoped("un adulte"):
        adult = db.session.scalars(
            select(Membership.person_id).where(Membership.member_kind == "guardian")
        ).first()
    assert asked.client("desk").get(f"/service/reponses-de/{adult}").status_code == 404


def test_a_question_that_is_asked_no_more_is_gone_and_its_answers_stay(asked: Town) -> None:
    with unscoped("une question retirée"):
        db.session.query(Question).filter_by(code="regime").one().is_asked = False
        db.session.commit()
    lila = asked.people["lila"]
    assert "Sans porc" not in page_of(asked.client("desk").get(f"{PEOPLE}{lila}"))
    assert "Sans porc" not in page_of(asked.client("claire").get(f"/ma-famille/enfant/{lila}/scolarite"))
    assert "Sans porc, Sans œuf" in words()


def test_a_changed_question_is_known_at_the_next_page(asked: Town) -> None:
    desk = asked.client("desk")
    assert "Regime" in page_of(desk.get(f"{PEOPLE}{asked.people['lila']}"))
    with unscoped("un autre libellé"):
        db.session.query(Question).filter_by(code="regime").one().label = "Que ne mange-t-il pas ?"
        db.session.commit()
        assert "Que ne mange-t-il pas ?" in {one.label for one in asking.in_force()["Person"]}
    assert "Que ne mange-t-il pas" in page_of(desk.get(f"{PEOPLE}{asked.people['lila']}"))


def answers_of(town: Town, who: str, address: str) -> str:
    return page_of(town.client(who).get(address))


def test_an_answer_kept_to_the_service_is_no_row_of_the_family_s_by_any_door(town: Town) -> None:
    inner = ask("suivi", QuestionKind.TEXT, answering=Answering.STAFF)
    say(town, inner, "lila", "Suivie par la PMI")
    with unscoped("son numéro"):
        number = db.session.scalars(select(Answer.id)).one()
    for address in ("/espace/reponses/", "/espace/reponses/?q=PMI", "/espace/reponses/?words=PMI"):
        page = answers_of(town, "claire", address)
        assert "Suivie par la PMI" not in page, address
    assert town.client("claire").get(f"/espace/reponses/{number}").status_code == 404
    assert town.client("claire").get(f"/espace/reponses/{number}/fichier/file").status_code == 404
    packed = ZipFile(io.BytesIO(town.client("claire").post("/mes-donnees/fichier").data))
    assert b"PMI" not in packed.read("famille.json") + packed.read("lisez-moi.html")
    assert "Suivie par la PMI" in answers_of(town, "desk", f"/service/reponses/{number}")
    with unscoped("une question retirée"):
        db.session.query(Question).filter_by(id=inner).one().is_asked = False
        db.session.commit()
    assert town.client("claire").get(f"/espace/reponses/{number}").status_code == 404


@pytest.mark.parametrize(
    ("audience", "who", "side"),
    [(Audience.FAMILY, "claire", "/espace"), (Audience.DESK, "desk", "/service")],
)
def test_an_answer_whose_question_the_town_hid_from_a_role_is_no_row_of_theirs(
    asked: Town, audience: Audience, who: str, side: str
) -> None:
    assert "Regime" in answers_of(asked, who, f"{side}/reponses/?q=")
    with unscoped("les droits de la commune"):
        number = db.session.scalars(select(Answer.id).where(Answer.words.contains("Sans porc"))).one()
        right = FieldRight(
            entity_name="Person", attribute_name="question-regime", audience=audience, level=Level.HIDDEN
        )
        db.session.add(right)
        db.session.commit()
    page = answers_of(asked, who, f"{side}/reponses/")
    assert "Doudou" in page
    assert f"{side}/reponses/{number}" not in page
    assert "Sans porc" not in page
    assert asked.client(who).get(f"{side}/reponses/{number}").status_code == 404


def hide_diet_from_the_desk() -> int:
    """The number of the answer whose question the desk no longer sees."""
    with unscoped("les droits de la commune"):
        right = FieldRight(
            entity_name="Person", attribute_name="question-regime", audience=Audience.DESK, level=Level.HIDDEN
        )
        db.session.add(right)
        db.session.commit()
        diet = select(Answer.id).join(Answer.question).where(Question.code == "regime")
        return db.session.scalars(diet.where(Answer.person_id.is_not(None))).first() or 0


def test_a_retired_question_stays_hidden_from_whom_it_was(asked: Town) -> None:
    number = hide_diet_from_the_desk()
    with unscoped("une question retirée"):
        db.session.query(Question).filter_by(code="regime").one().is_asked = False
        db.session.commit()
    assert asked.client("desk").get(f"/service/reponses/{number}").status_code == 404
    assert asked.client("configurator").get("/service/questions/").status_code == 200


def test_the_history_does_not_tell_what_the_question_hides(asked: Town) -> None:
    with unscoped("une autre réponse"):
        row = db.session.scalars(select(Answer).where(Answer.words.contains("Sans porc"))).one()
        row.value = {"value": ["Sans lait"]}
        db.session.commit()
    lila = asked.people["lila"]
    doors = (f"{PEOPLE}{lila}?onglet=historique", "/service/historique/?colonnes=summary,before,after")
    assert "Sans lait" in page_of(asked.client("desk").get(doors[0]))
    call = caller(asked, "desk")
    assert "Sans lait" in call.get("/historique").text
    hide_diet_from_the_desk()
    for door in doors:
        page = page_of(asked.client("desk").get(door))
        assert "Sans lait" not in page, door
        assert "Sans porc" not in page, door
    assert "Sans lait" not in call.get("/historique").text


def test_a_question_that_is_tightened_keeps_its_code_and_its_subject(asked: Town) -> None:
    hide_diet_from_the_desk()
    with unscoped("son numéro"):
        number = db.session.scalars(select(Question.id).where(Question.code == "regime")).one()
    configurator, address = asked.client("configurator"), f"/service/questions/{number}/modifier"
    sent = form_of(configurator.get(address).text)
    refused = configurator.post(address, data={**sent, "code": "autre"})
    assert refused.status_code == 422
    assert "Des droits portent sur cette question" in refused.text
    assert configurator.post(address, data={**sent, "label": "Ce qu’il ne mange pas"}).status_code == 302


def test_answers_are_written_by_their_own_page_alone(asked: Town) -> None:
    with unscoped("son numéro"):
        number = db.session.scalars(select(Answer.id)).first()
    desk = asked.client("desk")
    for path in ("creer", f"{number}/modifier", f"{number}/supprimer"):
        assert desk.get(f"/service/reponses/{path}").status_code in (403, 404), path
    call = caller(asked, "desk")
    assert call("DELETE", f"/reponses/{number}").status_code in (403, 405)


def test_a_town_asks_a_hundred_questions_at_once_and_no_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asking.MOST == 100
    monkeypatch.setattr(asking, "MOST", 2)
    for code in ("une", "deux"):
        ask(code, QuestionKind.TEXT)
    configurator = town.client("configurator")
    sent = form_of(configurator.get("/service/questions/creer").text)
    sent |= {"code": "trois", "label": "Trois", "question_kind": "text", "section": "health"}
    refused = configurator.post("/service/questions/creer", data={**sent, "is_asked": "y"})
    assert refused.status_code == 422
    assert "retirez-en une" in refused.text
    kept = {name: value for name, value in sent.items() if name != "is_asked"}
    assert configurator.post("/service/questions/creer", data=kept).status_code == 302
