"""The promise: one class and one table, and every screen, right and menu line is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.declare import CARE, FAMILY, Choice, Entity, attribute, masculine, positive, registry, relation
from app.models import Family, HistoryEntry
from tests.people import Browser, Town, make_town, settings_for
from tests.support.api import caller
from tests.support.sql import count_statements


def declare() -> type[Entity]:
    """The twenty lines that a developer writes."""

    class Wheel(Choice):
        BIG = "big", "Grand", "blue", "bicycle"
        SMALL = "small", "Petit", "green", "bicycle"

    class Bicycle(Entity):
        """Bicycle: left in the shed of the leisure centre by a family."""

        __term__ = masculine("vélo", "vélos")
        __scope__ = "family"
        __edit__ = CARE
        __menu__ = "Dossiers"
        __named__ = ("name",)

        family: Mapped[Family] = relation("Famille", parent=True)
        family_id: Mapped[int]
        name: Mapped[str] = attribute("Nom", unique=True)
        wheel: Mapped[Wheel] = attribute("Roues", default=Wheel.BIG)
        gears: Mapped[int | None] = attribute("Vitesses", check=positive)
        note: Mapped[str | None] = attribute("Note du service", see=CARE)

    return Bicycle


@pytest.fixture
def shed(tmp_path: Path) -> Iterator[tuple[Town, type[Entity]]]:
    """A town whose application knows bicycles; forgotten afterwards."""
    bicycle = declare()
    app = create_app(settings_for(tmp_path))
    app.test_client_class = Browser
    try:
        with app.app_context():
            db.create_all()
            yield make_town(app), bicycle
            db.session.remove()
            db.engine.dispose()
    finally:
        registry.forget(bicycle)
        Entity.metadata.remove(bicycle.__table__)  # type: ignore[arg-type]
        Entity.registry._dispose_cls(bicycle)
        Entity.registry._class_registry.pop("Bicycle", None)


def test_the_api_of_a_new_kind_of_record_is_there_too(shed: tuple[Town, type[Entity]]) -> None:
    town, _ = shed
    call = caller(town, "desk")
    given = {"family": town.families["A"], "name": "Rouge", "wheel": "small", "gears": 6, "note": "Crevé"}
    made = call("POST", "/velos", json=given)
    assert made.status_code == 201
    assert call.get("/velos?wheel=small&champs=name,wheel,family").get_json()["elements"] == [
        {
            "id": made.get_json()["id"],
            "revision": 1,
            "name": "Rouge",
            "wheel": "small",
            "family": {"id": town.families["A"], "nom": "Martin"},
        }
    ]
    wrong = call("POST", "/velos", json=given | {"gears": -1, "wheel": "huge"})
    assert set(wrong.get_json()["erreurs"]) == {"gears", "wheel"}
    assert "note" not in caller(town, "accountant").get("/velos").get_json()["elements"][0]
    described = call.get("/openapi.json").get_json()
    assert set(described["paths"]["/api/v1/velos"]) == {"get", "post"}
    assert described["components"]["schemas"]["BicycleCreation"]["required"] == ["family", "name"]


def page_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def make(town: Town, **changes: Any) -> Any:
    form = {"family": town.families["A"], "name": "Rouge", "wheel": "small", "gears": "6", "note": "Crevé"}
    return town.client("desk").post("/service/velos/creer", data={**form, **changes})


def test_a_declaration_is_all_that_a_new_kind_of_record_takes(shed: tuple[Town, type[Entity]]) -> None:
    town, bicycle = shed
    desk = town.client("desk")
    assert "Créer un vélo" in page_of(desk.get("/service/velos/"))
    form = {"family": town.families["A"], "name": "Rouge", "wheel": "small", "gears": "6", "note": "Crevé"}
    made = desk.post("/service/velos/creer", data=form)
    assert made.status_code == 302
    address = made.headers["Location"]
    page = page_of(desk.get(address))
    assert "Vélo enregistré." in page and "Rouge" in page and "Petit" in page and "Martin" in page
    listed = page_of(desk.get("/service/velos/?q=ROUGE&wheel=small"))
    assert "Rouge" in listed and "Roues\u00a0: petit" in listed
    form = {
        "family": town.families["A"],
        "name": "Bleu",
        "wheel": "big",
        "gears": "",
        "note": "",
        "revision": 1,
    }
    assert desk.post(f"{address}/modifier", data=form).status_code == 302
    assert "Bleu" in page_of(desk.get(address))
    assert "Rouge" in page_of(desk.get(f"{address}?onglet=historique"))
    assert desk.post(f"{address}/supprimer").status_code == 302
    with unscoped("vérification"):
        assert db.session.scalars(select(bicycle.id)).all() == []
        told = select(HistoryEntry.action).where(HistoryEntry.entity == "Bicycle").order_by(HistoryEntry.id)
        assert db.session.scalars(told).all() == ["create", "edit", "delete"]


def test_its_checks_its_required_fields_and_its_unique_ones_hold(shed: tuple[Town, type[Entity]]) -> None:
    town, _ = shed
    page = page_of(make(town, name="", gears="-1"))
    assert "2 points sont à corriger" in page and "nombre positif" in page
    assert make(town).status_code == 302
    assert "Déjà pris par un autre vélo" in page_of(make(town))


def test_its_rights_derive_from_it(shed: tuple[Town, type[Entity]]) -> None:
    town, _ = shed
    address = make(town).headers["Location"]
    for name, form, seen in (("head", 200, True), ("accountant", 403, False)):
        client = town.client(name)
        assert client.get(f"{address}/modifier").status_code == form, name
        assert ("Note du service" in page_of(client.get(address))) is seen, name
    assert town.client("accountant").post(f"{address}/supprimer").status_code == 403


def test_a_family_reads_its_own_and_no_other(shed: tuple[Town, type[Entity]]) -> None:
    town, bicycle = shed
    make(town)
    make(town, family=town.families["B"], name="Vert")
    with unscoped("les numéros"):
        mine, theirs = db.session.scalars(select(bicycle.id).order_by(bicycle.id)).all()
    claire = town.client("claire")
    page = page_of(claire.get("/espace/velos/"))
    assert "Rouge" in page and "Vert" not in page and "Crevé" not in page
    shown = page_of(claire.get(f"/espace/velos/{mine}"))
    assert "Petit" in shown and "Crevé" not in shown and "Note du service" not in shown
    assert claire.get(f"/espace/velos/{theirs}").status_code == 404
    for door in ("creer", f"{mine}/modifier", f"{mine}/supprimer"):
        assert claire.post(f"/espace/velos/{door}").status_code == 404
    assert claire.get("/service/velos/").status_code == 404
    assert "/espace/velos/" in page_of(claire.get("/espace/"))


def test_the_menu_and_the_tabs_of_the_family_show_it(shed: tuple[Town, type[Entity]]) -> None:
    town, _ = shed
    make(town)
    page = page_of(town.client("desk").get("/service/"))
    menu = page[page.index('<nav class="side') : page.index("<header")]
    under = menu[menu.index("Dossiers") : menu.index("Factures")]
    assert 'href="/service/velos/"' in under
    everything = page_of(town.client("desk").get(f"/service/familles/{town.families['A']}?onglet=tous"))
    assert re.search(r'onglet=velos\.family">Vélos <span class="second">1', everything)


def test_its_pages_run_few_statements(shed: tuple[Town, type[Entity]]) -> None:
    town, _ = shed
    address = make(town).headers["Location"]
    desk = town.client("desk")
    for door in ("/service/velos/", address, f"{address}/modifier", "/service/velos/creer"):
        with count_statements() as statements:
            assert desk.get(door).status_code == 200
        assert len(statements) <= 12, (door, statements)


def test_an_entity_that_is_forgotten_leaves_no_trace() -> None:
    assert "Bicycle" not in {one.__name__ for one in registry.entities()}
    assert "bicycle" not in Entity.metadata.tables
    assert FAMILY & Family.may_see()  # the mapped classes still work
    select(Family).compile()
