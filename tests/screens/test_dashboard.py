"""The parents' home page and the household in view."""

from datetime import UTC, datetime

import pytest

from app.services import clock
from tests.people import Town
from tests.support.sql import count_statements


def at(monkeypatch: pytest.MonkeyPatch, *when: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*when, tzinfo=UTC))  # type: ignore[arg-type, misc]


def test_the_tiles_and_the_household_are_there(town: Town) -> None:
    page = town.client("claire").get("/accueil").text
    assert "Famille Martin" in page
    for words in ("Ma famille", "Mes documents", "Mes factures", "Historique", "Contacter la structure"):
        assert words in page


@pytest.mark.parametrize(
    ("hour", "greeting"), [(3, "Bonsoir"), (4, "Bonjour"), (16, "Bonjour"), (17, "Bonsoir")]
)
def test_the_greeting_follows_the_hour_in_paris(
    town: Town, monkeypatch: pytest.MonkeyPatch, hour: int, greeting: str
) -> None:
    at(monkeypatch, 2026, 11, 23, hour, 0)  # UTC: an hour behind Paris in winter
    assert f"{greeting} Claire" in town.client("claire").get("/accueil").text


def test_the_page_costs_twelve_statements(town: Town) -> None:
    browser = town.client("claire")
    browser.get("/ma-famille")  # the town's values are now in memory
    with count_statements() as seen:
        assert browser.get("/accueil").status_code == 200
    # account, papers (5), requests, invoices, health, questions, freeze dates, catalogue's version
    assert len(seen) <= 12


def test_an_account_of_two_households_sees_one_at_a_time(town: Town) -> None:
    browser = town.client("paul")
    first = browser.get("/accueil").text
    assert "Il manque le médecin de Lila" in first
    assert "Tom" not in first
    assert "Voir la famille Durand" in first
    answer = browser.post(f"/foyer/{town.families['B']}")
    assert (answer.status_code, answer.location) == (302, "/accueil")
    second = browser.get("/accueil").text
    assert "Il manque le médecin de Tom" in second
    assert "Lila" not in second


def test_the_layout_s_form_chooses_the_household_as_well(town: Town) -> None:
    browser = town.client("paul")
    assert browser.post("/foyer", data={"family": str(town.families["B"])}).status_code == 302
    assert "Durand" in browser.get("/ma-famille").text


@pytest.mark.parametrize("told", ["", "abc", "-1", "9999", "²"])
def test_a_household_out_of_reach_is_not_chosen(town: Town, told: str) -> None:
    browser = town.client("claire")
    assert browser.post("/foyer", data={"family": told}).status_code == 404
    assert browser.post(f"/foyer/{town.families['B']}").status_code == 404
    assert "Famille Martin" in browser.get("/accueil").text


def test_a_single_household_shows_no_switch(town: Town) -> None:
    assert "Voir la famille" not in town.client("claire").get("/accueil").text


@pytest.mark.parametrize("who", ["desk", "hugo"])
def test_the_dashboard_is_not_for_staff(town: Town, who: str) -> None:
    assert town.client(who).get("/accueil").status_code in (403, 404)


def test_nobody_is_sent_to_the_login_page(town: Town) -> None:
    answer = town.client(None).get("/accueil")
    assert answer.status_code == 302
    assert "/connexion" in answer.location
