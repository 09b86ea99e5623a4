"""Demandes refusées: what is kept of a refusal, without failing a page, and what of it each may read."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.paperwork import Subject
from app.entities.question import QuestionKind, QuestionSection
from app.entities.rulebook import Audience, Level
from app.models import (
    Answer,
    DocumentType,
    Family,
    FieldRight,
    Invoice,
    Membership,
    Question,
    RefusedRequest,
    Rule,
)
from app.rules.facts import Slot
from app.screens.refused_requests import SIZE
from app.services import bookings, planning, refused_requests
from app.services.desk import Draft
from tests.people import Town
from tests.support.pages import words
from tests.wednesday import NOW, WEDNESDAY, at_the_canteen

pytestmark = pytest.mark.usefixtures("first_of_december")
REFUSED = "/service/demandes-refusees/"
TESTER = "/service/essai-des-regles/"
WEEK = "semaine=2026-12-07"
MORNING, MEAL, LUNCH = "mercredi.matin@2026-12-09", "mercredi.repas@2026-12-09", "cantine.repas@2026-12-10"
HX = {"HX-Request": "true"}


def kept() -> list[RefusedRequest]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(RefusedRequest).order_by(RefusedRequest.id)))


def touch(town: Town, square: str, name: str = "claire", child: str = "lila", more: str = "") -> Any:
    address = f"/planning/{town.people[child]}?{WEEK}&bascule={square}{more}"
    return town.client(name).get(address, headers=HX)


def send(town: Town, squares: Iterable[str], client: FlaskClient | None = None) -> Any:
    client = client or town.client("claire")
    return client.post(
        f"/planning/{town.people['lila']}/envoyer", data={"semaine": "2026-12-07", "plus": list(squares)}
    )


def write(*rows: Any) -> None:
    with unscoped("test"):
        db.session.add_all(rows)
        db.session.commit()


def hide(entity: str, attribute: str) -> None:
    write(
        FieldRight(entity_name=entity, attribute_name=attribute, audience=Audience.DESK, level=Level.HIDDEN)
    )


def opened(town: Town, name: str, row: int = 0) -> str:
    return words(town.client(name).get(f"{REFUSED}{kept()[row].id}"))


def tried(town: Town, name: str, unit: str, on: str, child: str = "lila", family: str = "A") -> str:
    query = {"qui": f"{town.families[family]}-{town.people[child]}", "jour": on, "unite": unit}
    return words(town.client(name).get(TESTER, query_string=query))


# --- What is kept --------------------------------------------------------------------------------


def test_to_look_keeps_nothing(open_town: Town) -> None:
    client = open_town.client("claire")
    lila = open_town.people["lila"]
    for asked in (f"plus={MORNING}", f"motif={MORNING}", "motif=mercredi.repas@2026-12-23"):
        assert client.get(f"/planning/{lila}?{WEEK}&{asked}").status_code == 200
    assert kept() == []


@pytest.mark.parametrize("headers", [HX, {}])
def test_a_touch_that_is_refused_is_kept_and_one_that_takes_it_back_is_not(
    open_town: Town, headers: dict[str, str]
) -> None:
    client = open_town.client("claire")
    address = f"/planning/{open_town.people['lila']}?{WEEK}"
    client.get(f"{address}&bascule={MORNING}&plus={MEAL}&plus={MORNING}", headers=headers)  # withdrawn
    client.get(f"{address}&bascule={MORNING}&plus={MEAL}", headers=headers)  # nothing wrong
    assert kept() == []
    client.get(f"{address}&bascule={MORNING}", headers=headers)
    (row,) = kept()
    assert row.trace["adds"] == ["mercredi.matin 2026-12-09"]
    assert row.activity_id == open_town.activities["mercredi"]


def test_a_touch_that_gives_up_what_another_square_needs_is_kept(open_town: Town) -> None:
    """The refusal names the morning, which stands; the meal is what was touched."""
    assert send(open_town, [MORNING, MEAL]).status_code == 302
    assert kept() == [] and touch(open_town, MEAL).status_code == 200
    (row,) = kept()
    assert row.trace["drops"] == ["mercredi.repas 2026-12-09"]
    assert "se réserve avec" in row.sentence


def test_what_is_sent_and_refused_is_kept(open_town: Town) -> None:
    assert send(open_town, [MORNING]).status_code == 302
    (row,) = kept()
    assert "se réserve avec" in row.sentence and row.asked_by == "Claire Martin"


@pytest.mark.parametrize("units", [None, ["mercredi.matin"]])
def test_what_is_given_up_and_refused_for_what_stands_is_kept(
    with_answer: Town, units: list[str] | None
) -> None:
    """A meal can't be given up while the morning stands: it is the morning that the refusal names. Whom its
    rule is for is told to nobody more than elsewhere.
    """
    lila, family = with_answer.people["lila"], with_answer.families["A"]
    both = Draft(frozenset({Slot("mercredi.matin", WEDNESDAY), Slot("mercredi.repas", WEDNESDAY)}))
    with unscoped("test"):
        db.session.delete(db.session.scalars(select(Rule).where(Rule.code == "pai")).one())
        rule = db.session.scalars(select(Rule).where(Rule.code == "matin-repas")).one()
        rule.who, rule.units = {"traits": ["epilepsie"]}, units
        db.session.commit()
    with with_answer.acting("claire"):
        sent = bookings.send(lila, family, both, NOW)
    assert sent is not None and sent.accepted
    with_answer.client("claire").post(
        f"/planning/{lila}/envoyer", data={"semaine": "2026-12-07", "moins": [MEAL]}
    )
    (row,) = kept()
    assert row.activity_id == with_answer.activities["mercredi"]
    assert row.trace["drops"] == ["mercredi.repas 2026-12-09"]
    assert row.sentence == "Une règle dont le détail n’est pas montré."
    page = opened(with_answer, "desk")
    assert "Annulation demandée Mercredis des Grappaloups, repas" in page and "Annulé" not in page
    assert "se réserve avec Repas" in page.replace("« ", "").replace(" »", "") and "Répond" in page
    (one,) = [one for those in with_answer.viewer("desk").asked.values() for one in those]
    hide(one.entity, one.name)
    page = opened(with_answer, "desk")
    assert "se réserve avec" not in page and "Une règle dont le détail" in page


def test_somebody_else_writes_meanwhile_and_the_page_is_there(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = planning.week
    base = open_town.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")

    def week(*args: Any, **options: Any) -> planning.Week:
        found = real(*args, **options)
        other = sqlite3.connect(base)
        other.execute("UPDATE family SET city = 'Ailleurs'")
        other.commit()
        other.close()
        return found

    monkeypatch.setattr(planning, "week", week)
    assert touch(open_town, MORNING).status_code == 200
    assert len(kept()) == 1


def test_what_cannot_be_kept_fails_no_page(open_town: Town) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE refused_request")
    assert touch(open_town, MORNING).status_code == 200
    assert "plus=mercredi.matin" in send(open_town, [MORNING]).location


def test_a_household_keeps_so_many_a_day(open_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused_requests, "A_DAY", 3)
    for number in range(5):
        touch(
            open_town, f"mercredi.matin@{date(2027, 1, 6) + timedelta(weeks=number)}", more=f"&plus={LUNCH}"
        )
    assert len(kept()) == 3
    touch(open_town, MORNING, name="denis", child="tom")
    assert [row.family_id for row in kept()].count(open_town.families["B"]) == 1


def test_a_long_request_leaves_a_short_trace(open_town: Town) -> None:
    write(
        *(
            Rule(code=f"cantine-{n}", rule_kind="notice_weekly", parameters={"weekday": "dimanche"},
                 activity_id=open_town.activities["cantine"])
            for n in range(40)
        )
    )  # fmt: skip
    days = [date(2027, 1, 4) + timedelta(days=n) for n in range(190)]
    send(open_town, [f"mercredi.matin@{on}" for on in days])
    (row,) = kept()
    assert len(row.trace["adds"]) == refused_requests.SQUARES
    assert row.trace["others"] == 190 - refused_requests.SQUARES
    assert {one["code"] for one in row.trace["rules"]} == {"capacity", "matin-repas", "delai"}
    assert len(json.dumps(row.trace)) < 20_000
    assert "Et 178\u00a0autres cases." in row.sentence and "178 autres cases" in opened(open_town, "desk")


# --- Who reads what ------------------------------------------------------------------------------


def test_the_head_of_a_facility_reads_what_was_asked_of_it_alone(open_town: Town) -> None:
    at_the_canteen(open_town)
    late = Rule(
        code="cantine",
        rule_kind="notice_weekly",
        parameters={"weekday": "dimanche", "weeks_before": 2},
        activity_id=open_town.activities["cantine"],
    )
    write(late)
    send(open_town, [MORNING, LUNCH])
    assert [row.activity_id for row in kept()] == [
        open_town.activities[code] for code in sorted(("cantine", "mercredi"), key=order_of(kept()))
    ]
    hugo = open_town.client("hugo")  # he heads the canteen
    page = words(hugo.get(REFUSED))
    assert "trop tard" in page and "se réserve avec" not in page
    for row in kept():
        mine = row.activity_id == open_town.activities["cantine"]
        assert hugo.get(f"{REFUSED}{row.id}").status_code == (200 if mine else 404)
        assert open_town.client("desk").get(f"{REFUSED}{row.id}").status_code == 200


def order_of(rows: list[RefusedRequest]) -> Any:
    with unscoped("vérification"):
        codes = [db.session.merge(row).activity.code for row in rows]
    return codes.index


@pytest.fixture
def with_answer(open_town: Town) -> Town:
    """A rule for children with an answer about health, which Lila's gives; the desk may not read it."""
    asked = Question(
        code="epilepsie",
        label="Épilepsie",
        question_kind=QuestionKind.YES_NO,
        section=QuestionSection.HEALTH,
    )
    write(asked)
    with unscoped("test"):
        number = db.session.scalars(select(Question.id).where(Question.code == "epilepsie")).one()
    lila = open_town.people["lila"]
    write(
        Answer(
            question_id=number, person_id=lila, words="Oui", value={"value": True}, subject_key=f"-{lila}-"
        ),
        Rule(
            code="pai",
            rule_kind="notice_weekly",
            parameters={"weekday": "dimanche", "weeks_before": 2},
            who={"traits": ["epilepsie"]},
            activity_id=open_town.activities["mercredi"],
        ),
    )
    return open_town


def test_an_answer_that_is_hidden_is_not_told_by_its_rule(with_answer: Town) -> None:
    assert "avec une réponse « oui » à « Épilepsie »" in tried(
        with_answer, "desk", "mercredi.repas", "2026-12-09"
    )
    touch(with_answer, MEAL)
    assert "avec une réponse « oui » à « Épilepsie »" in opened(with_answer, "desk")
    (one,) = [one for those in with_answer.viewer("desk").asked.values() for one in those]
    hide(one.entity, one.name)
    assert with_answer.viewer("desk").hidden_questions
    for child, family in (("lila", "A"), ("tom", "B")):
        page = tried(with_answer, "desk", "mercredi.repas", "2026-12-09", child, family)
        assert "Épilepsie" not in page and "epilepsie" not in page
        assert "Toutes les règles" in page
    page = opened(with_answer, "desk")
    assert "Épilepsie" not in page and "29 novembre" not in page and "Une règle dont le détail" in page
    assert "29 novembre" not in words(with_answer.client("desk").get(REFUSED))
    assert "avec une réponse « oui » à « Épilepsie »" in opened(with_answer, "head")


def test_a_paper_that_tells_a_hidden_answer_is_not_expected_before_whom_it_is_hidden_from(
    with_answer: Town,
) -> None:
    write(DocumentType(code="pai", name="Protocole", subject=Subject.CHILD, asked_if="epilepsie"))
    write(DocumentType(code="assurance", name="Assurance", subject=Subject.CHILD))
    (one,) = [one for those in with_answer.viewer("desk").asked.values() for one in those]
    page = tried(with_answer, "desk", "mercredi.repas", "2026-12-09")
    assert "Protocole" in page and "Assurance 2026-2027, Lila" in page
    hide(one.entity, one.name)
    page = tried(with_answer, "desk", "mercredi.repas", "2026-12-09")
    assert "Protocole" not in page and "Assurance 2026-2027, Lila" in page
    assert "Protocole" in tried(with_answer, "head", "mercredi.repas", "2026-12-09")
    hide("Document", "status")
    page = tried(with_answer, "desk", "mercredi.repas", "2026-12-09")
    assert "Assurance" not in page and "Rien à montrer" in page


def test_a_list_that_anybody_exports_tells_no_answer(with_answer: Town) -> None:
    touch(with_answer, MEAL)
    (row,) = kept()
    assert row.sentence == "Une règle dont le détail n’est pas montré."
    assert "29 novembre" in words(with_answer.client("desk").get(REFUSED))


def test_facts_that_are_hidden_are_not_told(open_town: Town) -> None:
    with unscoped("test"):
        db.session.execute(update(Family).values(residence="outside"))
        db.session.execute(update(Membership).values(custody="even"))
        db.session.commit()
    write(
        Rule(code="garde", rule_kind="custody", parameters={}, activity_id=open_town.activities["mercredi"])
    )
    touch(open_town, MORNING)
    pages = [opened(open_town, "desk"), tried(open_town, "desk", "mercredi.repas", "2026-12-16")]
    assert all("Rattachement" in page and "Semaines de garde" in page for page in pages)
    hide("Family", "residence")
    hide("Membership", "custody")
    for page in (opened(open_town, "desk"), tried(open_town, "desk", "mercredi.repas", "2026-12-16")):
        assert "Rattachement" not in page and "n’habitent pas" not in page
        assert "Semaines de garde" not in page and "garde" not in page
        assert "Né(e) le" in page
    assert "Semaines de garde" in opened(open_town, "head")


def test_what_a_household_owes_is_told_to_it_and_to_who_keeps_the_bills(open_town: Town) -> None:
    at_the_canteen(open_town)
    write(
        Rule(code="dette", rule_kind="no_debt", parameters={}),
        Invoice(
            number="1", month_on=date(2026, 9, 1), issued_on=date(2026, 10, 1), due_on=date(2026, 11, 1),
            payer_names="x", payer_address="y", total_cents=12345, status=InvoiceStatus.TO_PAY,
            family_id=open_town.families["A"],
        ),
    )  # fmt: skip
    assert "123,45 €" in words(touch(open_town, LUNCH))
    (row,) = kept()
    assert "123" not in row.sentence and "Des factures échues restent à payer" in row.sentence
    for name in ("hugo", "head"):
        for page in (
            opened(open_town, name),
            words(open_town.client(name).get(REFUSED)),
            tried(open_town, name, "cantine.repas", "2026-12-10"),
        ):
            assert "123,45" not in page and "Des factures échues restent à payer" in page
    assert "123,45 €" in opened(open_town, "desk")
    assert "123,45 €" in tried(open_town, "desk", "cantine.repas", "2026-12-10")


# --- Reading them --------------------------------------------------------------------------------


def many(town: Town, count: int) -> None:
    trace = {"at": "2026-12-01 09:00", "adds": [], "drops": [], "child": {}, "said": [], "rules": []}
    write(
        *(
            RefusedRequest(
                family_id=town.families["A"],
                child_id=town.people["lila"],
                activity_id=town.activities["mercredi"],
                refused_at=datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=number),
                asked_by=f"Parent {number:03}",
                sentence="Trop tard.",
                trace=trace,
                digest=str(number),
            )
            for number in range(count)
        )
    )


def test_they_are_read_a_page_at_a_time_and_found_by_words(open_town: Town) -> None:
    many(open_town, SIZE + 1)
    touch(open_town, MORNING, name="denis", child="tom")
    client = open_town.client("desk")
    first, second = words(client.get(REFUSED)), words(client.get(f"{REFUSED}?page=2"))
    assert "Tom Durand" in first and "Parent 000" not in first and f"sur {SIZE + 2}" in first
    assert "Parent 000" in second and "Tom Durand" not in second
    found = words(client.get(f"{REFUSED}?q=durand+réserve"))
    assert "Tom Durand" in found and "Lila" not in found
    assert "Parent 007" in words(client.get(f"{REFUSED}?q=lila+007"))
    for asked in ("q=%25", "q=zzz", "page=99", "page=abc", "q=" + "x" * 500):
        assert client.get(f"{REFUSED}?{asked}").status_code == 200
    assert "Aucune demande trouvée" in words(client.get(f"{REFUSED}?q=%25"))


def test_a_childs_page_leads_to_what_it_was_refused(open_town: Town) -> None:
    touch(open_town, MORNING)
    client = open_town.client("desk")
    page = client.get(f"/service/personnes/{open_town.people['lila']}?onglet=demandes-refusees.child")
    assert "se réserve avec" in words(page)
    (row,) = kept()
    record = f"/service/fiches-demandes-refusees/{row.id}"
    assert record in page.text
    assert words(client.get(record, follow_redirects=True)) == words(client.get(f"{REFUSED}{row.id}"))
