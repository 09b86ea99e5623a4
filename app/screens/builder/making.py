"""Making the page of an entity: which sides have one, and at what address."""

from collections.abc import Sequence

from app.access.viewer import Side
from app.declare import FAMILY, STAFF, Entity
from app.declare.scope import Root
from app.screens.builder.screen import Screen


def has_family_screen(entity: type[Entity]) -> bool:
    """Whether families have a page: they see an attribute, and the rows are not the service's."""
    return bool(entity.may_see() & FAMILY) and entity.__scope__ is not Root.SERVICE


def screen_class(
    base: type[Screen], entity: type[Entity], taken: set[str], tabs: Sequence[type[Entity]] = ()
) -> type[Screen]:
    """The page of an entity on the side of ``base``; beside a page made by hand, under « fiches-… »."""
    word, start = ("Service", "/service") if base.side is Side.STAFF else ("Espace", "/espace")
    slug = entity.__term__.slug
    route = f"{start}/{slug}"
    if route in taken or f"{route}/" in taken:
        route = f"{start}/fiches-{slug}"
    given = {
        "entity": entity,
        "route_base": route,
        "tabs": tuple(tabs) or base.tabs,
        "roles": STAFF if base.side is Side.STAFF else FAMILY,
        "__doc__": entity.__doc__,
        "__module__": __name__,
    }
    return type(f"{entity.__name__}{word}", (base,), given)
