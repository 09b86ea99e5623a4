"""What a role may do with an entity, derived from its attributes; nothing is stored."""

import enum
from collections.abc import Iterable, Mapping
from typing import Any

from app.access.viewer import Viewer, current_viewer
from app.declare import AskedAttribute, Attribute, Entity, Kind, Role


class Action(enum.Enum):
    """What a generated screen can do."""

    SEE = "see"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"


def roles_for(entity: type[Entity], action: Action) -> Role:
    """The roles that may do that."""
    if action is Action.SEE:
        return entity.may_see()
    if action is Action.CREATE:
        return entity.may_create()
    if action is Action.EDIT:
        return entity.may_edit()
    return entity.may_delete()


def may(viewer: Viewer | None, entity: type[Entity], action: Action) -> bool:
    """Whether this viewer, on the side where they are, may do that to rows in reach."""
    if viewer is None or not roles_for(entity, action) & viewer.acting_roles:
        return False
    return not viewer.tightened or _is_left(viewer, entity, action)


def _is_left(viewer: Viewer, entity: type[Entity], action: Action) -> bool:
    """Whether the tightened rights leave that: with no attribute to see or to edit, nothing is."""
    attributes = entity.__attributes__.values()
    if not any(sees(viewer, one) for one in attributes):
        return False
    declared = [one for one in attributes if one.edited_by(viewer.acting_roles)]
    return action is Action.SEE or not declared or any(edits(viewer, one) for one in declared)


def sees(viewer: Viewer, one: Attribute) -> bool:
    """Whether this viewer sees that attribute."""
    return viewer.sees(one)


def is_shown(row: Entity, name: str) -> bool:
    """Whether whoever asks now sees that attribute: for pages made by hand, whose rights may be tightened."""
    viewer = current_viewer()
    return viewer is None or sees(viewer, row.__attributes__[name])


VEILED = frozenset({
    Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.IBAN, Kind.DATE, Kind.MOMENT, Kind.TIME,
    Kind.INTEGER, Kind.DECIMAL, Kind.CENTS, Kind.JSON,
})  # fmt: skip
"""What pages tell. Choices, yes or no and relations are what they are built on."""


def is_veiled(row: Entity, name: str) -> bool:
    """Whether the town hid from whoever asks now an attribute that a row can be without."""
    viewer = current_viewer()
    if viewer is None or (type(row).__name__, name) not in viewer.tightened:
        return False
    one = row.__attributes__[name]
    return one.kind in VEILED and not one.required and not sees(viewer, one)


def edits(viewer: Viewer, one: Attribute) -> bool:
    """Whether this viewer edits that attribute; freezes are the service's."""
    if not one.edited_by(viewer.acting_roles):
        return False
    narrowed = viewer.tightened.get((one.entity, one.name))
    return narrowed is None or one.edited_by(viewer.acting_roles & ~narrowed.hidden & ~narrowed.read_only)


def lost(viewer: Viewer, entity: type[Entity]) -> list[Attribute]:
    """The attributes that this viewer would edit, had the town not tightened them."""
    names = [name for owner, name in viewer.tightened if owner == entity.__name__]
    found = (entity.__attributes__.get(name) for name in names)
    return [one for one in found if one and one.edited_by(viewer.acting_roles) and not edits(viewer, one)]


def awaits_approval(viewer: Viewer, one: Attribute) -> bool:
    """Whether a change of theirs waits for the service."""
    narrowed = viewer.tightened.get((one.entity, one.name))
    return viewer.is_family and edits(viewer, one) and (one.approval or bool(narrowed and narrowed.approval))


def visible(entity: type[Entity], viewer: Viewer, among: Iterable[str] | None = None) -> list[Attribute]:
    """The attributes this viewer sees: those declared, in order, then the town's questions; or ``among``."""
    if among is not None:
        return [one for one in (entity.__attributes__[name] for name in among) if sees(viewer, one)]
    return [one for one in (*entity.__attributes__.values(), *questions(entity, viewer)) if sees(viewer, one)]


def questions(entity: type[Entity], viewer: Viewer) -> tuple[AskedAttribute, ...]:
    """What the town asks beyond the declarations; their answers have a form of their own."""
    return viewer.asked.get(entity.__name__, ())


def tells(viewer: Viewer, entity: type[Entity], values: Mapping[str, Any] | None) -> bool:
    """Whether what was kept of a row of that entity may be told: the answer to a hidden question may not."""
    if not entity.__answers__ or not values:
        return True
    return values.get(entity.__answers__) not in viewer.hidden_questions


def editable(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The attributes this viewer edits, in the order of declaration."""
    return [one for one in entity.__attributes__.values() if edits(viewer, one)]
