"""Columns chosen in the address of a list: which ones, in which order, and never a hidden one."""

import re
from typing import Any

import pytest

from app.declare import Entity, entities
from app.models import Family
from app.screens.builder import listing
from tests.people import Town

FAMILIES = "/service/familles/"


def page_of(answer: Any) -> str:
    """The page, without what changes at each answer."""
    text = str(answer.get_data(as_text=True))
    return re.sub(r'((?:name="csrf[_-]token" (?:value|content)|csrf-token" content)=")[^"]*', r"\1", text)


def heads(page: str) -> list[str]:
    """The headings of the table."""
    row = page.split("<thead>")[1].split("</thead>", maxsplit=1)[0]
    cells = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', row)
    return [text for cell in cells if (text := re.sub(r"<[^>]*>", "", cell).strip())]


def test_chosen_columns_come_in_the_declared_order_after_the_one_that_names_the_row(town: Town) -> None:
    desk = town.client("desk")
    chosen = heads(page_of(desk.get(FAMILIES + "?colonnes=street,city,residence")))
    listed = [one.label for one in listing.choosable(Family, town.viewer("desk"))]
    assert chosen == [one for one in listed if one in chosen] and len(chosen) == 4
    assert chosen[0] == "Nom du foyer" and chosen[-1] == Family.__attributes__["street"].label
    assert chosen == heads(page_of(desk.get(FAMILIES + "?colonnes=residence&colonnes=city&colonnes=street")))
    assert chosen == heads(page_of(desk.get(FAMILIES + "?colonnes=name,residence,street,city")))


def test_the_choice_stays_with_the_order_the_filters_and_the_pages(town: Town) -> None:
    page = page_of(town.client("desk").get(FAMILIES + "?colonnes=name,street&q=a&tri=-street&taille=1"))
    assert "?q=a&amp;tri=street&amp;taille=1&amp;colonnes=name,street" in page
    assert "colonnes=name,street&amp;page=2" in page
    assert '<input type="hidden" name="colonnes" value="name,street">' in page
    back = re.search(r'href="([^"]*)">Colonnes d’origine', page)
    assert back is not None and "colonnes" not in back[1] and "q=a" in back[1]


def test_the_popover_ticks_what_is_shown_and_works_without_a_script(town: Town) -> None:
    page = page_of(town.client("desk").get(FAMILIES + "?colonnes=name,street"))
    form = page.split('aria-label="Colonnes de la liste"')[1].split("</form>")[0]
    assert re.findall(r'value="(\w+)" checked', form) == ["street"]
    assert 'name="colonnes" value="name"' in form  # sent even when every box is left empty
    assert heads(page_of(town.client("desk").get(FAMILIES + "?colonnes=name"))) == ["Nom du foyer"]


@pytest.mark.parametrize("name", ["desk", "accountant", "hugo"])
def test_a_hidden_column_gives_the_same_page_as_not_asking(town: Town, name: str) -> None:
    client, viewer = town.client(name), town.viewer(name)
    tried = 0
    for entity in entities():
        page = town.app.extensions["marelle.screens"][entity.__name__, viewer.side]
        hidden = [one.name for one in entity.__attributes__.values() if not one.seen_by(viewer.acting_roles)]
        if not hidden or not page.allows("index", viewer):
            continue
        plain = page_of(client.get(page.route_base + "/"))
        for asked in (hidden[0], ",".join(hidden), f"{hidden[-1]},nobody,{hidden[-1]}.name"):
            tried += 1
            assert page_of(client.get(f"{page.route_base}/?colonnes={asked}")) == plain, (entity, asked)
    assert tried >= 3


@pytest.mark.parametrize(
    "query",
    ["colonnes=", "colonnes=,,,", "colonnes=%00", "colonnes=name.id", "colonnes=id,revision", "colonnes=-1",
     "colonnes=" + ",".join(f"x{n}" for n in range(5000)), "&".join(f"colonnes=x{n}" for n in range(900))],
)  # fmt: skip
def test_names_that_are_no_column_are_as_if_unwritten(town: Town, query: str) -> None:
    desk = town.client("desk")
    assert page_of(desk.get(f"{FAMILIES}?{query}")) == page_of(desk.get(FAMILIES))


def test_secrets_structured_values_and_long_texts_are_not_proposed(town: Town) -> None:
    def proposed(entity: type[Entity], name: str) -> set[str]:
        return {one.name for one in listing.choosable(entity, town.viewer(name))}

    entity = {one.__name__: one for one in entities()}
    assert "notes" not in proposed(entity["Family"], "desk")
    assert "street" in proposed(entity["Family"], "desk")
    assert not {"password_hash", "stamp"} & proposed(entity["Account"], "admin")
    assert not {"before", "after"} & (
        proposed(entity["HistoryEntry"], "desk") - set(entity["HistoryEntry"].__listed__)
    )


def test_every_column_at_once_stays_within_twelve_statements_and_100_kb(town: Town) -> None:
    from tests.screens.test_builder import crowd
    from tests.support.sql import count_statements

    crowd(40, town)
    client, viewer = town.client("desk"), town.viewer("desk")
    for entity in entities():
        page = town.app.extensions["marelle.screens"][entity.__name__, viewer.side]
        if not page.allows("index", viewer):
            continue
        names = ",".join(one.name for one in listing.choosable(entity, viewer))
        with count_statements() as statements:
            answer = client.get(f"{page.route_base}/?colonnes={names}")
        assert answer.status_code == 200
        assert len(statements) <= 12, (entity, len(statements))
        assert len(answer.data) < 100_000, (entity, len(answer.data))


def test_a_family_s_list_has_no_choice_of_columns(town: Town) -> None:
    claire = town.client("claire")
    assert page_of(claire.get("/espace/personnes/?colonnes=last_name")) == page_of(
        claire.get("/espace/personnes/")
    )
