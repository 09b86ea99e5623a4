"""What a role may do with an entity, derived from its attributes; nothing is stored."""

import enum
from collections.abc import Iterable

from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Role


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
    return viewer is not None and bool(roles_for(entity, action) & viewer.acting_roles)


def sees(viewer: Viewer, one: Attribute) -> bool:
    """Whether this viewer sees that attribute."""
    return one.seen_by(viewer.acting_roles)


def edits(viewer: Viewer, one: Attribute) -> bool:
    """Whether this viewer edits that attribute; freezes and approvals are the service's."""
    return one.edited_by(viewer.acting_roles)


def visible(entity: type[Entity], viewer: Viewer, among: Iterable[str] | None = None) -> list[Attribute]:
    """The attributes this viewer sees, in the order of declaration or of ``among``."""
    names = entity.__attributes__ if among is None else among
    return [one for one in (entity.__attributes__[name] for name in names) if sees(viewer, one)]


def editable(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The attributes this viewer edits, in the order of declaration."""
    return [one for one in entity.__attributes__.values() if edits(viewer, one)]
