"""The inbox of changes: who opens it, what it shows, where a decision leads."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest, Family, OutgoingMail, Person
from app.services import changes, clock
from tests.people import Town
from tests.support.sql import count_statements

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
INBOX = "/service/modifications"


def ask(town: Town, who: str = "claire", days_ago: int = 0, **values: str) -> int:
    with town.acting(who):
        viewer = town.viewer(who)
        row = db.session.scalars(select(Family).where(Family.id == viewer.family_id)).one()
        changes.apply(row, values or {"city": "Sourcemont"}, viewer, NOW - timedelta(days=days_ago))
    return stored()[-1].id


def stored() -> list[ChangeRequest]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)))


def test_before_and_after_stand_side_by_side_in_at_most_twelve_statements(town: Town) -> None:
    number = ask(town)
    browser = town.client("desk")
    browser.get(f"{INBOX}/{number}")  # the town's settings are then in memory
    with count_statements() as seen:
        page = browser.get(f"{INBOX}/{number}").text
    assert len(seen) <= 12
    assert "Le Touvet" in page
    assert "Sourcemont" in page
    assert "La commune change" in page


def test_the_inbox_opens_on_the_oldest_and_says_when_there_is_nothing(town: Town) -> None:
    browser = town.client("desk")
    assert "Aucune modification n’attend" in browser.get(INBOX).text
    ask(town)
    oldest = ask(town, "denis", days_ago=3)
    assert browser.get(INBOX).location == f"{INBOX}/{oldest}"


def test_accepting_goes_to_the_next_one(town: Town) -> None:
    newest = ask(town)
    oldest = ask(town, "denis", days_ago=3)
    browser = town.client("desk")
    assert browser.post(f"{INBOX}/{oldest}/accepter").location == f"{INBOX}/{newest}"
    assert browser.post(f"{INBOX}/{newest}/accepter").location.rstrip("/") == INBOX
    assert {one.status for one in stored()} == {RequestStatus.ACCEPTED}


def test_a_refusal_sends_the_usual_reason_with_the_free_words(town: Town) -> None:
    number = ask(town)
    data = {"motif": "personne", "precision": "Écrivez-nous."}
    town.client("desk").post(f"{INBOX}/{number}/refuser", data=data)
    assert stored()[0].reason == "La demande concerne une autre personne. Écrivez-nous."
    with unscoped("vérification"):
        assert "Écrivez-nous." in db.session.scalars(select(OutgoingMail)).one().body


def test_a_refusal_without_a_reason_comes_back(town: Town) -> None:
    number = ask(town)
    answer = town.client("desk").post(f"{INBOX}/{number}/refuser", data={"motif": "autre"})
    assert answer.status_code == 409
    assert "Dites pourquoi" in answer.text
    assert stored()[0].status is RequestStatus.WAITING


def test_a_conflict_is_shown_and_written_over_only_when_ticked(town: Town) -> None:
    number = ask(town)
    with unscoped("le service corrige"):
        db.session.scalars(select(Family).where(Family.id == town.families["A"])).one().city = "Crolles"
        db.session.commit()
    browser = town.client("desk")
    assert "Changé depuis" in browser.get(f"{INBOX}/{number}").text
    assert browser.post(f"{INBOX}/{number}/accepter").status_code == 409
    assert browser.post(f"{INBOX}/{number}/accepter", data={"remplacer": "oui"}).status_code == 302


def test_what_was_read_is_what_is_accepted(town: Town) -> None:
    number = ask(town)
    seen = str(stored()[0].revision)
    ask(town, city="Froges")
    answer = town.client("desk").post(f"{INBOX}/{number}/accepter", data={"revision": seen})
    assert answer.status_code == 409
    assert "a changé sa demande" in answer.text


@pytest.mark.parametrize("path", ["", "/{number}", "/{number}/accepter", "/{number}/refuser"])
@pytest.mark.parametrize(
    ("who", "code"), [("claire", 404), ("accountant", 403), ("configurator", 403), ("hugo", 403)]
)
def test_the_inbox_is_the_desk_s_alone(town: Town, path: str, who: str, code: int) -> None:
    number = ask(town)
    method = "POST" if path.endswith("er") else "GET"
    answer = town.client(who).open(INBOX + path.format(number=number), method=method, data={"motif": "x"})
    assert answer.status_code == code
    assert stored()[0].status is RequestStatus.WAITING


def test_a_request_that_does_not_exist_is_not_found(town: Town) -> None:
    assert town.client("desk").get(f"{INBOX}/9999").status_code == 404


def test_a_person_s_request_names_the_person(town: Town) -> None:
    with town.acting("claire"):
        row = db.session.scalars(select(Person).where(Person.id == town.people["zoe"])).one()
        changes.apply(row, {"last_name": "Martin"}, town.viewer("claire"), NOW)
    page = town.client("desk").get(f"{INBOX}/{stored()[0].id}").text
    assert "Identité de Zoé Martin-Durand" in page


def test_a_decision_of_today_is_listed_and_taken_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    number = ask(town)
    browser = town.client("desk")
    browser.post(f"{INBOX}/{number}/accepter")
    assert "Décidées aujourd’hui" in browser.get(INBOX).text
    with count_statements() as seen:
        page = browser.get(f"{INBOX}/{number}").text
    assert len(seen) <= 12
    assert "Reprendre la décision" in page
    assert browser.post(f"{INBOX}/{number}/reprendre").location == f"{INBOX}/{number}"
    assert "attend de nouveau" in browser.get(f"{INBOX}/{number}").text
    assert stored()[0].status is RequestStatus.WAITING
    assert browser.post(f"{INBOX}/{number}/reprendre").status_code == 409


def test_nobody_but_the_desk_takes_a_decision_back(town: Town) -> None:
    number = ask(town)
    town.client("desk").post(f"{INBOX}/{number}/accepter")
    assert town.client("claire").post(f"{INBOX}/{number}/reprendre").status_code == 404
    assert town.client(None).post(f"{INBOX}/{number}/reprendre").status_code == 302
    assert stored()[0].status is RequestStatus.ACCEPTED
