"""*Contacter la structure* and the service's *Messages*: written, answered, read by nobody else."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import ThreadStatus
from app.models import Facility, Message, OutgoingMail, Thread
from app.rules.words import NBSP
from app.services import clock
from tests.people import Town
from tests.services.test_threads import write
from tests.support.sql import count_statements

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
INBOX = "/service/messages"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace(NBSP, " ")


def form(town: Town, **values: str) -> dict[str, str]:
    return {
        "facility": str(town.facilities["restaurant"]),
        "subject": "Repas de Lila",
        "body": "Lila peut-elle manger sans porc ?",
    } | values


def messages() -> list[Message]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(Message).order_by(Message.id)))


def status(number: int) -> ThreadStatus:
    with unscoped("vérification"):
        return db.session.scalars(select(Thread.status).where(Thread.id == number)).one()


# --- The family ----------------------------------------------------------------------------------


def test_the_dashboard_s_tiles_lead_to_pages_that_open(town: Town) -> None:
    browser = town.client("claire")
    home = text(browser.get("/accueil/", follow_redirects=True))
    for path in ("/historique/", "/documentation/", "/contact/"):
        assert f'href="{path}"' in home
        assert browser.get(path).status_code == 200


def test_a_household_that_never_wrote_is_told_so(town: Town) -> None:
    assert "Aucune conversation pour le moment" in text(town.client("claire").get("/contact/"))


def test_a_facility_with_a_telephone_can_be_called(town: Town) -> None:
    with unscoped("le téléphone du restaurant"):
        db.session.scalars(
            select(Facility).where(Facility.code == "restaurant")
        ).one().phone = "04 65 71 01 12"
        db.session.commit()
    page = text(town.client("claire").get("/contact/"))
    assert "tel:+33465710112" in page
    assert "Les Grappaloups" not in page


def test_a_message_is_sent_under_the_parent_s_name_and_read_again(town: Town) -> None:
    browser = town.client("claire")
    sent = browser.post("/contact/ecrire", data=form(town))
    page = text(browser.get(sent.location))
    assert "Lila peut-elle manger sans porc" in page
    assert "Claire Martin" in page
    assert "En attente de réponse" in page
    assert "Repas de Lila" in text(browser.get("/contact/"))


def test_a_second_sending_of_the_same_form_leads_to_the_same_conversation(town: Town) -> None:
    browser = town.client("claire")
    first, second = (browser.post("/contact/ecrire", data=form(town)).location for _ in range(2))
    assert first == second
    assert len(messages()) == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("facility", "", "Choisissez à quelle structure"),
        ("facility", "9999", "Choisissez à quelle structure"),
        ("subject", " ", "Dites en quelques mots"),
        ("subject", "a" * 121, "Raccourcissez l’objet"),
        ("body", " ", "Écrivez votre message"),
        ("body", "a" * 4001, "Raccourcissez votre message"),
    ],
)
def test_what_is_missing_or_too_long_is_said_and_nothing_typed_is_lost(
    town: Town, name: str, value: str, sentence: str
) -> None:
    answer = town.client("claire").post("/contact/ecrire", data=form(town, **{name: value}))
    assert answer.status_code == 422
    assert sentence in text(answer)
    kept = "sans porc" if name != "body" else "Repas de Lila"
    assert kept in text(answer)
    assert messages() == []


def test_the_longest_subject_and_message_are_sent(town: Town) -> None:
    data = form(town, subject="a" * 120, body="b" * 3999 + "\r\n")
    assert town.client("claire").post("/contact/ecrire", data=data).status_code == 302
    assert len(messages()) == 1


def test_a_reply_is_added_once_and_an_empty_one_is_not(town: Town) -> None:
    number = write(town)
    browser = town.client("claire")
    assert browser.post(f"/contact/{number}", data={"body": ""}).status_code == 422
    for _ in range(2):
        assert browser.post(f"/contact/{number}", data={"body": "Merci."}).status_code == 302
    assert [one.body for one in messages()][1:] == ["Merci."]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_household_s_conversation_does_not_exist(town: Town, method: str) -> None:
    number = write(town)
    answer = town.client("denis").open(f"/contact/{number}", method=method, data={"body": "Bonjour"})
    assert answer.status_code == 404
    assert len(messages()) == 1


def test_a_parent_of_two_households_opens_the_mail_s_link_whichever_is_in_view(town: Town) -> None:
    numbers = [write(town), write(town, "denis", "B", body="Et Tom ?")]
    browser = town.client("paul")
    pages = [text(browser.get(f"/contact/{number}")) for number in numbers]
    assert sum("· Famille" in page for page in pages) == 1
    listed = text(browser.get("/contact/"))
    assert sum(f"/contact/{number}" in listed for number in numbers) == 1


# --- The service ---------------------------------------------------------------------------------


def test_the_pile_opens_on_the_oldest_and_says_when_none_waits(town: Town) -> None:
    browser = town.client("desk")
    assert "Aucun message n’attend" in text(browser.get(INBOX))
    newest = write(town, now=NOW)
    oldest = write(town, "denis", "B", now=NOW - timedelta(days=3))
    assert browser.get(INBOX).location == f"{INBOX}/{oldest}"
    page = text(browser.get(f"{INBOX}/{oldest}"))
    assert "2 messages" in page
    assert f"{INBOX}/{newest}" in page


def test_answering_goes_to_the_next_one_and_tells_the_household(town: Town) -> None:
    newest = write(town, now=NOW)
    oldest = write(town, "denis", "B", now=NOW - timedelta(days=3))
    browser = town.client("desk")
    seen = {"seen": str(messages()[-1].id)}
    answered = browser.post(f"{INBOX}/{oldest}/repondre", data={"body": "Oui, bien sûr.", **seen})
    assert answered.location == f"{INBOX}/{newest}"
    assert status(oldest) is ThreadStatus.ANSWERED
    with unscoped("vérification"):
        to = set(db.session.scalars(select(OutgoingMail.recipient)))
    assert to == {"denis@example.org", "paul@example.org"}
    home = text(town.client("denis").get("/accueil/", follow_redirects=True))
    assert "Une réponse de la structure est arrivée." in home
    assert "1 nouvelle réponse" in home
    parent = town.client("denis")
    page = text(parent.get(f"/contact/{oldest}"))
    assert "Oui, bien sûr." in page
    assert "Nouvelle réponse" in page
    assert "Réponse reçue" in text(parent.get(f"/contact/{oldest}"))
    assert "nouvelle réponse" not in text(parent.get("/accueil/", follow_redirects=True))
    assert browser.post(f"{INBOX}/{newest}/terminer").location.rstrip("/") == INBOX
    assert status(newest) is ThreadStatus.CLOSED


def test_an_answer_that_is_refused_comes_back_with_its_words(town: Town) -> None:
    number = write(town)
    browser = town.client("desk")
    assert browser.post(f"{INBOX}/{number}/repondre", data={"body": ""}).status_code == 409
    answer = browser.post(f"{INBOX}/{number}/repondre", data={"body": "Oui.", "seen": "0"})
    assert answer.status_code == 409
    assert "Claire Martin a écrit pendant que vous lisiez" in text(answer)
    assert ">Oui.</textarea>" in text(answer)
    assert status(number) is ThreadStatus.OPEN


@pytest.mark.parametrize("path", ["", "/repondre", "/terminer"])
@pytest.mark.parametrize(
    ("who", "code"), [("claire", 404), ("configurator", 403), ("admin", 403), ("hugo", 404), (None, 302)]
)
def test_the_inbox_is_for_those_who_answer_in_their_facilities(
    town: Town, path: str, who: str | None, code: int
) -> None:
    number = write(town, facility="grappaloups")
    method = "POST" if path else "GET"
    answer = town.client(who).open(f"{INBOX}/{number}{path}", method=method, data={"body": "Bonjour"})
    assert answer.status_code == code
    assert len(messages()) == 1
    assert status(number) is ThreadStatus.OPEN


@pytest.mark.parametrize("who", ["desk", "head", "accountant", "hugo"])
def test_whoever_looks_after_the_facility_answers(town: Town, who: str) -> None:
    number = write(town)
    browser = town.client(who)
    assert browser.get(f"{INBOX}/{number}").status_code == 200
    assert browser.post(f"{INBOX}/{number}/repondre", data={"body": "Oui."}).status_code == 302
    assert messages()[-1].author == town.viewer(who).name


def test_a_household_unknown_to_the_facility_is_not_named(town: Town) -> None:
    number = write(town)
    page = text(town.client("hugo").get(f"{INBOX}/{number}"))
    assert "Famille pas encore inscrite ici" in page
    assert "/service/familles/" not in page.partition('class="paper')[2]


def test_the_menu_counts_the_messages_that_wait(town: Town) -> None:
    write(town)
    page = text(town.client("desk").get(INBOX, follow_redirects=True))
    line = page.partition(f'href="{INBOX}"')[2].partition("</a>")[0]
    assert "Messages" in line
    assert '<span class="n">1<' in line


@pytest.mark.parametrize(
    ("who", "path", "most"),
    [("claire", "/contact/", 9), ("claire", "/contact/{number}", 9), ("desk", INBOX + "/{number}", 9)],
)
def test_forty_conversations_cost_no_more_statements_than_two(
    town: Town, who: str, path: str, most: int
) -> None:
    number = write(town)
    for rank in range(40):
        write(town, body=f"Question {rank}")
    browser = town.client(who)
    browser.get(path.format(number=number))
    with count_statements() as seen:
        assert browser.get(path.format(number=number)).status_code == 200
    assert len(seen) <= most, "\n".join(seen)


# --- Files, piles, who follows -------------------------------------------------------------------


def photo() -> tuple[BytesIO, str]:
    made = BytesIO()
    Image.new("RGB", (40, 30), "white").save(made, "PNG")
    made.seek(0)
    return made, "certificat.png"


def test_a_photograph_goes_with_a_message_and_only_its_household_and_team_open_it(town: Town) -> None:
    data = {**form(town), "file": photo()}
    browser = town.client("claire")
    answer = browser.post("/contact/ecrire", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302
    (message,) = messages()
    assert message.file is not None
    path = f"messages/{message.id}/fichier/file"
    assert f"/espace/{path}" in browser.get(answer.location).text
    assert browser.get(f"/espace/{path}").status_code == 200
    assert town.client("denis").get(f"/espace/{path}").status_code == 404
    desk = town.client("desk")
    (number,) = re.findall(r"\d+", answer.location)
    link = re.search(r'href="(/service/[a-z-]+/\d+/fichier/file)"', desk.get(f"{INBOX}/{number}").text)
    assert link is not None
    assert desk.get(link[1]).status_code == 200


def test_a_file_that_can_t_be_kept_says_why_and_nothing_is_sent(town: Town) -> None:
    data = {**form(town), "file": (BytesIO(b"MZ\x90 not a picture"), "photo.jpg")}
    answer = town.client("claire").post("/contact/ecrire", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Nous ne pouvons pas lire ce type de fichier" in text(answer)
    assert "Lila peut-elle manger sans porc ?" in text(answer)
    assert messages() == []


def test_the_service_answers_with_a_file(town: Town) -> None:
    number = write(town, now=NOW)
    data = {"body": "Voici le menu.", "file": photo(), "seen": str(messages()[-1].id)}
    town.client("desk").post(f"{INBOX}/{number}/repondre", data=data, content_type="multipart/form-data")
    assert messages()[-1].file is not None
    assert "certificat" in text(town.client("claire").get(f"/contact/{number}"))


def test_a_conversation_is_given_to_a_colleague_and_found_in_their_pile(town: Town) -> None:
    number = write(town, now=NOW)
    other = write(town, body="Et le goûter ?", now=NOW)
    desk = town.client("desk")
    assert "Secrétariat Service (vous)" in desk.get(f"{INBOX}/{number}").text
    answer = desk.post(f"{INBOX}/{number}/confier", data={"personne": "Secrétariat Service"})
    assert answer.location == f"{INBOX}/{number}"
    mine = desk.get(f"{INBOX}/?pile=les-miennes", follow_redirects=True).text
    assert f"{INBOX}/{number}?pile=les-miennes" in mine
    assert f"{INBOX}/{other}?" not in mine
    assert desk.post(f"{INBOX}/{number}/confier", data={"personne": "Claire Martin"}).status_code == 409
    desk.post(f"{INBOX}/{number}/confier", data={"personne": ""})
    assert "Cette pile est vide" in desk.get(f"{INBOX}/?pile=les-miennes").text


def test_what_was_answered_or_closed_is_found_again(town: Town) -> None:
    number = write(town, now=NOW)
    desk = town.client("desk")
    desk.post(f"{INBOX}/{number}/terminer")
    assert desk.get(f"{INBOX}/?pile=terminees").location == f"{INBOX}/{number}?pile=terminees"
    assert "Aucun message n’attend" in desk.get(INBOX, follow_redirects=True).text


def test_no_mail_tells_what_was_written(town: Town) -> None:
    number = write(town, now=NOW)
    with unscoped("un objet qui parle de santé"):
        db.session.scalars(select(Thread)).one().subject = "Allergie de Lila"
        db.session.commit()
    seen = str(messages()[-1].id)
    town.client("desk").post(f"{INBOX}/{number}/repondre", data={"body": "Pour son asthme…", "seen": seen})
    with unscoped("vérification"):
        mails = db.session.scalars(select(OutgoingMail)).all()
    assert mails
    for mail in mails:
        assert "Allergie" not in mail.subject + mail.body
        assert "asthme" not in mail.subject + mail.body
