"""Nobody gets what is not theirs, by any rule or method; and the walk finds each guard taken away."""

import re

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.access import permissions, scope
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side
from app.declare import Entity, Kind, entities
from app.models import Contact
from app.screens import page
from app.screens.builder import filters
from app.screens.builder.screen import Screen
from app.screens.page import Page
from tests.doors.walk import Walker, forged, generated, pointing, rules, walk, writes
from tests.people import Town
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
PARENTS = ("claire", "denis", "paul")


def test_nobody_gets_in(town: Town, rows: dict[str, Rows]) -> None:
    walker = walk(town, rows, None)
    for rule in rules(town, writes):
        walker.post(rule, "A", {})
    assert walker.faults == []
    assert walker.knocks > 900


@pytest.mark.parametrize("name", PARENTS)
def test_a_parent_gets_their_households_alone(town: Town, rows: dict[str, Rows], name: str) -> None:
    walker = walk(town, rows, name)
    assert walker.faults == []
    assert walker.knocks > 900


@pytest.mark.parametrize("name", ["claire", "denis"])
def test_a_parent_writes_nothing_in_another_home(town: Town, rows: dict[str, Rows], name: str) -> None:
    """Forms sent to the other home's addresses, and to one's own with the other home's rows in them."""
    own, other = ("A", "B") if name == "claire" else ("B", "A")
    before = pointing(rows[other])
    walker = Walker(town, rows, name)
    for rule in rules(town, writes):
        if rule.rule == "/deconnexion":
            continue
        for whose in (other, own):
            walker.post(rule, whose, forged(rows[other], generated(town, rule)))
    assert walker.faults == []
    assert pointing(rows[other]) == before


# --- Each guard taken away is found ---


def service(rule: Rule) -> bool:
    return rule.rule.startswith("/service/famil")


def home(rule: Rule) -> bool:
    return rule.rule.startswith(("/espace/documents", "/espace/personnes", "/contact/"))


def test_without_the_scope_of_rows_the_walk_finds_the_neighbour(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "in_scope", lambda viewer: None)
    faults = walk(town, rows, "claire", home).faults
    assert any("the row B of Document" in one for one in faults)
    assert any("expected (404,)" in one for one in faults)


def test_without_the_rights_of_attributes_it_finds_what_is_hidden(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = permissions.sees
    monkeypatch.setattr(
        permissions,
        "visible",
        lambda entity, viewer, among=None: [
            entity.__attributes__[name] for name in (among or entity.__attributes__)
        ],
    )
    assert permissions.sees is kept  # the walk still knows
    assert any("the hidden" in one for one in walk(town, rows, "claire", home).faults)


def test_without_the_gate_it_finds_open_pages(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = page._gate
    funcs = town.app.before_request_funcs[None]
    monkeypatch.setitem(town.app.before_request_funcs, None, [one for one in funcs if one is not real])
    assert walk(town, rows, None, service).faults


def test_without_the_roles_of_pages_it_finds_the_service_open_to_parents(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in (Page, Screen):
        monkeypatch.setattr(one, "allows", lambda self, method, viewer: True)
    assert any("expected (404,)" in one for one in walk(town, rows, "claire", service).faults)


def test_without_the_check_of_the_flush_a_forged_key_is_written(town: Town, rows: dict[str, Rows]) -> None:
    before = pointing(rows["B"])
    assert not _forge(town, rows)
    assert pointing(rows["B"]) == before
    event.remove(Session, "before_flush", scope._check_flush)
    try:
        assert _forge(town, rows)
        assert pointing(rows["B"]) != before
    finally:
        event.listen(Session, "before_flush", scope._check_flush)


def _forge(town: Town, rows: dict[str, Rows]) -> bool:
    """A parent's code that writes a contact of the other home's child."""
    with town.acting("claire"):
        row = Contact(family_id=rows["A"]["Family"], person_id=rows["A"]["Person"], kinship="Tante")
        row.child_id = rows["B"]["Person"]
        db.session.add(row)
        try:
            db.session.commit()
        except scope.OutOfScope:
            db.session.rollback()
            return False
        return True


def test_without_the_names_that_one_sees_a_filter_is_an_oracle(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = [
        (entity, one.name)
        for entity in entities()
        for one in filters.filterable(entity.__attributes__.values())
        if one.kind is Kind.MOMENT and not permissions.sees(town.viewer("desk"), one)
        if permissions.may(town.viewer("desk"), entity, Action.SEE)
    ]
    assert hidden
    assert not any(_tells(town, entity, name) for entity, name in hidden)
    seen = filters.read
    monkeypatch.setattr(
        filters,
        "read",
        lambda entity, visible, arguments: seen(entity, list(entity.__attributes__.values()), arguments),
    )
    assert any(_tells(town, entity, name) for entity, name in hidden)


def _tells(town: Town, entity: type[Entity], name: str) -> bool:
    """Whether a filter by that name changes the list."""
    base = town.app.extensions["marelle.screens"][entity.__name__, Side.STAFF].route_base
    client = town.client("desk")
    try:
        plain, asked = client.get(f"{base}/"), client.get(f"{base}/?{name}-du=2100-01-01")
    except Exception:  # noqa: BLE001  (a page that breaks tells too)
        return True
    return _without_tokens(plain.text) != _without_tokens(asked.text)


def _without_tokens(page: str) -> str:
    """The page without what changes each second."""
    return re.sub(r'(name="csrf[_-]token" (?:value|content)=")[^"]*', "", page)
