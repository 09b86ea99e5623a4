"""Every door of every entity, for every viewer: what the declarations give, and nothing else."""

import re
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, unscoped
from app.declare import FAMILY, Entity, Kind, entities, entity_named
from app.declare.scope import FirstGiven, Root, Through
from app.entities.account import RoleName
from app.models import Document, Family, RoleGrant
from app.screens.builder.fields import PLAIN
from app.screens.builder.screen import Screen
from app.services import files, records
from tests.people import Town
from tests.support.rows import Rows, every_row

STAFF_VIEWERS = ("desk", "head", "accountant", "configurator", "admin", "hugo")
MISSING = 999_999


@pytest.fixture
def rows(town: Town) -> dict[str, Rows]:
    return every_row(town)


def screen(town: Town, entity: type[Entity], side: Side) -> Screen | None:
    found: Screen | None = town.app.extensions["marelle.screens"].get((entity.__name__, side))
    return found


def root(entity: type[Entity]) -> Root:
    """Where its scope ends, read again here: the test must not ask the code it tests."""
    scope = entity.__scope__
    if isinstance(scope, Through):
        return root(entity_named(scope.entity))
    if isinstance(scope, FirstGiven):
        return root(entity_named(entity.__attributes__[scope.relations[0]].target))
    if isinstance(scope, Root):
        return scope
    return root(entity_named(entity.__attributes__[scope].target))


def text(answer: Any) -> str:
    """The page without what changes at each answer, nor the town's questions, which are everybody's."""
    page = re.sub(r'(name="csrf[_-]token" (?:value|content)=")[^"]*', r"\1", answer.get_data(as_text=True))
    return re.sub(r"Ligne [AB] Question \w+", "Question", page)


def test_nobody_enters_without_logging_in(town: Town) -> None:
    client = town.client(None)
    for (name, side), page in town.app.extensions["marelle.screens"].items():
        doors = ["/", "/1"] + (["/creer", "/1/modifier", "/export.csv"] if side is Side.STAFF else [])
        for door in doors:
            answer = client.get(page.route_base + door)
            assert answer.status_code == 302, (name, door)
            assert "/connexion" in answer.headers["Location"]


def test_a_family_reads_its_own_rows_and_what_is_public_and_a_stranger_s_row_is_a_404(
    town: Town, rows: dict[str, Rows]
) -> None:
    client = town.client("claire")
    seen = 0
    for entity in entities():
        page = screen(town, entity, Side.FAMILY)
        if page is None:
            assert not entity.may_see() & FAMILY or root(entity) is Root.SERVICE, entity
            continue
        base, mine, theirs = page.route_base, rows["A"][entity.__name__], rows["B"][entity.__name__]
        assert client.get(f"{base}/{mine}").status_code == 200, entity
        listed = client.get(f"{base}/?taille=100")
        assert listed.status_code == 200, entity
        assert f'href="{base}/{mine}"' in text(listed), entity
        if mine == theirs or root(entity) is Root.TOWN:
            continue
        seen += 1
        assert client.get(f"{base}/{theirs}").status_code == 404, entity
        assert f'href="{base}/{theirs}"' not in text(listed), entity
        assert "Ligne B" not in text(listed), entity
        assert "Ligne B" not in text(client.get(f"{base}/{mine}")), entity
    assert seen > 20


def test_a_family_has_no_door_to_write_through_nor_to_export(town: Town, rows: dict[str, Rows]) -> None:
    client = town.client("claire")
    for entity in entities():
        page = screen(town, entity, Side.FAMILY)
        if page is None:
            continue
        mine = rows["A"][entity.__name__]
        for door in ("/creer", f"/{mine}/modifier", f"/{mine}/supprimer", "/export.csv"):
            assert client.get(page.route_base + door).status_code in (404, 405), (entity, door)
            assert client.post(page.route_base + door).status_code in (404, 405), (entity, door)


def test_to_a_family_no_page_of_the_service_exists(town: Town, rows: dict[str, Rows]) -> None:
    client = town.client("claire")
    for entity in entities():
        page = screen(town, entity, Side.STAFF)
        assert page is not None
        for door in ("/", f"/{rows['A'][entity.__name__]}", "/creer", "/export.csv"):
            assert client.get(page.route_base + door).status_code == 404, (entity, door)


@pytest.mark.parametrize("name", STAFF_VIEWERS)
def test_each_role_is_allowed_what_its_declarations_give(town: Town, name: str) -> None:
    viewer = town.viewer(name)
    for entity in entities():
        page = screen(town, entity, Side.STAFF)
        assert page is not None
        expected = {
            "index": entity.may_see(),
            "show_row": entity.may_see(),
            "export": entity.may_see(),
            "choices": entity.may_see(),
            "file": entity.may_see(),
            "edit": entity.may_edit(),
            "delete": entity.may_delete(),
        }
        for method, roles in expected.items():
            assert page.allows(method, viewer) is bool(roles & viewer.acting_roles), (entity, method)
        if page.allows("add", viewer):
            assert entity.may_create() & viewer.acting_roles


@pytest.mark.slow
@pytest.mark.parametrize("name", ["desk", "configurator", "hugo"])
def test_each_door_answers_as_the_role_allows_and_the_scope_reaches(
    town: Town, rows: dict[str, Rows], name: str
) -> None:
    client, viewer = town.client(name), town.viewer(name)
    for entity in entities():
        page = screen(town, entity, Side.STAFF)
        assert page is not None
        base = page.route_base
        for whose in ("A", "B"):
            row = rows[whose][entity.__name__]
            with town.acting(name):
                reached = _reached(entity, row)
            for door, method in (
                (f"/{row}", "show_row"),
                (f"/{row}/modifier", "edit"),
                (f"/{row}/supprimer", "delete"),
            ):
                allowed = page.allows(method, viewer)
                expected = 403 if not allowed else 200 if reached else 404
                assert _answer(client, base + door) == expected, (entity, door)
        for door, method in (("/", "index"), ("/creer", "add"), ("/export.csv", "export")):
            expected = 200 if page.allows(method, viewer) else 403
            assert _answer(client, base + door) == expected, (entity, door)


def _answer(client: FlaskClient, door: str) -> int:
    """The status of the page, or of the one written for the entity where the door leads to it."""
    answer = client.get(door)
    return client.get(answer.location).status_code if answer.status_code == 302 else answer.status_code


def _reached(entity: type[Entity], row_id: int) -> bool:

    return db.session.scalars(select(entity.id).where(entity.id == row_id)).one_or_none() is not None


def test_a_head_of_the_canteen_gets_nothing_of_the_leisure_centre_by_list_choice_search_or_export(
    town: Town, rows: dict[str, Rows]
) -> None:
    client = town.client("hugo")
    with town.acting("hugo"):
        assert not _reached(entity_named("Registration"), rows["B"]["Registration"])
    for door in (
        "/service/inscriptions/?taille=100",
        "/service/inscriptions/export.csv",
        "/service/inscriptions/choix/child?q=tom",
        "/service/personnes/?q=tom",
        "/service/chercher?q=tom",
        f"/service/inscriptions/?child={town.people['tom']}",
        f"/service/inscriptions/creer?child={town.people['tom']}",
    ):
        answer = client.get(door)
        assert answer.status_code == 200, door
        page = text(answer).replace('value="tom"', "").replace("« tom »", "").replace("Mots : tom", "")
        assert "Tom" not in page and "Durand Tom" not in page, door
    assert "Lila" in text(client.get("/service/inscriptions/?taille=100"))


def test_a_missing_row_and_an_impossible_number_are_404(town: Town) -> None:
    client = town.client("desk")
    for door in (f"/{MISSING}", "/99999999999999999999999", f"/{MISSING}/modifier", f"/{MISSING}/supprimer"):
        assert client.get("/service/familles" + door).status_code == 404, door


# --- What is hidden says nothing ---


def hidden_from(entity: type[Entity], viewer: Any) -> list[str]:
    return [one.name for one in entity.__attributes__.values() if not one.seen_by(viewer.acting_roles)]


@pytest.mark.slow
def test_sorting_or_filtering_by_what_is_hidden_gives_the_same_page_as_not_asking(
    town: Town, rows: dict[str, Rows]
) -> None:
    tried = 0
    for name, side in (("claire", Side.FAMILY), ("accountant", Side.STAFF), ("hugo", Side.STAFF)):
        client, viewer = town.client(name), town.viewer(name)
        for entity in entities():
            page = screen(town, entity, side)
            hidden = hidden_from(entity, viewer)
            if page is None or not hidden or not page.allows("index", viewer):
                continue
            plain = text(client.get(page.route_base + "/"))
            for one in hidden:
                for asked in (f"tri={one}", f"tri=-{one}", f"{one}=1", f"{one}=oui", f"{one}-du=2020-01-01"):
                    tried += 1
                    assert text(client.get(f"{page.route_base}/?{asked}")) == plain, (entity, asked)
    assert tried > 20


@pytest.mark.parametrize(
    "asked",
    ["tri=family.notes", "tri=child__notes", "family.notes=x", "tri=id;drop", "nimporte=1", "tri=notes"],
)
def test_a_dotted_or_unknown_name_is_as_if_it_were_not_written(
    town: Town, rows: dict[str, Rows], asked: str
) -> None:
    client = town.client("accountant")
    assert text(client.get(f"/service/familles/?{asked}")) == text(client.get("/service/familles/"))


def test_words_of_a_hidden_attribute_find_nothing(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Family, "__searched__", ("name", "notes"))
    with unscoped("une note"):
        db.session.query(Family).filter_by(id=town.families["A"]).one().notes = "Mystère"
        db.session.commit()
    link = f'/{town.families["A"]}"'
    assert f'href="/service/familles{link}' in text(town.client("desk").get("/service/familles/?q=mystere"))
    assert f'href="/service/familles{link}' not in text(
        town.client("accountant").get("/service/familles/?q=mystere")
    )
    assert f'href="/espace/familles{link}' not in text(
        town.client("claire").get("/espace/familles/?q=mystere")
    )


def test_the_history_hides_what_the_reader_may_not_see(town: Town) -> None:
    # A grant of roles is the administration's to see; the desk reads the history, not that.
    with town.acting("admin"):
        given = {"account": town.accounts["claire"], "role_name": RoleName.ADMIN}
        assert records.create(RoleGrant, given, town.viewer("admin"))
    page = text(town.client("desk").get("/service/historique/?q=role"))
    number = re.findall(r'/service/historique/(\d+)"', page)[0]
    shown = text(town.client("desk").get(f"/service/historique/{number}"))
    told = "<dt>Rôle</dt><dd>Administration</dd>"
    assert "Rôle, ajout" in shown and told not in shown
    assert told in text(town.client("admin").get(f"/service/historique/{number}"))


def test_whoever_reaches_some_rows_alone_searches_by_the_names_of_what_they_point_at(
    town: Town, rows: dict[str, Rows]
) -> None:
    for name, side in (("claire", "espace"), ("hugo", "service")):
        client = town.client(name)
        assert f'/{rows["A"]["Registration"]}"' in text(client.get(f"/{side}/inscriptions/?q=lila"))
        assert f'/{rows["B"]["Registration"]}"' not in text(client.get(f"/{side}/inscriptions/?q=tom"))


# --- Files and choices ---


def test_choices_are_for_a_relation_that_the_viewer_sees(town: Town, rows: dict[str, Rows]) -> None:
    desk = town.client("desk")
    found = desk.get("/service/inscriptions/choix/child?q=lila").get_json()
    assert [one["id"] for one in found] == [town.people["lila"]]
    assert desk.get("/service/inscriptions/choix/child?q=").get_json() == []
    for wrong in ("status", "nobody", "child_id", "revision"):
        assert desk.get(f"/service/inscriptions/choix/{wrong}?q=a").status_code == 404, wrong
    claire = town.client("claire")
    assert claire.get("/espace/inscriptions/choix/child?q=tom").get_json() == []
    assert claire.get("/espace/inscriptions/choix/family?q=durand").get_json() == []
    for hidden in ("factures/choix/run", "historique/choix/account"):
        assert claire.get(f"/espace/{hidden}?q=a").status_code == 404, hidden


def test_at_most_twenty_rows_are_proposed(town: Town) -> None:

    with unscoped("de quoi choisir"):
        db.session.add_all([Family(name=f"Foule {n}") for n in range(30)])
        db.session.commit()
    found = town.client("desk").get("/service/inscriptions/choix/family?q=foule").get_json()
    assert len(found) == 20


def test_a_file_is_served_to_who_sees_its_row_alone(town: Town, rows: dict[str, Rows]) -> None:

    ids = {}
    with town.app.app_context(), unscoped("une pièce par foyer"):
        for whose in ("A", "B"):
            ref = files.keep(b"%PDF-1.4 " + whose.encode(), "piece.pdf", "application/pdf")
            document = db.session.query(Document).filter_by(id=rows[whose]["Document"]).one()
            document.file = ref
            ids[whose] = document.id
        db.session.commit()
    claire = town.client("claire")
    answer = claire.get(f"/espace/documents/{ids['A']}/fichier/file")
    assert answer.status_code == 200 and answer.data == b"%PDF-1.4 A"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert claire.get(f"/espace/documents/{ids['B']}/fichier/file").status_code == 404
    for wrong in ("reason", "nobody", "file_id"):
        assert claire.get(f"/espace/documents/{ids['A']}/fichier/{wrong}").status_code == 404
    # The accountant does not see documents at all.
    assert town.client("accountant").get(f"/service/documents/{ids['A']}/fichier/file").status_code == 403


# --- Many at once ---


def test_eight_people_who_list_at_once_see_their_own_rows_and_filters(
    town: Town, rows: dict[str, Rows]
) -> None:
    faults: list[str] = []

    def knock(name: str, own: str, other: str) -> None:
        client = town.client(name)
        for _ in range(6):
            page = text(
                client.get("/espace/personnes/?q=martin" if name == "claire" else "/espace/personnes/")
            )
            if own not in page or other in page:
                faults.append(f"{name}: {own} / {other}")

    people = [("claire", "Lila", "Tom"), ("denis", "Tom", "Lila")] * 4
    threads = [threading.Thread(target=_in_context, args=(town, knock, one)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def _in_context(town: Town, knock: Any, one: tuple[str, str, str]) -> None:
    with town.app.app_context():
        knock(*one)


def test_no_relation_leads_a_menu_or_a_tab_to_a_page_that_is_closed(
    town: Town, rows: dict[str, Rows]
) -> None:
    """Every link of a household's page opens."""
    client = town.client("accountant")
    base = f"/service/familles/{town.families['A']}"
    page = text(client.get(base))
    links = set(re.findall(r'href="(/service/[^"#]*)"', page))
    assert len(links) > 8
    for link in links:
        assert client.get(link).status_code in (200, 302), link


def test_what_a_role_may_not_edit_is_refused_by_the_service_itself(town: Town) -> None:

    viewer = town.viewer("accountant")
    with town.acting("accountant"):
        row = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        assert not permissions.may(viewer, Family, Action.EDIT)
        assert not records.update(row, {"name": "Autre"}, viewer)
        assert not records.create(Family, {"name": "Autre"}, viewer)
        assert not records.delete(row, viewer)
    viewer = town.viewer("desk")
    with town.acting("desk"):
        row = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        barred = records.update(row, {"revision_note": 1}, viewer)
        assert barred.problems == {"revision_note": "Vous ne pouvez pas modifier ce champ."}


def test_every_kind_has_a_field_or_is_read_only() -> None:

    drawn = {*PLAIN, Kind.CHOICE, Kind.BOOLEAN}
    assert drawn == set(Kind)


def test_a_search_through_relations_is_narrowed_to_who_asks(town: Town, rows: dict[str, Rows]) -> None:
    """For every entity, by a head of one facility and by a parent."""
    for name, side, own, other in (
        ("hugo", Side.STAFF, "lila", "tom"),
        ("claire", Side.FAMILY, "lila", "tom"),
    ):
        client, viewer = town.client(name), town.viewer(name)
        for entity in entities():
            page = screen(town, entity, side)
            if page is not None and page.allows("index", viewer):
                assert client.get(f"{page.route_base}/?q=a").status_code == 200, entity
        base = "/service" if side is Side.STAFF else "/espace"
        assert "<tbody>" in text(client.get(f"{base}/inscriptions/?q={own}")) or side is Side.FAMILY
        assert f'{base}/inscriptions/{rows["B"]["Registration"]}"' not in text(
            client.get(f"{base}/inscriptions/?q={other}")
        )
