"""One rule or one example that can't be read never takes the pages down, and is mended by form."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example, Rule, RuleDraft
from app.services import rule_drafts
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, LATE, LATE_FIELDS, RULES, WEEKLY, add_example
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")
UNTRIED = "Les exemples ne sont pas essayés : une règle est illisible"


def spoil(code: str = "delai", **values: Any) -> None:
    with unscoped("test"):
        row = db.session.scalars(select(Rule).where(Rule.code == code)).one()
        for name, value in (values or {"parameters": {"weekday": "mardredi"}}).items():
            setattr(row, name, value)
        db.session.commit()


def rule(code: str) -> Rule | None:
    with unscoped("test"):
        return db.session.scalars(select(Rule).where(Rule.code == code)).one_or_none()


@pytest.mark.parametrize(
    "spoiled",
    [
        {"parameters": {"weekday": "mardredi"}},
        {"parameters": {}},
        {"parameters": {"weekday": "jeudi", "inconnu": [1]}},
        {"weekdays": ["dimardi"]},
        {"who": {"residence": ["lune"]}},
    ],
)
def test_an_unreadable_rule_is_mended_by_its_form(open_town: Town, spoiled: dict[str, Any]) -> None:
    add_example(LATE)
    spoil(**spoiled)
    client = open_town.client("configurator")
    for address in ("/", "/matin-repas", "/nouvelle/notice", "/nouvelle/", "/brouillons/"):
        assert client.get(RULES + address).status_code == 200, address
    assert UNTRIED in words(client.get(f"{RULES}/")) and UNTRIED in words(client.get(f"{RULES}/matin-repas"))
    assert "Illisible" in words(client.get(f"{RULES}/"))
    page = client.get(f"{RULES}/delai")
    assert page.status_code == 200 and "à corriger" in words(page)
    answer = client.get(f"{RULES}/reglement.pdf", follow_redirects=True)
    assert "Le règlement ne s’imprime pas, une règle est illisible" in words(answer)
    assert UNTRIED in words(client.get(f"{EXAMPLES}/")) and str(LATE["says"]) in words(
        client.get(f"{EXAMPLES}/")
    )
    assert UNTRIED in words(client.get(f"{EXAMPLES}/1"))
    assert UNTRIED in words(client.post(f"{EXAMPLES}/essayer", data=LATE_FIELDS))
    sent = {**WEEKLY, "activity": str(open_town.activities["mercredi"])}
    assert "1 juste" in words(client.post(f"{RULES}/lire/notice_weekly?code=delai", data=sent))
    published = {**sent, "publish": "1", "past": "y"}
    answer = client.post(f"{RULES}/delai", data=published, follow_redirects=True)
    assert "La règle est publiée" in words(answer)
    assert "1 exemple respecté" in words(client.get(f"{RULES}/"))


def test_mended_from_a_later_day_it_leaves_nothing_unreadable_behind(open_town: Town) -> None:
    spoil()
    sent = {**WEEKLY, "activity": str(open_town.activities["mercredi"]), "publish": "1"}
    client = open_town.client("configurator")
    assert client.post(f"{RULES}/delai", data={**sent, "from_on": "2027-01-04"}).status_code == 302
    with unscoped("test"):
        assert all(map(rule_drafts.is_readable, db.session.scalars(select(Rule))))


def test_of_two_unreadable_rules_each_is_mended_in_its_turn(open_town: Town) -> None:
    spoil()
    spoil("matin-repas", parameters={"unit": 3})
    client = open_town.client("configurator")
    sent = {**WEEKLY, "activity": str(open_town.activities["mercredi"]), "publish": "1", "past": "y"}
    piece = words(client.post(f"{RULES}/lire/notice_weekly?code=delai", data=sent))
    assert "jusqu’au jeudi" in piece and UNTRIED in piece
    # What was sound before is not published blindly.
    new = client.post(f"{RULES}/nouvelle/custody", data={"publish": "1"}, follow_redirects=True)
    assert "La règle n’est pas publiée, le brouillon est gardé" in words(new)
    assert "La règle est publiée" in words(client.post(f"{RULES}/delai", data=sent, follow_redirects=True))
    meal = {"p-unit": "mercredi.matin", "p-needs": ["mercredi.repas"], "publish": "1", "past": "y"}
    page = client.post(f"{RULES}/matin-repas", data=meal, follow_redirects=True)
    assert "La règle est publiée" in words(page)


def test_a_rule_of_an_unknown_sort_is_shown_and_may_go(open_town: Town) -> None:
    spoil(rule_kind="disparue")
    client = open_town.client("configurator")
    assert client.get(f"{RULES}/").status_code == 200
    page = client.get(f"{RULES}/delai")
    assert page.status_code == 200 and "« disparue » n’existe pas, ou plus" in words(page)
    assert "dimanche" in words(page) and "Supprimer la règle" in words(page)
    (address,) = re.findall(r'href="([^"]*/supprimer)"', page.get_data(as_text=True))
    assert client.post(address).status_code == 302
    assert rule("delai") is None


def test_a_draft_of_an_unknown_sort_may_be_let_go(open_town: Town) -> None:
    client = open_town.client("configurator")
    client.post(f"{RULES}/delai", data=WEEKLY)
    with unscoped("test"):
        db.session.scalars(select(RuleDraft)).one().body = {"kind": "disparue", "parameters": 3}
        db.session.commit()
    page = client.get(f"{RULES}/delai")
    assert page.status_code == 200 and "Abandonner le brouillon" in words(page)
    assert client.get(f"{RULES}/brouillons/").status_code == 200
    client.post(f"{RULES}/delai/abandonner")
    assert "jour d’une semaine d’avant" in words(client.get(f"{RULES}/delai"))


@pytest.mark.parametrize(
    ("poison", "field"),
    [
        ({"books-0-days": "31/12/9999"}, "de 1900 à 2150"),
        ({"books-0-days": "0001-01-01"}, "de 1900 à 2150"),
        ({"overdue": "1e999999999"}, "trop grand"),
        ({"taken-0-unit": "mercredi.repas", "taken-0-days": "3000000000"}, "trop grand"),
        ({"taken-0-unit": "mercredi.repas", "taken-0-days": "-3"}, "nombre de places"),
        ({"e-rank": "9" * 5000}, "neuf chiffres"),
        ({"says": "é" * 401}, "400 signes au plus"),
        ({"at": "0001-01-01 00:00"}, "de 1900 à 2150"),
        ({"at": "31/12/9999 24:00"}, "de 1900 à 2150"),
    ],
)
def test_what_no_example_can_say_is_told_at_its_field(
    open_town: Town, poison: dict[str, str], field: str
) -> None:
    client = open_town.client("configurator")
    data = {**LATE_FIELDS, **poison}
    page = words(client.post(f"{EXAMPLES}/essayer", data=data))
    is_asked = any(name.startswith("e-") for name in poison)  # what is asked is answered, right or wrong
    assert ("Dites ce qui est attendu" if is_asked else "viendra quand") in page
    answer = client.post(f"{EXAMPLES}/nouveau", data=data)
    assert answer.status_code == 422 and field in words(answer)
    with unscoped("test"):
        assert db.session.scalars(select(Example)).all() == []


@pytest.mark.parametrize(
    "poison",
    [
        {"books": {"mercredi.repas": "9999-12-31"}},
        {"books": {"mercredi.repas": "0001-01-01"}},
        {"overdue": "1e999999999"},
        {"taken": {"mercredi.repas": 3_000_000_000}},
        {"taken": {"mercredi.repas": "9" * 5000}},
        {"at": "9999-12-31 24:00"},
        {"expect": {"refused_by": 3}},
    ],
)
def test_one_that_was_kept_before_is_a_red_line(open_town: Town, poison: dict[str, Any]) -> None:
    add_example({**LATE, **poison})
    client = open_town.client("configurator")
    assert "1 faux" in words(client.get(f"{EXAMPLES}/")) and "1 faux" in words(client.get(f"{RULES}/"))
    assert client.get(f"{RULES}/delai").status_code == 200
    assert client.get(f"{EXAMPLES}/1").status_code == 200
    sent = {**WEEKLY, "activity": str(open_town.activities["mercredi"]), "publish": "1", "past": "y"}
    assert "La règle est publiée" in words(client.post(f"{RULES}/delai", data=sent, follow_redirects=True))
    assert client.post(f"{EXAMPLES}/1/supprimer").status_code == 302


def test_one_that_can_t_be_answered_is_a_red_line(open_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    add_example(LATE)

    def overflows(*_: object) -> None:
        raise OverflowError("date value out of range")

    monkeypatch.setattr("app.services.worked_examples.trying.run", overflows)
    assert "cet exemple ne s’essaie pas" in words(open_town.client("configurator").get(f"{EXAMPLES}/"))
