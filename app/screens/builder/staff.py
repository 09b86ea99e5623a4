"""The page of an entity on the service's side, and every door it has."""

from flask import current_app, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access import permissions
from app.screens.builder import export, listing
from app.screens.builder.addresses import asking
from app.screens.builder.writing import Writing
from app.services import clock


class StaffScreen(Writing):
    """What staff do with an entity."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The list."""
        return super().index()

    @expose("/<int:row_id>")
    def show_row(self, row_id: int) -> ResponseReturnValue:
        """A row and its tabs."""
        return super().show_row(row_id)

    @expose("/<int:row_id>/fichier/<name>")
    def file(self, row_id: int, name: str) -> ResponseReturnValue:
        """A file of a row."""
        return super().file(row_id, name)

    @expose("/choix/<name>")
    def choices(self, name: str) -> ResponseReturnValue:
        """The rows that a relation chooses among."""
        return super().choices(name)

    @expose("/export.csv")
    def export(self) -> ResponseReturnValue:
        """The list that the address asks for, whole, as a file."""
        viewer = asking()
        ask = listing.read(self.entity, viewer, request.args)
        columns = export.exported(permissions.visible(self.entity, viewer))
        statement = listing.rows(self.entity, viewer, ask, columns)
        lines = stream_with_context(export.lines(statement, columns, viewer))
        response = current_app.response_class(lines, mimetype="text/csv")
        name = f"{self.entity.__term__.slug}-{clock.today():%Y-%m-%d}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response
