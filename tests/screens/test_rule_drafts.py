"""Drafts taken together: compared with what is in force, tried, published at once from a day on."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import RuleDraft
from tests.people import Town
from tests.screens.rule_pages import WEEKLY, add_example, rules
from tests.support.pages import words
from tests.support.sql import count_statements

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/regles/brouillons/"
WITHOUT_MEAL = {
    "says": "Le matin se réserve avec l’après-midi",
    "at": "2026-12-01 09:00",
    "books": {"mercredi.matin": "2026-12-16", "mercredi.repas": "2026-12-16"},
    "expect": {"refused_by": ["ce-qui-va-ensemble"], "bookable_until": "2026-12-10 12:00"},
}
"""Right once both drafts are in force: the day comes from one, the refusal from the other."""


def keep(town: Town, **changes: str) -> Any:
    """Two drafts: the notice changed, and a rule that is new."""
    client = town.client("configurator")
    activity = str(town.activities["mercredi"])
    client.post("/service/regles/delai", data={"activity": activity, **WEEKLY, **changes})
    together = {"p-unit": "mercredi.matin", "p-needs": ["mercredi.apres-midi"], "p-how_many": "all"}
    client.post("/service/regles/nouvelle/requires", data={"activity": activity, **together})
    return client


def drafts() -> list[RuleDraft]:
    with unscoped("test"):
        return list(db.session.scalars(select(RuleDraft).order_by(RuleDraft.code)))


def mark(client: Any) -> str:
    page = client.get(ADDRESS).get_data(as_text=True)
    return str(page.partition('name="mark" value="')[2].partition('"')[0])


def test_each_draft_stands_beside_what_it_changes(open_town: Town) -> None:
    client = keep(open_town)
    page = words(client.get(ADDRESS))
    assert "En vigueur" in page and "jusqu’au dimanche de la semaine d’avant, 24 h" in page
    assert "jusqu’au jeudi de la semaine d’avant, 12 h" in page
    assert "Nouvelle" in page and "« Matin » se réserve avec « Après-midi »" in page
    assert "Publier les 2 règles" in page
    assert "2 brouillons" in words(client.get("/service/regles/"))


def test_they_are_published_together_from_a_day_on_and_the_past_keeps_its_rules(open_town: Town) -> None:
    client = keep(open_town)
    before = dict(rules()["delai"].parameters)
    page = client.post(ADDRESS, data={"mark": mark(client), "from_on": "2027-01-04"}, follow_redirects=True)
    assert "Les 2 règles sont publiées" in words(page)
    now = rules()
    assert now["delai"].from_on == now["ce-qui-va-ensemble"].from_on == date(2027, 1, 4)
    assert now["delai"].parameters["weekday"] == "jeudi"
    past = now["delai-avant-2027-01-04"]
    assert past.until_on == date(2027, 1, 4) and past.parameters == before
    assert drafts() == []


def test_an_example_that_needs_both_is_right_once_both_are_published(open_town: Town) -> None:
    add_example(WITHOUT_MEAL)
    client = keep(open_town)
    for code in ("delai", "ce-qui-va-ensemble"):
        assert "1 faux" in words(client.get(f"/service/regles/{code}"))
    assert "1 juste" in words(client.get(ADDRESS))
    answer = client.post(ADDRESS, data={"mark": mark(client)})
    assert answer.status_code == 422 and "change aussi des jours passés" in words(answer)
    assert len(drafts()) == 2
    page = client.post(ADDRESS, data={"mark": mark(client), "past": "y"}, follow_redirects=True)
    assert "Les 2 règles sont publiées" in words(page)


def test_nothing_is_published_while_an_example_is_wrong(open_town: Town) -> None:
    add_example({**WITHOUT_MEAL, "expect": {"allowed": True}})
    client = keep(open_town)
    answer = client.post(ADDRESS, data={"mark": mark(client)})
    assert answer.status_code == 409
    assert "un exemple n’est pas respecté" in words(answer)
    assert len(drafts()) == 2 and "ce-qui-va-ensemble" not in rules()


def test_what_changed_since_it_was_read_is_not_published(open_town: Town) -> None:
    client = keep(open_town)
    seen = mark(client)
    keep(open_town, **{"p-weekday": "mardi"})
    answer = client.post(ADDRESS, data={"mark": seen})
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert rules()["delai"].parameters == {"weekday": "dimanche"}


def test_sent_twice_it_is_published_once(open_town: Town) -> None:
    client = keep(open_town)
    fields = {"mark": mark(client), "from_on": "2027-01-04"}
    assert client.post(ADDRESS, data=fields).status_code == 302
    answer = client.post(ADDRESS, data=fields)
    assert answer.status_code == 409 and "Il n’y a plus de brouillon" in words(answer)
    assert sorted(code for code in rules() if code.startswith("delai")) == [
        "delai",
        "delai-avant-2027-01-04",
    ]


@pytest.mark.parametrize("on", ["demain", "2027-02-30", "0001-01-01\x00"])
def test_a_day_that_is_none_publishes_nothing(open_town: Town, on: str) -> None:
    client = keep(open_town)
    answer = client.post(ADDRESS, data={"mark": mark(client), "from_on": on})
    assert answer.status_code == 422
    assert len(drafts()) == 2


def test_a_draft_that_can_t_be_read_stops_them_all(open_town: Town) -> None:
    client = keep(open_town)
    with unscoped("test"):
        db.session.scalars(select(RuleDraft)).first().body = {"kind": "notice_weekly", "parameters": {}}  # type: ignore[union-attr]
        db.session.commit()
    page = words(client.get(ADDRESS))
    assert "Illisible" in page
    assert client.post(ADDRESS, data={"mark": mark(client)}).status_code == 409
    assert len(drafts()) == 2


@pytest.mark.parametrize("name", ["claire", "desk", None])
def test_nobody_else_opens_them(open_town: Town, name: str | None) -> None:
    client = open_town.client(name)
    assert client.get(ADDRESS).status_code in (302, 403, 404)
    assert client.post(ADDRESS).status_code in (302, 400, 403, 404)


def test_more_drafts_cost_no_statement_more(open_town: Town) -> None:
    client = keep(open_town)
    client.get(ADDRESS)
    with count_statements() as few:
        client.get(ADDRESS)
    for day in ("lundi", "mardi", "mercredi"):
        client.post("/service/regles/nouvelle/notice_weekly", data={**WEEKLY, "p-weekday": day})
    assert len(drafts()) == 5
    client.get(ADDRESS)
    with count_statements() as many:
        client.get(ADDRESS)
    assert len(many) == len(few) <= 20
