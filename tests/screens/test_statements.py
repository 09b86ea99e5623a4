"""What a generated page costs where ten thousand rows stand behind each relation.

Twelve statements: who asks, the settings' version, the menu's counts; then for a list the two counts in
one, the rows, which choices are short, and the choices; for a form the row, which are short, the choices;
for a row the row, its tabs' counts, the tab. See ``tests/support/costs.py`` for the doors and the limits.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Side, Viewer, unscoped
from app.declare import Entity, entities
from app.models import Family, Registration
from app.screens.builder import choices, history, naming, offering
from app.screens.builder.addresses import SCREENS
from tests.people import Ground, Town, _keep
from tests.support.costs import BYTES, ROWS, STATEMENTS, Cost, cost, doors, screens
from tests.support.many import MANY, many_rows
from tests.support.rows import Rows, every_row
from tests.support.sql import count_statements

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # nine hundred doors a case
Crowd = tuple[Town, Rows]
ROWS_OF: Rows = {}


@pytest.fixture
def crowd(ground: Ground) -> Iterator[Crowd]:
    """The small town with ten thousand rows of everything: written once, put back before each test."""
    with ground.app.app_context():
        if not (ground.folder / "many.db").exists():
            ground.restore("town")
            ROWS_OF.update(many_rows(ground.town)["A"])
            _keep(ground.folder, "many")
        ground.restore("many")
        yield ground.town, ROWS_OF
        db.session.remove()


def costs(town: Town, rows: Rows, name: str, side: Side | None = None, thorough: bool = True) -> list[Cost]:
    """What each door costs that person, once the catalogue is in memory."""
    client, viewer = town.client(name), town.viewer(name, side)
    client.get("/service/" if viewer.is_staff else "/espace/")
    return [
        cost(client, door, what)
        for page in screens(town, viewer)
        for door, what in doors(page, viewer, rows, thorough)
    ]


def faults(found: list[Cost]) -> list[Cost]:
    """What costs too much, or does not answer."""
    return [one for one in found if one.is_too_much]


def some(crowd: Crowd, entity: type[Entity], door: str) -> Cost:
    """What one door of an entity costs the desk."""
    town, _ = crowd
    client = town.client("desk")
    page = town.app.extensions[SCREENS][entity.__name__, Side.STAFF]
    client.get("/service/")
    return cost(client, page.route_base + door, "one door")


def test_ten_thousand_rows_of_every_entity_and_thousands_behind_each_row(crowd: Crowd) -> None:
    town, rows = crowd
    with unscoped("ce qu’il y a"):
        for entity in entities():
            ids = select(entity.id).order_by(entity.id.desc()).limit(1)
            assert (db.session.scalar(ids) or 0) >= MANY, entity
    page = town.client("desk").get(f"/service/familles/{rows['Family']}?onglet=tous").get_data(as_text=True)
    assert page.count("1000+") > 8


@pytest.mark.parametrize(
    ("name", "thorough"),
    [
        ("desk", True), ("claire", True), ("hugo", False), ("accountant", False), ("admin", False),
        ("configurator", False),
    ],
)  # fmt: skip
def test_every_list_form_and_row_takes_twelve_statements_and_a_hundred_kilobytes_at_most(
    crowd: Crowd, name: str, thorough: bool
) -> None:
    found = costs(*crowd, name, thorough=thorough)
    assert faults(found) == []
    assert len(found) > 250
    kinds = {one.what for one in found}
    assert {"list", "list searched", "list sorted", "list, every filter on", "show", "tab"} <= kinds
    if name != "claire":
        assert {"form", "form, new", "delete"} <= kinds
    if name in ("desk", "admin"):
        assert "history" in kinds


@pytest.mark.parametrize(("name", "side"), [("desk", None), ("admin", None), ("claire", Side.FAMILY)])
def test_the_same_where_the_rows_to_choose_among_are_few_enough_to_be_listed(
    town: Town, name: str, side: Side | None
) -> None:
    rows = every_row(town)["A"]
    found = costs(town, rows, name, side, thorough=False)
    assert faults(found) == []
    if name == "desk":  # the lists of choices are there: this is not the case above again
        assert max(one.statements for one in found if one.what == "form") > 9


def test_a_long_list_of_choices_is_never_put_in_order_nor_read(crowd: Crowd) -> None:
    town, rows = crowd
    client = town.client("desk")
    client.get("/service/")
    with count_statements() as statements:
        client.get(f"/service/inscriptions/{rows['Registration']}/modifier")
    sorting = [one for one in statements if "fold(" in one]
    assert sorting == []


def test_a_search_that_fits_on_a_page_looks_through_its_rows_once(crowd: Crowd) -> None:
    town, _ = crowd
    client = town.client("desk")
    for words, times in (("nom 9871", 1), ("nom 98", 2)):  # one row, then more than a page: they are counted
        with count_statements() as statements:
            client.get("/service/inscriptions/", query_string={"q": words})
        assert len([one for one in statements if " LIKE " in one]) == times, words


def test_the_latest_first_is_an_order_that_an_index_gives_on_postgresql_too(crowd: Crowd) -> None:
    town, _ = crowd
    client = town.client("desk")
    for slug, column in (("historique", "history_entry.done_at"), ("reservations", "booking.booked_on")):
        with count_statements() as statements:
            client.get(f"/service/{slug}/")
        orders = [one.partition(f"ORDER BY {column} ")[2] for one in statements]
        assert [one[:4] for one in orders if one] == ["DESC"]
        assert not [one for one in orders if one.startswith("DESC NULLS")]


# --- The checks find what they are there for ---


def _nothing_loaded(*args: Any, **kwargs: Any) -> list[Any]:
    return []


def _every_row(entity: type[Entity], viewer: Viewer, most: int = 0) -> list[tuple[int, str]]:
    return [(row.id, naming.label(row, viewer)) for row in db.session.scalars(select(entity))]


def _every_name(target: type[Entity], viewer: Viewer, *rest: Any) -> tuple[bool, dict[int, str]]:
    return True, dict(_every_row(target, viewer))


def _all_short(asked: Any, most: int = 0) -> set[type[Entity]]:
    return set(asked)


Broken = Callable[[pytest.MonkeyPatch], None]


def _without_joins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(naming, "loading", _nothing_loaded)


def _with_whole_lists(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(choices, "short", _all_short)
    patch.setattr(choices, "few_rows", _every_row)
    patch.setattr(offering, "_named", _every_name)


def _with_a_long_history(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "ENTRIES", 100)
    patch.setattr(history, "LONGEST", 10**6)


@pytest.mark.parametrize(
    ("broken", "entity", "door", "measure", "limit"),
    [
        (_without_joins, Registration, "/", "statements", STATEMENTS),
        (_with_whole_lists, Registration, "/", "rows", ROWS),
        (_with_whole_lists, Registration, "/creer", "bytes", BYTES),
        (_with_a_long_history, Family, "/1?onglet=historique", "bytes", BYTES),
    ],
)
def test_a_page_that_loads_too_much_is_found(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, broken: Broken,
    entity: type[Entity], door: str, measure: str, limit: int,
) -> None:  # fmt: skip
    assert not some(crowd, entity, door).is_too_much
    broken(monkeypatch)
    found = some(crowd, entity, door)
    assert found.is_too_much and getattr(found, measure) > limit
