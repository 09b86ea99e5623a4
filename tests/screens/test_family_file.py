"""« Ma famille »: every door, each form, what is said after saving."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest, Contact, Family, Membership, Person
from app.services import clock
from tests.people import Town
from tests.support.sql import count_statements

PERSON = {"first_name": "Claire", "last_name": "Martin", "email": "claire@example.org"}


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monday 23 November 2026, 21 h 06 in Paris."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 23, 20, 6, tzinfo=UTC))


def text(answer: str) -> str:
    return answer.replace("\u00a0", " ")


def person(town: Town, name: str) -> Person:
    with unscoped("vérification"):
        return db.session.scalars(select(Person).where(Person.id == town.people[name])).one()


def post(town: Town, name: str, browser: FlaskClient | None = None, **values: str) -> str:
    browser = browser or town.client("claire")
    address = f"/ma-famille/personne/{town.people[name]}"
    return text(browser.post(address, data={**PERSON, **values}, follow_redirects=True).text)


# --- Doors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/ma-famille/personne/{denis}",
        "/ma-famille/personne/{tom}",
        "/ma-famille/personne/9999",
        "/ma-famille/enfant/{tom}",
        "/ma-famille/enfant/{tom}/sante",
        "/ma-famille/enfant/{tom}/scolarite",
        "/ma-famille/enfant/{tom}/autorisations",
        "/ma-famille/enfant/{tom}/multi-accueil",
        "/ma-famille/enfant/{tom}/contacts",
        "/ma-famille/enfant/{claire}",
        "/ma-famille/enfant/{claire}/sante",
        "/ma-famille/enfant/{claire}/contacts",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_s_file_does_not_exist(town: Town, address: str, method: str) -> None:
    answer = town.client("claire").open(address.format(**town.people), method=method, data=PERSON)
    # An address that is only read answers a POST with 405: the child's own page.
    assert answer.status_code in ((404, 405) if method == "POST" else (404,))


def test_an_account_of_two_homes_opens_only_the_household_in_view(town: Town) -> None:
    browser = town.client("paul")
    assert browser.get(f"/ma-famille/enfant/{town.people['lila']}").status_code == 200
    assert browser.get(f"/ma-famille/enfant/{town.people['tom']}").status_code == 404
    browser.post(f"/foyer/{town.families['B']}")
    assert browser.get(f"/ma-famille/enfant/{town.people['tom']}").status_code == 200
    assert browser.get(f"/ma-famille/personne/{town.people['claire']}").status_code == 404


@pytest.mark.parametrize("address", ["/ma-famille", "/ma-famille/foyer", "/ma-famille/ajouter"])
def test_the_pages_are_the_parents_alone(town: Town, address: str) -> None:
    assert town.client("claire").get(address).status_code == 200
    assert town.client("desk").get(address).status_code == 404
    assert town.client(None).get(address).status_code == 302


def test_a_parent_of_two_homes_child_reads_nothing_of_the_other_home(town: Town) -> None:
    page = town.client("claire").get(f"/ma-famille/enfant/{town.people['zoe']}/contacts").text
    assert "Claire Martin" in page
    assert "Denis" not in page
    assert "Durand" not in page.replace("Martin-Durand", "")


def test_the_page_costs_at_most_twelve_statements(town: Town) -> None:
    browser = town.client("claire")
    browser.get("/ma-famille/foyer")
    with count_statements() as seen:
        assert browser.get("/ma-famille").status_code == 200
    assert len(seen) <= 12


# --- A person ------------------------------------------------------------------------------------


def test_saving_a_telephone_says_so_with_the_hour(town: Town) -> None:
    page = post(town, "claire", mobile_phone="0639981420")
    assert "Enregistré à 21 h 06 pour Claire : téléphone portable." in page
    assert person(town, "claire").mobile_phone == "06 39 98 14 20"


def test_a_name_waits_and_the_form_shows_both_values(town: Town) -> None:
    page = post(town, "claire", last_name="Marchadier")
    assert "Envoyé au service pour Claire : nom." in page
    assert person(town, "claire").last_name == "Martin"
    form = text(town.client("claire").get(f"/ma-famille/personne/{town.people['claire']}").text)
    assert 'value="Marchadier"' in form
    assert "Aujourd’hui : Martin." in form


@pytest.mark.parametrize(
    ("status", "days_ago", "shown"),
    [("REFUSED", 3, True), ("REFUSED", 16, False), ("ACCEPTED", 3, False), ("WITHDRAWN", 3, False)],
)
def test_a_refusal_is_read_on_the_form_with_its_reason_and_what_was_asked(
    town: Town, status: str, days_ago: int, shown: bool
) -> None:
    post(town, "claire", last_name="Marchadier")
    with unscoped("la décision"):
        request = db.session.scalars(select(ChangeRequest)).one()
        request.status, request.reason = RequestStatus[status], "Il nous faut un justificatif."
        request.asked_at = request.decided_at = clock.now() - timedelta(days=days_ago)
        db.session.commit()
    address = f"/ma-famille/personne/{town.people['claire']}"
    form = text(town.client("claire").get(address).text)
    assert ("Il nous faut un justificatif." in form) is shown
    assert ("Vous aviez demandé : Nom « Marchadier »." in form) is shown
    assert 'value="Marchadier"' not in form
    post(town, "claire", last_name="Marchadier-Martin")
    assert "justificatif" not in text(town.client("claire").get(address).text)


def test_a_wrong_value_keeps_what_was_typed_and_saves_nothing(town: Town) -> None:
    page = post(town, "claire", email="claire@examplepointorg", mobile_phone="06 39 98 14 20")
    assert "Rien n’est enregistré" in page
    assert 'value="claire@examplepointorg"' in page
    assert 'value="06 39 98 14 20"' in page
    assert person(town, "claire").mobile_phone is None


def test_a_required_field_is_starred_and_asked_for(town: Town) -> None:
    assert 'class="req"' in town.client("claire").get(f"/ma-famille/personne/{town.people['claire']}").text
    assert "1 point est à corriger" in post(town, "claire", last_name="")


def test_a_form_older_than_the_row_saves_nothing_and_says_so(town: Town) -> None:
    old = str(person(town, "claire").revision)
    post(town, "claire", mobile_phone="06 39 98 14 20")
    page = post(town, "claire", revision=old, mobile_phone="06 39 98 99 99")
    assert "Quelqu’un a enregistré cette fiche" in page
    assert 'value="06 39 98 99 99"' in page
    assert person(town, "claire").mobile_phone == "06 39 98 14 20"


def test_what_is_not_on_the_form_is_not_saved(town: Town) -> None:
    post(town, "claire", id="999", revision="", sex="f")
    assert person(town, "claire").sex is None


def test_a_child_s_form_asks_no_employer(town: Town) -> None:
    form = town.client("claire").get(f"/ma-famille/personne/{town.people['lila']}").text
    assert "Employeur" not in form
    assert "Fille ou garçon" in form


# --- The household -------------------------------------------------------------------------------


def test_the_billing_address_is_saved_at_once_and_the_street_waits(town: Town) -> None:
    values = {"city": "Le Touvet", "postcode": "38660", "street": "3, impasse du Palet"}
    values["billing_email"] = "FACTURES@example.org"
    browser = town.client("claire")
    page = text(browser.post("/ma-famille/foyer", data=values, follow_redirects=True).text)
    assert "Enregistré à 21 h 06 pour le foyer : e-mail des factures." in page
    assert "Changement à valider" in page
    with unscoped("vérification"):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        assert (family.billing_email, family.street) == ("factures@example.org", None)


def test_a_waiting_change_can_be_taken_back_by_its_household_alone(town: Town) -> None:
    post(town, "claire", last_name="Marchadier")
    with unscoped("vérification"):
        request_id = db.session.scalars(select(ChangeRequest.id)).one()
    address = f"/ma-famille/demande/{request_id}/retirer"
    assert town.client("denis").post(address).status_code == 404
    browser = town.client("claire")
    assert "retirée" in browser.post(address, follow_redirects=True).text
    assert "Changement à valider" not in browser.get("/ma-famille").text


def test_one_guardian_alone_on_the_invoice_is_warned(town: Town) -> None:
    page = town.client("claire").get("/ma-famille").text
    assert "Claire Martin, et personne d’autre" in page
    assert "Trésor public" in page


# --- Adding a person -----------------------------------------------------------------------------


def typed(town: Town, child: str = "lila", **values: str) -> dict[str, str]:
    number = town.people[child]
    return {
        "first_name": "Paulette",
        "last_name": "Tamarchière",
        "mobile_phone": "06 39 98 00 05",
        f"lien_{number}": "grand-mère",
        f"venir_{number}": "y",
        **values,
    }


def test_a_person_is_added_with_what_they_are_to_each_child(town: Town) -> None:
    page = town.client("claire").post("/ma-famille/ajouter", data=typed(town), follow_redirects=True).text
    assert "Grand-mère de Lila" in page
    with unscoped("vérification"):
        tie = db.session.scalars(select(Contact)).one()
        assert (tie.may_collect, tie.call_in_emergency) == (True, False)


def test_a_box_without_the_relation_keeps_everything_typed(town: Town) -> None:
    data = typed(town, **{f"lien_{town.people['lila']}": ""})
    answer = town.client("claire").post("/ma-famille/ajouter", data=data)
    assert answer.status_code == 422
    assert "Dites le lien" in answer.text
    assert 'value="Tamarchière"' in answer.text
    with unscoped("vérification"):
        assert db.session.scalars(select(Contact)).all() == []


def test_the_same_person_sent_twice_is_there_once(town: Town) -> None:
    browser = town.client("claire")
    assert browser.post("/ma-famille/ajouter", data=typed(town)).status_code == 302
    assert browser.post("/ma-famille/ajouter", data=typed(town)).status_code == 422
    with unscoped("vérification"):
        assert (
            len(db.session.scalars(select(Membership).where(Membership.kinship == "grand-mère")).all()) == 1
        )


def test_a_field_for_another_household_s_child_is_not_read(town: Town) -> None:
    answer = town.client("claire").post("/ma-famille/ajouter", data=typed(town, "tom"))
    assert answer.status_code == 422
    with unscoped("vérification"):
        assert db.session.scalars(select(Contact)).all() == []
