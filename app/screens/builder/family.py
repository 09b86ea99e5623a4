"""The page of an entity on the families' side: to read, never to write."""

from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side
from app.screens.builder.screen import Screen


class FamilyScreen(Screen):
    """What a family reads of an entity: its own rows, and no door to write."""

    side = Side.FAMILY
    folder = "builder/family"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The household's rows."""
        return super().index()

    @expose("/<int:row_id>")
    def show_row(self, row_id: int) -> ResponseReturnValue:
        """One of them."""
        return super().show_row(row_id)

    @expose("/<int:row_id>/fichier/<name>")
    def file(self, row_id: int, name: str) -> ResponseReturnValue:
        """A file of theirs."""
        return super().file(row_id, name)

    @expose("/choix/<name>")
    def choices(self, name: str) -> ResponseReturnValue:
        """The rows that a filter chooses among."""
        return super().choices(name)
