"""What the town took back from a role is gone from every door, and only that."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.access import permissions, tightening
from app.access.database import db
from app.access.permissions import Action
from app.access.scope import RightTightened
from app.access.viewer import Side, unscoped
from app.declare import entities
from app.entities.rulebook import Audience, Level
from app.models import Facility, Family, FieldRight, Person
from tests.people import Town
from tests.support.sql import count_statements

Tighten = Callable[..., None]


@pytest.fixture
def tighten(town: Town) -> Tighten:
    def write(entity: str, attribute: str, audience: Audience, level: Level) -> None:
        with unscoped("un droit resserré"):
            right = FieldRight(entity_name=entity, attribute_name=attribute, audience=audience, level=level)
            db.session.add(right)
            db.session.commit()

    return write


def names(found: list[object]) -> set[str]:
    return {one.name for one in found}  # type: ignore[attr-defined]


def test_every_attribute_knows_its_entity() -> None:
    for entity in entities():
        assert {one.entity for one in entity.__attributes__.values()} <= {entity.__name__}


def test_hidden_is_neither_seen_nor_edited_by_that_role_and_by_no_other(town: Town, tighten: Tighten) -> None:
    tighten("Family", "notes", Audience.DESK, Level.HIDDEN)
    notes = Family.__attributes__["notes"]
    desk, head = town.viewer("desk"), town.viewer("head")
    assert not permissions.sees(desk, notes) and not permissions.edits(desk, notes)
    assert "notes" not in names(permissions.visible(Family, desk))  # type: ignore[arg-type]
    assert permissions.sees(head, notes) is notes.seen_by(head.acting_roles)
    assert permissions.may(desk, Family, Action.EDIT)


def test_read_only_is_seen_and_not_edited(town: Town, tighten: Tighten) -> None:
    tighten("Family", "name", Audience.DESK, Level.READ)
    desk = town.viewer("desk")
    assert permissions.sees(desk, Family.__attributes__["name"])
    assert "name" not in names(permissions.editable(Family, desk))  # type: ignore[arg-type]


def test_a_right_is_never_widened(town: Town, tighten: Tighten) -> None:
    accountant = town.viewer("accountant")
    hidden = [one for one in Family.__attributes__.values() if not permissions.sees(accountant, one)]
    assert hidden
    for one in hidden:
        tighten("Family", one.name, Audience.ACCOUNTANT, Level.READ)
    again = town.viewer("accountant")
    assert not any(permissions.sees(again, one) for one in hidden)


def test_an_entity_of_which_nothing_is_left_has_no_screen(town: Town, tighten: Tighten) -> None:
    for one in Facility.__attributes__.values():
        tighten("Facility", one.name, Audience.DESK, Level.HIDDEN)
    desk = town.viewer("desk")
    assert not any(permissions.may(desk, Facility, action) for action in Action)
    assert town.client("desk").get("/service/structures/").status_code == 403
    assert town.client("configurator").get("/service/structures/").status_code == 200


def test_with_nothing_left_to_edit_one_neither_adds_nor_deletes(town: Town, tighten: Tighten) -> None:
    for one in Facility.__attributes__.values():
        tighten("Facility", one.name, Audience.CONFIGURATOR, Level.READ)
    viewer = town.viewer("configurator")
    assert permissions.may(viewer, Facility, Action.SEE)
    for action in (Action.CREATE, Action.EDIT, Action.DELETE):
        assert not permissions.may(viewer, Facility, action), action


def test_a_second_role_keeps_what_the_first_has_lost(town: Town, tighten: Tighten) -> None:
    tighten("Family", "name", Audience.DESK, Level.HIDDEN)
    desk = town.viewer("desk")
    both = desk.__class__(**{**desk.__dict__, "roles": desk.roles | town.viewer("head").roles})
    assert not permissions.sees(desk, Family.__attributes__["name"])
    assert permissions.sees(both, Family.__attributes__["name"])


def test_the_flush_refuses_what_no_page_should_have_written(town: Town, tighten: Tighten) -> None:
    tighten("Family", "name", Audience.DESK, Level.READ)
    with town.acting("desk"):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        family.name = "Autre"
        with pytest.raises(RightTightened):
            db.session.flush()
        db.session.rollback()
        db.session.add(Family(name="Nouvelle"))
        with pytest.raises(RightTightened):
            db.session.flush()
        db.session.rollback()
    with town.acting("admin"), unscoped("un travail de fond"):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        family.name = "Autre"
        db.session.commit()


def test_a_default_is_not_a_write(town: Town, tighten: Tighten) -> None:
    tighten("Family", "name", Audience.FAMILY, Level.HIDDEN)
    tighten("Person", "sex", Audience.DESK, Level.READ)
    with town.acting("desk"):
        db.session.add(Person(first_name="Ada", last_name="Martin"))
        db.session.flush()
        db.session.rollback()


def test_approval_can_be_asked_of_families_alone(town: Town, tighten: Tighten) -> None:
    phone = Family.__attributes__["phone"]
    claire = town.viewer("claire")
    assert not permissions.awaits_approval(claire, phone)
    tighten("Family", "phone", Audience.FAMILY, Level.APPROVAL)
    claire = town.viewer("claire")
    assert permissions.awaits_approval(claire, phone) and permissions.edits(claire, phone)
    assert not permissions.awaits_approval(town.viewer("desk"), phone)
    assert permissions.awaits_approval(claire, Family.__attributes__["city"])  # as declared


def test_it_holds_in_the_next_page_and_costs_no_statement_while_nothing_changes(
    town: Town, tighten: Tighten
) -> None:
    tighten("Family", "name", Audience.DESK, Level.READ)
    tightening.in_force()
    db.session.rollback()
    with count_statements() as counted:
        first = tightening.in_force()
        assert tightening.in_force() is first
    assert len(counted) == 1, counted  # the version
    with unscoped("relâché"):
        db.session.delete(db.session.scalars(select(FieldRight)).one())
        db.session.flush()
        assert tightening.in_force() == {}
        db.session.rollback()
    assert tightening.in_force()


def test_a_change_rolled_back_leaves_nothing_behind(town: Town, tighten: Tighten) -> None:
    with unscoped("essai abandonné"):
        right = FieldRight(
            entity_name="Family", attribute_name="name", audience=Audience.DESK, level=Level.HIDDEN
        )
        db.session.add(right)
        db.session.flush()
        assert tightening.in_force()
        db.session.rollback()
    assert tightening.in_force() == {}


def test_a_row_about_an_attribute_that_is_no_more_disturbs_nobody(town: Town, tighten: Tighten) -> None:
    tighten("Family", "n_existe_plus", Audience.DESK, Level.HIDDEN)
    with town.acting("desk", Side.STAFF):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        family.name = "Autre"
        db.session.flush()
        db.session.rollback()
    assert town.client("desk").get("/service/familles/").status_code == 200
