"""The views of a list at work: kept, opened, changed; and nothing of what they may not tell."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.viewer import Side, unscoped
from app.declare import entities
from app.models import SavedView
from app.screens.builder import filters
from tests.people import Town
from tests.screens.test_lists_columns import heads, page_of
from tests.support.sql import count_statements

FAMILIES = "/service/familles/"
VIEWS = "/service/familles/vues"


def keep(town: Town, who: str, name: str, query: str, **more: str) -> Any:
    return town.client(who).post(VIEWS, data={"name": name, "query": query, **more})


def number(name: str) -> int:
    with unscoped("vérification"):
        return db.session.scalars(select(SavedView.id).where(SavedView.name == name)).one()


def query_kept(name: str) -> str:
    with unscoped("vérification"):
        return db.session.scalars(select(SavedView.query).where(SavedView.name == name)).one()


def links(page: str) -> dict[str, str]:
    """The views that a list shows, by name."""
    pop = page.split('<div class="pop-in pop-wide">')[1].split("</details>", maxsplit=1)[0]
    found = re.findall(r'<a href="([^"]*)"[^>]*>.*?<span>([^<]*)', pop)
    return {name: url.replace("&amp;", "&") for url, name in found}


def test_a_list_is_kept_under_a_name_and_opened_again(town: Town) -> None:
    answer = keep(town, "desk", "À Crolles", "q=durand&colonnes=name,city&tri=-city&page=3&nimporte=1")
    assert query_kept("À Crolles") == "q=durand&tri=-city&colonnes=name,city"
    expected = f"{FAMILIES}?q=durand&tri=-city&colonnes=name,city&vue={number('À Crolles')}"
    assert answer.headers["Location"] == expected
    desk = town.client("desk")
    page = page_of(desk.get(expected))
    assert heads(page) == ["Nom du foyer", "Commune"] and ">Durand</a>" in page and ">Martin</a>" not in page
    assert links(page_of(desk.get(FAMILIES)))["À Crolles"] == expected


def test_a_private_view_is_nowhere_for_a_colleague(town: Town) -> None:
    keep(town, "desk", "Secret du service", "q=durand")
    row = number("Secret du service")
    accountant = town.client("accountant")
    before = page_of(accountant.get(FAMILIES + "?vue=999999"))
    assert page_of(accountant.get(f"{FAMILIES}?vue={row}")) == before
    assert "Secret du service" not in page_of(accountant.get(VIEWS)) + before
    for action in ("", "supprimer"):
        for forged in (row, 999_999):
            answer = accountant.post(f"{VIEWS}/{forged}", data={"name": "Volée", "action": action})
            assert answer.status_code == 404
    assert query_kept("Secret du service") == "q=durand"


def test_a_shared_view_is_opened_by_all_and_changed_by_its_owner_alone(town: Town) -> None:
    keep(town, "desk", "Pour tous", "q=durand", shared="1")
    accountant = town.client("accountant")
    page = page_of(accountant.get(links(page_of(accountant.get(FAMILIES)))["Pour tous"]))
    assert ">Martin</a>" not in page and "partagée par Secrétariat Service" in page
    assert "Mettre à jour" not in page
    assert accountant.post(f"{VIEWS}/{number('Pour tous')}", data={"action": "supprimer"}).status_code == 404
    # It is of that list alone.
    other = town.client("desk").post(f"/service/personnes/vues/{number('Pour tous')}", data={"name": "x"})
    assert other.status_code == 404


def test_what_the_reader_does_not_see_drops_out_of_a_shared_view(town: Town) -> None:
    desk, accountant = town.viewer("desk"), town.viewer("accountant")
    screens = town.app.extensions["marelle.screens"]
    tried = 0
    for entity in entities():
        page = screens[entity.__name__, Side.STAFF]
        if not (page.allows("index", desk) and page.allows("index", accountant)):
            continue
        seen = permissions.visible(entity, desk)
        hidden = [one for one in filters.filterable(seen) if not permissions.sees(accountant, one)]
        for one in hidden:
            tried += 1
            value = filters.EMPTY if filters.nullable(entity, one) else "oui"
            asked = {"name": one.name, "query": f"{one.name}={value}&colonnes={one.name}", "shared": "1"}
            town.client("desk").post(f"{page.route_base}/vues", data=asked)
            text = page_of(town.client("accountant").get(f"{page.route_base}/"))
            url = links(text)[one.name]
            assert one.name not in url and url.endswith(f"vue={number(one.name)}"), (entity, one.name)
            assert page_of(town.client("accountant").get(url)).count("filter-on") == 0
    assert tried > 0


def test_a_default_view_opens_when_the_address_says_nothing(town: Town) -> None:
    keep(town, "desk", "Du matin", "q=durand", default="1")
    desk = town.client("desk")
    answer = desk.get(FAMILIES)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{FAMILIES}?q=durand&vue={number('Du matin')}"
    page = page_of(desk.get(answer.headers["Location"]))
    # Its filters can be taken off without it coming back.
    assert f'href="{FAMILIES}?vue={number("Du matin")}">Tout effacer' in page
    assert links(page)["Toute la liste"] == FAMILIES + "?vue=0"
    assert ">Martin</a>" in page_of(desk.get(FAMILIES + "?vue=0"))
    assert "vue=0" in page_of(desk.get(FAMILIES + "?q=a"))
    # The others are not sent anywhere.
    assert town.client("accountant").get(FAMILIES).status_code == 200


def test_a_default_view_without_anything_left_does_not_turn_in_circles(town: Town) -> None:
    keep(town, "desk", "Vide", "", default="1")
    desk = town.client("desk")
    answer = desk.get(FAMILIES)
    assert desk.get(answer.headers["Location"]).status_code == 200


def test_a_view_of_one_s_own_that_is_changed_can_be_brought_up_to_date(town: Town) -> None:
    keep(town, "desk", "Mienne", "q=durand", shared="1")
    row = number("Mienne")
    desk = town.client("desk")
    assert "Mettre à jour" not in page_of(desk.get(f"{FAMILIES}?q=durand&vue={row}"))
    page = page_of(desk.get(f"{FAMILIES}?q=martin&vue={row}"))
    assert "modifiée" in page and "Mettre à jour" in page
    form = {"name": "Mienne", "shared": "1", "query": "q=martin"}
    assert desk.post(f"{VIEWS}/{row}", data=form).headers["Location"] == f"{FAMILIES}?q=martin&vue={row}"
    assert query_kept("Mienne") == "q=martin"


def test_the_page_of_the_views_renames_shares_and_deletes(town: Town) -> None:
    keep(town, "desk", "Une", "q=durand")
    keep(town, "desk", "Deux", "")
    desk, row = town.client("desk"), number("Une")
    assert desk.post(f"{VIEWS}/{row}", data={"name": "Trois", "shared": "1"}).status_code == 302
    page = page_of(desk.get(VIEWS))
    assert 'value="Trois"' in page and "Deux" in page
    refused = desk.post(f"{VIEWS}/{row}", data={"name": "deux"})
    assert refused.status_code == 422 and "déjà une vue" in page_of(refused)
    assert "Trois" in page_of(town.client("accountant").get(VIEWS))
    assert desk.post(f"{VIEWS}/{row}", data={"action": "supprimer"}).status_code == 302
    assert "est supprimée" in page_of(desk.get(VIEWS)) and 'value="Trois"' not in page_of(desk.get(VIEWS))


@pytest.mark.parametrize(
    "form",
    [{}, {"name": "  "}, {"name": "\x00"}, {"name": "x" * 300, "query": "q=a"},
     {"name": "long", "query": "q=" + "é" * 5000},
     {"name": "x", "query": "&".join("a=b" for _ in range(5000))}],
)  # fmt: skip
def test_nonsense_is_answered_and_breaks_nothing(town: Town, form: dict[str, str]) -> None:
    desk = town.client("desk")
    assert desk.post(VIEWS, data=form, follow_redirects=True).status_code == 200
    assert desk.get(FAMILIES + "?vue=-1&vue=abc").status_code == 200


def test_the_doors_are_those_of_the_list(town: Town) -> None:
    for door in (VIEWS, "/service/roles/vues"):
        assert town.client("claire").get(door).status_code == 404
        assert town.client("claire").post(door).status_code == 404
    assert town.client("desk").get("/service/roles/vues").status_code == 403
    assert town.client("claire").get("/espace/familles/vues").status_code == 404
    assert town.client("admin").get("/service/vues-enregistrees/").status_code == 403


def test_a_list_with_thirty_views_stays_within_its_statements(town: Town) -> None:
    desk = town.client("desk")
    desk.get(FAMILIES)  # what a process reads once is not counted
    with count_statements() as before:
        desk.get(FAMILIES)
    for n in range(30):
        keep(town, "desk", f"Vue {n}", "residence=resident&colonnes=name,street", shared="1")
    with count_statements() as after:
        answer = desk.get(FAMILIES)
    assert len(after) == len(before) <= 12
    assert len(answer.data) < 100_000
