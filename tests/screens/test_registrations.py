"""*Inscriptions*: what a parent sees and asks; who may not."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.paperwork import DocumentStatus, Subject
from app.models import Registration, SchoolYear
from app.rules.words import NBSP
from app.services import clock
from tests.people import Town
from tests.support.papers import NOW, ask_for, give, register, set_activity
from tests.support.sql import count_statements


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace(NBSP, " ")


def rows() -> list[Registration]:
    with unscoped("lecture des tests"):
        return list(db.session.scalars(select(Registration).order_by(Registration.id)))


def asking(town: Town, child: str = "lila", activity: str = "cantine", **more: Any) -> dict[str, Any]:
    return {
        "enfant": town.people[child],
        "activite": town.activities[activity],
        "annee": town.school_year,
        **more,
    }


# --- The list ------------------------------------------------------------------------------------


def test_each_registration_shows_its_state_and_the_accepted_ones_their_planning(town: Town) -> None:
    register(town, "A", "lila", "cantine")
    register(town, "A", "zoe", "mercredi", status=RegistrationStatus.REFUSED, reason="Complet.")
    register(town, "B", "tom", "cantine")
    page = text(town.client("claire").get("/inscriptions/"))
    assert "Acceptée, du mardi 1er septembre au samedi 3 juillet 2027" in page
    assert f'href="/planning/{town.people["lila"]}"' in page
    assert "« Complet. »" in page and f'href="/planning/{town.people["zoe"]}"' not in page
    assert "Tom" not in page


def test_filters_narrow_by_person_activity_and_state(town: Town) -> None:
    register(town, "A", "lila", "cantine")
    register(town, "A", "lila", "mercredi", status=RegistrationStatus.ASKED)
    register(town, "A", "zoe", "cantine")
    client = town.client("claire")
    lila, lunch = town.people["lila"], town.activities["cantine"]

    def shown(query: str) -> int:
        return text(client.get(f"/inscriptions/{query}")).count('<article class="doc">')

    assert shown("") == 3
    assert shown(f"?qui={lila}") == 2
    assert shown(f"?qui={lila}&activite={lunch}") == 1
    assert shown("?etat=asked") == 1
    assert shown(f"?qui={town.people['tom']}") == 0
    assert "Rien ne correspond" in text(client.get(f"/inscriptions/?qui={lila}&etat=ended"))


# --- Asking --------------------------------------------------------------------------------------


def test_the_form_offers_what_suits_the_child_and_says_why_the_rest_does_not(town: Town) -> None:
    set_activity(town, "mercredi", min_age_months=132)
    register(town, "A", "zoe", "cantine")
    client = town.client("claire")
    page = text(client.get(f"/inscriptions/demande?enfant={town.people['lila']}"))
    assert page.count('name="activite"') == 1
    assert "Il faut avoir 11 ans, et Lila ne les aura pas cette année-là." in page
    assert "Aucune autre activité ne convient à Zoé" in text(
        client.get(f"/inscriptions/demande?enfant={town.people['zoe']}")
    )


def test_asking_leads_back_to_the_childs_registrations(town: Town) -> None:
    client = town.client("claire")
    answer = client.post("/inscriptions/demande", data=asking(town))
    assert answer.status_code == 302 and answer.location.endswith(f"/inscriptions/?qui={town.people['lila']}")
    assert "Votre demande est envoyée" in text(client.get(answer.location))
    assert [one.status for one in rows()] == [RegistrationStatus.ASKED]


def test_a_refusal_names_each_document_and_leads_to_the_place_to_send_it(town: Town) -> None:
    ask_for("assurance", phrase="l’assurance")
    ask_for("caf", Subject.FAMILY, phrase="l’attestation CAF")
    answer = town.client("claire").post("/inscriptions/demande", data=asking(town))
    page = text(answer)
    lila, lunch = town.people["lila"], town.activities["cantine"]
    assert answer.status_code == 422
    assert (
        "Il manque l’assurance de Lila." in page
        and "Il manque l’attestation CAF de la famille Martin." in page
    )
    for who in (lila, "foyer"):
        assert f"/documents/?qui={who}&amp;enfant={lila}&amp;pour={lunch}" in page
    assert f'value="{lunch}" checked' in page
    assert rows() == []


def test_a_document_under_check_lets_ask_and_not_in(town: Town) -> None:
    set_activity(town, "cantine", accepts_alone=True)
    give(town, ask_for("assurance"), "A", "lila", DocumentStatus.RECEIVED)
    assert town.client("claire").post("/inscriptions/demande", data=asking(town)).status_code == 302
    assert [one.status for one in rows()] == [RegistrationStatus.ASKED]


def test_asking_without_choosing_says_what_to_choose(town: Town) -> None:
    answer = town.client("claire").post("/inscriptions/demande", data={"enfant": town.people["lila"]})
    assert answer.status_code == 422 and "Choisissez une activité." in text(answer)


def test_a_town_without_a_year_to_come_takes_no_registration(town: Town) -> None:
    with unscoped("une ville en sommeil"):
        year = db.session.scalars(select(SchoolYear)).one()
        year.starts_on, year.ends_on = date(2020, 9, 1), date(2021, 7, 3)
        db.session.commit()
    assert "ne sont pas ouvertes" in text(town.client("claire").get("/inscriptions/demande"))
    assert town.client("claire").post("/inscriptions/demande", data=asking(town)).status_code == 404


# --- Doors ---------------------------------------------------------------------------------------


def test_a_child_of_elsewhere_cannot_be_registered_nor_shown(town: Town) -> None:
    client = town.client("claire")
    for child in ("tom", "denis", "claire"):
        assert client.post("/inscriptions/demande", data=asking(town, child)).status_code == 404
    assert "Tom" not in text(client.get(f"/inscriptions/demande?enfant={town.people['tom']}"))
    assert client.post("/inscriptions/demande", data=asking(town, activite=999)).status_code == 404
    assert client.post("/inscriptions/demande", data=asking(town, annee=999)).status_code == 404
    assert client.post("/inscriptions/demande", data={}).status_code == 404
    assert rows() == []


def test_a_parent_of_two_households_registers_in_the_one_in_view(town: Town) -> None:
    client = town.client("paul")  # sees household A first
    assert client.post("/inscriptions/demande", data=asking(town, "tom")).status_code == 404
    with client.session_transaction() as cookie:
        cookie["family"] = town.families["B"]
    assert client.post("/inscriptions/demande", data=asking(town, "tom")).status_code == 302
    assert [one.family_id for one in rows()] == [town.families["B"]]


@pytest.mark.parametrize(("who", "code"), [("desk", 404), ("hugo", 404), (None, 302)])
def test_nobody_but_parents_comes_in(town: Town, who: str | None, code: int) -> None:
    client = town.client(who)
    for path in ("/inscriptions/", "/inscriptions/demande"):
        assert client.get(path).status_code == code
    assert client.post("/inscriptions/demande", data=asking(town)).status_code == code


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/inscriptions/", "/inscriptions/demande?enfant={lila}"])
def test_the_pages_cost_at_most_twelve_statements(town: Town, path: str) -> None:
    for child in ("lila", "zoe"):
        for activity in ("cantine", "mercredi"):
            register(town, "A", child, activity)
    client = town.client("claire")
    client.get(path.format(lila=town.people["lila"]))  # the catalogue is then in memory
    db.session.remove()
    with count_statements() as seen:
        assert client.get(path.format(lila=town.people["lila"])).status_code == 200
    assert len(seen) <= 7, "\n".join(seen)
