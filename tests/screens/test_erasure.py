"""Dossiers à effacer: who opens it, what it lists, what it asks before the deed."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import Family, RoleGrant
from app.services import clock
from tests.people import Town
from tests.support.rows import Rows, every_row
from tests.support.sql import count_statements

LIST = "/service/effacement"
NOW = datetime(2028, 10, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def rows(town: Town, monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    found = every_row(town)
    leave(town, "A", date(2026, 9, 15))
    leave(town, "B", date(2027, 9, 15))
    return found


def leave(town: Town, whose: str, on: date) -> None:
    with unscoped("le départ"):
        db.session.execute(update(Family).where(Family.id == town.families[whose]).values(left_on=on))
        db.session.commit()


def names(town: Town) -> list[str]:
    with unscoped("les dossiers"):
        return list(db.session.scalars(select(Family.name).order_by(Family.id)))


@pytest.mark.parametrize("name", ["head", "accountant", "configurator", "hugo"])
def test_only_the_desk_and_the_administrator_open_it(town: Town, rows: dict[str, Rows], name: str) -> None:
    assert town.client(name).get(LIST).status_code == 403
    sent = {"name": "Martin"}
    assert town.client(name).post(f"{LIST}/{town.families['A']}", data=sent).status_code == 403
    assert "Martin" in names(town)


def test_the_desk_of_one_facility_does_not(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("un secrétariat d’une seule structure"):
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.role_name == RoleName.DESK)).first()
        assert grant is not None
        grant.facility_id = town.facilities["restaurant"]
        db.session.commit()
    path = f"{LIST}/{town.families['A']}"
    assert town.client("desk").post(path, data={"name": "Martin"}).status_code == 403
    assert "Dossiers à effacer" not in town.client("desk").get("/service/").text
    assert "Martin" in names(town)


@pytest.mark.parametrize("name", ["claire", "denis", "paul"])
def test_to_a_parent_it_does_not_exist(town: Town, rows: dict[str, Rows], name: str) -> None:
    path = f"{LIST}/{town.families['A']}"
    assert town.client(name).get(path).status_code == 404
    assert town.client(name).post(path, data={"name": "Martin"}).status_code == 404
    assert "Martin" in names(town)


def test_the_list_says_who_can_be_erased_and_from_when(town: Town, rows: dict[str, Rows]) -> None:
    page = town.client("desk").get(LIST).text
    now, later = page.split("Départ noté")
    assert "Effacer le dossier Martin" in now and "Durand" not in now
    assert "Voir le dossier Durand" in later and "à partir du 15/09/2029" in later


def test_a_household_that_nobody_has_seen_for_as_long_is_shown(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("aucun départ"):
        db.session.execute(update(Family).values(left_on=None))
        db.session.commit()
    page = town.client("desk").get(LIST).text
    assert "Sans inscription ni changement" not in page  # written today by these tests
    clock_in_years = NOW.replace(year=2031)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: clock_in_years)
        page = town.client("desk").get(LIST).text
    assert "Ces familles sont-elles parties" in page and "Martin" in page


def test_the_page_tells_what_goes_and_what_stays(town: Town, rows: dict[str, Rows]) -> None:
    page = town.client("desk").get(f"{LIST}/{town.families['A']}").text
    going, staying = page.split("Ce qui reste")
    assert "2\u00a0personnes" in going and "1\u00a0réservation" in going and "1\u00a0compte" in going
    assert "1\u00a0facture" in staying and "1\u00a0mandat de prélèvement" in staying
    assert "Zoé Martin-Durand" in staying and "aussi dans un autre dossier" in staying
    assert "à payer sur ses factures" in going


def test_the_deed_from_the_page(town: Town, rows: dict[str, Rows]) -> None:
    desk, path = town.client("desk"), f"{LIST}/{town.families['A']}"
    refused = desk.post(path, data={"name": "Marin"})
    assert refused.status_code == 422 and 'value="Marin"' in refused.text and "is-invalid" in refused.text
    done = desk.post(path, data={"name": "Martin"}, follow_redirects=True)
    assert "Le dossier Martin est effacé." in done.text
    assert desk.get(path).status_code == 404 and desk.post(path, data={"name": "Martin"}).status_code == 404
    assert names(town) == [f"Dossier effacé n° {town.families['A']}", "Durand"]
    told = desk.get(f"/service/familles/{town.families['A']}?onglet=historique").text
    assert "Dossier effacé\u00a0:" in told and "Claire" not in told.split("<main")[1]


def test_the_record_of_a_household_that_left_leads_there(town: Town, rows: dict[str, Rows]) -> None:
    record = f"/service/familles/{town.families['A']}"
    assert f"{LIST}/{town.families['A']}" in town.client("desk").get(record).text
    with unscoped("encore là"):
        db.session.execute(update(Family).values(left_on=None))
        db.session.commit()
    assert LIST + "/" not in town.client("desk").get(record).text


@pytest.mark.parametrize("path", [LIST, LIST + "/{A}"])
def test_twelve_statements(town: Town, rows: dict[str, Rows], path: str) -> None:
    client = town.client("desk")
    client.get("/service/")
    with count_statements() as told:
        assert client.get(path.format(**town.families)).status_code == 200
    assert len(told) <= 12, len(told)


@pytest.mark.slow
def test_on_postgresql(postgres_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    town = postgres_town
    every_row(town)
    leave(town, "A", date(2026, 9, 15))
    path = f"{LIST}/{town.families['A']}"
    assert "2\u00a0personnes" in town.client("desk").get(path).text
    assert town.client("desk").post(path, data={"name": "Martin"}).status_code == 302
    assert names(town) == [f"Dossier effacé n° {town.families['A']}", "Durand"]
