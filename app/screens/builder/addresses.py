"""Who asks, and where the screens of the entities are on their side."""

from typing import TYPE_CHECKING, Optional

from flask import current_app, url_for

from app.access.viewer import Viewer, current_viewer
from app.declare import Entity

if TYPE_CHECKING:
    from app.screens.builder.screen import Screen

SCREENS = "marelle.screens"
"""Where the application keeps them: by entity's name and side."""


def asking() -> Viewer:
    """Whoever asks: the gate let them in."""
    viewer = current_viewer()
    assert viewer is not None
    return viewer


def screen_of(entity: type[Entity], viewer: Viewer) -> Optional["Screen"]:
    """The page of an entity on the viewer's side, if they may open it."""
    page: Screen | None = current_app.extensions[SCREENS].get((entity.__name__, viewer.side))
    return page if page is not None and page.allows("index", viewer) else None


def address_of(entity: type[Entity], viewer: Viewer) -> str | None:
    """The address of an entity's list, if the viewer may open it."""
    page = screen_of(entity, viewer)
    return url_for(f"{page.endpoint}.index") if page is not None else None


def link(entity: type[Entity], row_id: int, viewer: Viewer) -> str | None:
    """The address of a row, if the viewer may open its page."""
    base = address_of(entity, viewer)
    return f"{base}{row_id}" if base else None


def file_url(row: Entity, name: str) -> str:
    """The address of a file of a row, on the viewer's side; empty for who may not open it."""
    page = screen_of(type(row), asking())
    return page.url("file", row_id=row.id, name=name) if page is not None else ""
