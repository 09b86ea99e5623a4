"""The page of an entity on the families' side: to read, never to write."""

from app.access.viewer import Side
from app.screens.builder.screen import Screen


class FamilyScreen(Screen):
    """What a family reads of an entity: its own rows, and no door to write."""

    side = Side.FAMILY
    folder = "builder/family"
