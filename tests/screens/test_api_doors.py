"""Every door of the API, for every viewer: what is in reach, and nothing that tells of the rest."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.access import asking, permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, Viewer, acting, unscoped
from app.declare import Entity, Kind, Role, entities
from app.entities.account import RoleName
from app.models import Document, Family, HistoryEntry, Person, Registration
from app.screens.api import fields
from app.services import files, records
from tests.people import Town
from tests.support.api import Caller, caller, program
from tests.support.rows import Rows, every_row
from tests.support.sql import count_statements

KINDS = ("desk", "head", "accountant", "configurator", "admin", "hugo", "robot")


@pytest.fixture
def rows(town: Town) -> dict[str, Rows]:
    return every_row(town)


def kind(town: Town, name: str) -> tuple[Caller, Viewer]:
    """A caller, and the viewer it must be."""
    if name != "robot":
        return caller(town, name), town.viewer(name)
    where = town.facilities["restaurant"]
    roles = (RoleName.DESK, RoleName.HEAD)
    viewer = Viewer(
        None,
        "Robot",
        Side.STAFF,
        roles=Role.DESK | Role.HEAD,
        facility_ids=frozenset((where,)),
        asked=asking.in_force(),
    )
    return Caller(town, program(roles, where)), viewer


def in_reach(entity: type[Entity], viewer: Viewer) -> set[int]:
    with acting(viewer):
        return set(db.session.scalars(select(entity.id)))


@pytest.mark.parametrize("name", KINDS)
def test_each_entity_is_read_as_far_as_its_rows_and_attributes_are_in_reach(
    town: Town, rows: dict[str, Rows], name: str
) -> None:
    call, viewer = kind(town, name)
    hidden = 0
    for entity in entities():
        base = f"/{entity.__term__.slug}"
        mine = in_reach(entity, viewer)
        listed = call.get(f"{base}?taille=85")
        if not permissions.may(viewer, entity, Action.SEE):
            assert listed.status_code == 404, entity
            assert call.get(f"{base}/{rows['A'][entity.__name__]}").status_code == 404
            continue
        assert listed.status_code == 200, (entity, listed.text)
        told = listed.get_json()
        assert told["total"] == len(mine), entity
        seen = {one.name for one in permissions.visible(entity, viewer)}
        for row in told["elements"]:
            assert row["id"] in mine and set(row) == {"id", "revision", *seen}
        for whose in ("A", "B"):
            row_id = rows[whose][entity.__name__]
            answer = call.get(f"{base}/{row_id}")
            assert answer.status_code == (200 if row_id in mine else 404), (entity, whose)
            hidden += row_id not in mine
    assert hidden > 10 or name not in ("hugo", "robot")


@pytest.mark.parametrize("name", KINDS)
def test_each_entity_is_written_by_who_may_and_what_is_out_of_reach_is_a_404(
    town: Town, rows: dict[str, Rows], name: str
) -> None:
    call, viewer = kind(town, name)
    for entity in entities():
        base = f"/{entity.__term__.slug}"
        mine = in_reach(entity, viewer)
        if not permissions.may(viewer, entity, Action.SEE):
            for method, path in (("POST", base), ("PATCH", f"{base}/1"), ("DELETE", f"{base}/1")):
                assert call(method, path, json={}, revision=1).status_code == 404, (method, entity)
            continue
        made = call("POST", base, json={"nimporte": 1})
        assert made.status_code == (422 if records.can_be_made(entity, viewer) else 403), entity
        for whose in ("A", "B"):
            path, row_id = f"{base}/{rows[whose][entity.__name__]}", rows[whose][entity.__name__]
            reached = row_id in mine
            for method, action in (("PATCH", Action.EDIT), ("DELETE", Action.DELETE)):
                answer = call(method, path, json={}, revision=999)
                expected = 403 if not permissions.may(viewer, entity, action) else 412 if reached else 404
                assert answer.status_code == expected, (method, entity, whose, answer.text)


def test_a_read_only_token_writes_nothing(town: Town, rows: dict[str, Rows]) -> None:
    call = caller(town, "admin", is_read_only=True)
    assert call.get("/comptes").status_code == 200
    for method, path in (("POST", "/roles"), ("PATCH", "/roles/1"), ("DELETE", "/roles/1")):
        answer = call(method, path, json={}, revision=1)
        assert answer.status_code == 403 and "lire seulement" in answer.get_json()["detail"]


def test_a_forged_key_is_refused_like_one_that_does_not_exist(town: Town, rows: dict[str, Rows]) -> None:
    call = caller(town, "hugo")
    given = {
        "family": town.families["A"],
        "child": town.people["lila"],
        "activity": town.activities["cantine"],
        "school_year": town.school_year,
    }
    for name, forged in (
        ("activity", town.activities["mercredi"]),
        ("child", town.people["tom"]),
        ("family", town.families["B"]),
    ):
        answers = [call("POST", "/inscriptions", json=given | {name: key}) for key in (forged, 999_999)]
        assert [one.status_code for one in answers] == [422, 422]
        assert answers[0].data == answers[1].data
        assert set(answers[0].get_json()["erreurs"]) == {name}
    row_id = rows["A"]["Registration"]
    moved = call(
        "PATCH", f"/inscriptions/{row_id}", json={"activity": town.activities["mercredi"]}, revision=1
    )
    assert moved.status_code == 422
    with unscoped("compter"):
        assert (
            db.session.scalars(select(Registration.activity_id).where(Registration.id == row_id)).one()
            == town.activities["cantine"]
        )


@pytest.mark.parametrize("parameter", ["tri", "champs", ""])
def test_a_hidden_name_and_one_that_does_not_exist_get_the_same_400(
    town: Town, rows: dict[str, Rows], parameter: str
) -> None:
    tried = 0
    for name in ("accountant", "hugo", "configurator"):
        call, viewer = kind(town, name)
        for entity in entities():
            if not permissions.may(viewer, entity, Action.SEE):
                continue
            secret = [one.name for one in entity.__attributes__.values() if not permissions.sees(viewer, one)]
            dotted = ["family.notes", "child__notes", "id;drop", "family_id.notes"]
            for wrong in (*secret[:3], *dotted[:1]):
                asked = f"?{parameter}={wrong}" if parameter else f"?{wrong}=1"
                absent = f"?{parameter}=inconnu" if parameter else "?inconnu=1"
                base = f"/{entity.__term__.slug}"
                answer, other = call.get(base + asked), call.get(base + absent)
                assert (answer.status_code, other.status_code) == (400, 400), (entity, asked)
                assert answer.text.replace(wrong, "*") == other.text.replace("inconnu", "*")
                tried += 1
    assert tried > 60


@pytest.mark.parametrize(
    "asked",
    [
        "page=0", "page=-1", "page=2", "page=99999999999999", "page=x", "page=1&page=1", "taille=0",
        "taille=101", "taille=-5", "tri=", "tri=--name", "tri=name;drop", "champs=", "champs=name,",
        "residence=", "residence=nimporte", "left_on-du=2026-13-01", "left_on-xx=1", "q=" + "a" * 101,
        "left_on-du=20260101", "q=a%00b", "onglet=x", "revision=1", "id=1", "csrf_token=1",
    ],
)  # fmt: skip
def test_nothing_of_an_address_is_left_out_in_silence(town: Town, asked: str) -> None:
    call = caller(town, "desk")
    answer = call.get(f"/familles?{asked}")
    assert answer.status_code == 400, answer.text
    name = asked.partition("=")[0]
    assert set(answer.get_json()["erreurs"]) == {name} and name in answer.get_json()["detail"]


def test_search_filter_order_page_and_fields_answer_as_the_lists_do(town: Town) -> None:
    with unscoped("de quoi lister"):
        db.session.add_all([Family(name=f"Foule {n:02}", city="Crolles") for n in range(30)])
        db.session.commit()
    call = caller(town, "desk")
    answer = call.get("/familles?q=foule&tri=-name&taille=10&page=2&champs=name,city")
    told = answer.get_json()
    assert (told["total"], told["page"], told["pages"]) == (30, 2, 3)
    assert [one["name"] for one in told["elements"]][:2] == ["Foule 19", "Foule 18"]
    assert set(told["elements"][0]) == {"id", "revision", "name", "city"}
    links = dict(reversed(one.split("; ")) for one in answer.headers["Link"].split(", "))
    assert set(links) == {'rel="first"', 'rel="prev"', 'rel="next"', 'rel="last"'}
    after = call.get(links['rel="next"'].strip("<>").removeprefix("/api/v1"))
    assert after.get_json()["elements"][0]["name"] == "Foule 09"
    assert call.get("/familles?residence=outside").get_json()["total"] == 0
    assert call.get("/familles?left_on-du=2026-01-01&left_on-au=2026-02-01").get_json()["total"] == 0


def test_each_kind_of_value_has_one_form(town: Town, rows: dict[str, Rows]) -> None:
    call = caller(town, "admin")
    line = (
        Caller(town, program([RoleName.ACCOUNTANT]))
        .get(f"/lignes-de-facture/{rows['A']['InvoiceLine']}")
        .get_json()
    )
    assert line["amount_cents"] == 432 and line["invoice"]["id"] == rows["A"]["Invoice"]
    desk = caller(town, "desk")
    document = desk.get(f"/documents/{rows['A']['Document']}").get_json()
    assert document["received_at"] == "2026-09-01T08:30:00Z" and document["valid_from"] == "2026-09-01"
    assert document["status"] == "received"
    account = call.get(f"/comptes/{town.accounts['claire']}").get_json()
    assert "password_hash" not in account and "stamp" not in account
    tariff = desk.get(f"/tarifs/{rows['A']['Tariff']}").get_json()
    assert all(not isinstance(value, float) for value in tariff.values())


def test_a_file_is_read_and_put_by_who_may(town: Town, rows: dict[str, Rows]) -> None:
    with town.app.app_context(), unscoped("une pièce"):
        ref = files.keep(b"%PDF-1.4 essai", "piece.pdf", "application/pdf")
        row_id = rows["A"]["Document"]
        db.session.query(Document).filter_by(id=row_id).one().file = ref
        db.session.commit()
    call = caller(town, "desk")
    told = call.get(f"/documents/{row_id}").get_json()
    assert told["file"] == {
        "nom": "piece.pdf",
        "type": "application/pdf",
        "octets": 14,
        "adresse": f"/api/v1/documents/{row_id}/fichier/file",
    }
    assert call.get(f"/documents/{row_id}/fichier/file").data == b"%PDF-1.4 essai"
    for wrong in ("reason", "nobody", "file_id"):
        assert call.get(f"/documents/{row_id}/fichier/{wrong}").status_code == 404
    assert caller(town, "accountant").get(f"/documents/{row_id}/fichier/file").status_code == 404
    path = f"/documents/{row_id}/fichier/file"
    assert call("PUT", path, data=b"n'importe quoi", revision=told["revision"]).status_code == 422
    assert call("PUT", path, data=b"%PDF", revision=1).status_code == 412
    assert call("PUT", path, data=b"%PDF").status_code == 428
    png = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4"
        b"\x89\x00\x00\x00\rIDATx\x9cc\xfc\xff\xff?\x03\x00\x08\xfc\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND"
        b"\xaeB`\x82"
    )
    put = call("PUT", path + "?nom=photo.png", data=png, revision=told["revision"])
    assert put.status_code in (200, 422), put.text


def test_a_row_is_made_changed_and_deleted_with_its_revision(town: Town) -> None:
    call = caller(town, "desk")
    made = call("POST", "/familles", json={"name": "  Neuve ", "city": "Crolles", "left_on": None})
    assert made.status_code == 201 and made.headers["ETag"] == '"1"'
    path = made.headers["Location"].removeprefix("/api/v1")
    assert made.get_json()["name"] == "Neuve"
    assert call("PATCH", path, json={"city": "Le Touvet"}).status_code == 428
    assert call("PATCH", path, json={"city": "x"}, headers={"If-Match": "*"}).status_code == 428
    changed = call("PATCH", path, json={"city": "Le Touvet"}, revision=1)
    assert changed.status_code == 200 and changed.headers["ETag"] == '"2"'
    stale = call("PATCH", path, json={"city": "Ailleurs"}, revision=1)
    assert stale.status_code == 412
    assert "Secrétariat Service (jeton desk essaie)" in stale.get_json()["detail"]
    assert call.get(path).get_json()["city"] == "Le Touvet"
    assert call("DELETE", path, revision=1).status_code == 412
    assert call("DELETE", path, revision=2).status_code == 204
    assert call.get(path).status_code == 404
    held = call("DELETE", f"/personnes/{town.people['claire']}", revision=1)
    assert held.status_code in (204, 409)
    with unscoped("la trace"):
        actors = db.session.scalars(
            select(HistoryEntry.actor)
            .where(HistoryEntry.entity == "Family", HistoryEntry.actor != "Marelle")
            .distinct()
        ).all()
    assert actors == ["Secrétariat Service (jeton desk essaie)"]


def test_the_history_in_json_hides_what_the_reader_may_not_see(town: Town) -> None:
    given = {"account": town.accounts["claire"], "role_name": "admin"}
    assert caller(town, "admin")("POST", "/roles", json=given).status_code == 201

    def told(name: str) -> Any:
        rows = caller(town, name).get("/historique?q=role&champs=summary,after").get_json()["elements"]
        return next(row["after"] for row in rows if row["summary"] == "Rôle, ajout")

    assert told("admin")["role_name"] == "admin"
    assert told("desk") == {}


def test_a_program_is_named_in_the_history(town: Town) -> None:
    call = Caller(town, program([RoleName.DESK], label="Logiciel de restauration"))
    assert call("POST", "/familles", json={"name": "Neuve"}).status_code == 201
    with unscoped("la trace"):
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.actor.startswith("Prog"))).one()
    assert (entry.actor, entry.account_id) == ("Programme\u00a0: Logiciel de restauration", None)


def test_hidden_read_only_and_unknown_fields_of_a_body_get_the_same_sentence(
    town: Town, rows: dict[str, Rows]
) -> None:
    call = caller(town, "admin")
    path = f"/comptes/{town.accounts['claire']}"
    for name in ("password_hash", "stamp", "invited_at", "nimporte", "id", "revision"):
        answer = call("PATCH", path, json={name: 1}, revision=1)
        assert answer.status_code == 422
        assert answer.get_json()["erreurs"] == {name: fields.UNKNOWN}


def test_the_declared_checks_and_the_checks_of_a_row_decide(town: Town) -> None:
    call = caller(town, "desk")
    wrong = call("POST", "/familles", json={"name": "X", "postcode": "3866", "billing_email": "rien"})
    assert set(wrong.get_json()["erreurs"]) == {"postcode", "billing_email"}
    with unscoped("compter"):
        assert db.session.scalar(select(func.count(Family.id))) == 2


def test_reading_and_writing_take_a_bounded_number_of_statements(town: Town, rows: dict[str, Rows]) -> None:
    call = caller(town, "desk")

    def statements(method: str, path: str, **options: Any) -> int:
        with count_statements() as found:
            answer = call(method, path, **options)
        assert answer.status_code < 300, answer.text
        return len(found)

    # token, version of the settings, count, rows
    few = statements("GET", "/personnes?taille=25")
    with unscoped("de quoi lister"):
        db.session.add_all([Person(first_name=f"P{n}", last_name="Foule") for n in range(60)])
        db.session.commit()
    assert statements("GET", "/personnes?taille=25") == 4 == few + 1  # a list on one page needs no count
    # the same, and the count without the search
    assert statements("GET", "/inscriptions?q=lila&status=asked") <= 5
    for entity in entities():  # whatever names its rows
        if permissions.may(town.viewer("desk"), entity, Action.SEE):
            assert statements("GET", f"/{entity.__term__.slug}") <= 4, entity
    assert statements("GET", f"/personnes/{town.people['lila']}") == 3
    given = {
        "family": town.families["A"],
        "child": town.people["zoe"],
        "activity": town.activities["cantine"],
        "school_year": town.school_year,
    }
    # token, version, four relations that the flush looks for, insert, history, row
    assert statements("POST", "/inscriptions", json=given) <= 10
    assert statements("PATCH", f"/familles/{town.families['A']}", json={"city": "X"}, revision=1) <= 7
    assert statements("GET", "/") == 2 and statements("GET", "/openapi.json") == 2


def test_an_entity_declared_tomorrow_would_be_there_without_another_line(town: Town) -> None:
    told = caller(town, "admin").get("/").get_json()["entites"]
    viewer = town.viewer("admin")
    addresses = {one["adresse"] for one in told}
    assert addresses == {
        f"/api/v1/{entity.__term__.slug}"
        for entity in entities()
        if permissions.may(viewer, entity, Action.SEE)
    }


def test_every_kind_has_a_field_or_a_door_of_its_own() -> None:
    assert {*fields.READ, Kind.FILE} == set(Kind)
