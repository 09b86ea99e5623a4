"""The menu: what it lists, for whom, where it says one is, and what it costs."""

import re

import pytest

from app.access.viewer import Side
from app.declare import entities
from app.screens import menu
from app.screens.builder.addresses import SCREENS
from app.screens.menu import HEADINGS
from tests.people import Town
from tests.support.rows import every_row
from tests.support.sql import count_statements


def menu_of(town: Town, name: str, address: str) -> str:
    page = str(town.client(name).get(address).get_data(as_text=True))
    start = page.index('id="menu"')
    return page[start : page.index("</nav>", start)]


def entries(html: str) -> list[tuple[str, str]]:
    """(address, label) of each line."""
    found = re.findall(r'<a (?:class="nav" )?href="([^"#]+)"[^>]*>.*?<span>([^<]*)', html)
    return [(url, label) for url, label in found]


def test_headings_stand_in_the_order_of_the_house(town: Town) -> None:
    shown = re.findall(r"<h2>([^<]*)</h2>", menu_of(town, "desk", "/service/"))
    assert shown == [one for one in HEADINGS if one in shown] and len(shown) >= 5


@pytest.mark.parametrize("name", ["desk", "head", "accountant", "configurator", "admin", "hugo"])
def test_every_line_opens_for_who_sees_it(town: Town, name: str) -> None:
    every_row(town)
    lines = entries(menu_of(town, name, "/service/"))
    assert len(lines) > 8
    for url, _ in lines:  # an inbox leads to the first that waits
        assert town.client(name).get(url).status_code in (200, 302), url


def test_a_line_that_a_role_may_not_open_is_not_there(town: Town) -> None:
    labels = {
        name: {label for _, label in entries(menu_of(town, name, "/service/"))}
        for name in ("desk", "head", "accountant")
    }
    assert "Fiches santé" in labels["desk"] and "Fiches santé" not in labels["accountant"]
    assert "Facturation" in labels["accountant"] and "Facturation" not in labels["head"]


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("/service/", ["/service/"]),
        ("/service/familles/", ["/service/familles/"]),
        ("/service/familles/1/modifier", ["/service/familles/"]),
        ("/service/familles/?q=a", ["/service/familles/"]),
        ("/service/chercher", []),
        ("/service/quotients-familiaux/", []),
    ],
)
def test_the_line_of_the_page_is_marked_and_no_other(town: Town, address: str, here: list[str]) -> None:
    html = menu_of(town, "desk", address)
    assert re.findall(r'href="([^"]*)" aria-current="page"', html) == here


def test_families_see_their_pages_and_none_of_the_service(town: Town) -> None:
    lines = entries(menu_of(town, "claire", "/espace/"))
    assert ("/espace/", "Tout le dossier") in lines
    assert not [url for url, _ in lines if url.startswith("/service")]
    for url, _ in lines:
        assert town.client("claire").get(url).status_code == 200, url


def test_every_kind_of_record_is_reached_from_one_page(town: Town) -> None:
    html = str(town.client("admin").get("/service/fiches/").get_data(as_text=True))
    viewer = town.viewer("admin")
    for entity in entities():
        page = town.app.extensions[SCREENS][entity.__name__, Side.STAFF]
        assert (f'href="{page.route_base}/"' in html) is page.allows("index", viewer), entity


def test_the_menu_costs_one_statement_to_the_service_and_none_to_families(town: Town) -> None:
    with town.app.test_request_context("/service/"), town.acting("desk"):
        with count_statements() as statements:
            menu.build()
            menu.build()
        assert len(statements) == 1
    with town.app.test_request_context("/espace/"), town.acting("claire"):
        with count_statements() as statements:
            assert menu.build()
        assert statements == []


def test_what_waits_is_counted_within_reach(town: Town) -> None:
    every_row(town)

    def counted(name: str) -> dict[str, str]:
        html = menu_of(town, name, "/service/")
        return dict(re.findall(r'href="([^"]+)"[^>]*>.*?</span><span class="n">(\d+)', html))

    desk, hugo, accountant = (list(counted(name).values()) for name in ("desk", "hugo", "accountant"))
    assert desk.count("2") >= 3 and "1" not in desk
    assert "1" in hugo and "2" not in hugo
    assert len(accountant) < len(desk)


def test_each_arrives_on_their_own_side(town: Town) -> None:
    def arrival(name: str | None) -> str:
        answer = town.client(name).get("/")
        assert answer.status_code == 302
        return str(answer.headers["Location"])

    assert arrival("desk") == "/service/"
    assert arrival("claire") == "/accueil"
    assert arrival(None).startswith("/connexion")
