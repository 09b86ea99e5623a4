"""The API on a real PostgreSQL: the same lists, writes and refusals as on SQLite."""

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import entities
from app.models import ApiToken
from app.services import clock
from tests.people import Town
from tests.screens.test_api_hostile import BODIES
from tests.support.api import caller
from tests.support.rows import every_row

OURS = ApiToken.label == "desk essaie"


@pytest.mark.slow
def test_lists_writes_and_refusals_are_the_same_on_postgresql(postgres_town: Town) -> None:
    town = postgres_town
    rows = every_row(town)
    call = caller(town, "desk")
    with unscoped("un usage à noter"):
        db.session.scalars(select(ApiToken).where(OURS)).one().last_used_at = None
        db.session.commit()
    read = 0
    for entity in entities():
        slug = entity.__term__.slug
        for asked in ("?q=%C3%89lise", "?taille=2", f"/{rows['A'][entity.__name__]}"):
            answer = call.get(f"/{slug}{asked}")
            assert answer.status_code in (200, 404), answer.text
            read += answer.status_code == 200
    assert read > 80
    for what, (content, kind, status) in BODIES.items():
        answer = call("POST", "/familles", data=content, content_type=kind or None)
        assert answer.status_code == status, (what, answer.text)
    made = call("POST", "/familles", json={"name": "Neuve"})
    path = made.headers["Location"].removeprefix("/api/v1")
    assert call("PATCH", path, json={"notes": "Été"}, revision=1).headers["ETag"] == '"2"'
    assert call("PATCH", path, json={"notes": "x"}, revision=1).status_code == 412
    assert call("DELETE", path, revision=2).status_code == 204
    given = {"family": 1, "child": 2, "activity": 99, "school_year": 1}
    forged = call("POST", "/inscriptions", json=given)
    assert set(forged.get_json()["erreurs"]) == {"activity"}
    taken = {"code": "restaurant", "name": "A", "facility_kind": "canteen", "collected_by": "treasury"}
    refused = caller(town, "configurator")("POST", "/structures", json=taken)
    assert refused.get_json()["erreurs"]["code"].startswith("Déjà pris par une autre structure")
    with unscoped("l'usage est noté"):
        used = db.session.scalars(select(ApiToken).where(OURS)).one()
        assert used.last_used_at is not None and used.last_used_at <= clock.now()
