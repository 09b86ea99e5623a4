"""Generated screens on a real PostgreSQL: the same doors, searches and refusals as on SQLite."""

import pytest

from app.access.viewer import Side
from app.declare import entities
from app.screens.builder.addresses import SCREENS
from tests.people import Town


@pytest.mark.slow
def test_every_door_answers_and_searches_fold_accents_on_postgresql(postgres_town: Town) -> None:
    town, app = postgres_town, postgres_town.app
    desk = town.client("desk")
    for entity in entities():
        base = app.extensions[SCREENS][entity.__name__, Side.STAFF].route_base
        for door in (
            "/",
            "/?q=%C3%89lise+b%C5%93uf%00%25",
            "/export.csv",
            "/1",
            "/1?onglet=historique",
            "/creer",
            "/1/modifier",
        ):
            assert desk.get(base + door).status_code < 500, base + door
    found = desk.get("/service/personnes/?q=ZOE+martin").get_data(as_text=True)
    assert "Martin-Durand" in found and "Lila" not in found
    taken = {"code": "restaurant", "name": "A", "facility_kind": "canteen", "collected_by": "treasury"}
    refused = town.client("configurator").post("/service/structures/creer", data=taken)
    assert "Déjà pris par une autre structure" in refused.get_data(as_text=True)
