"""The page of an entity on the service's side, and every door it has."""

from flask import Response, current_app, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import Select

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Entity
from app.screens import numbers
from app.screens.builder import export, listing
from app.screens.builder.addresses import asking
from app.screens.builder.bulk import Bulk
from app.screens.builder.writing import Writing
from app.services import clock


class StaffScreen(Bulk, Writing):
    """What staff do with an entity."""

    @expose("/export.csv")
    def export(self) -> ResponseReturnValue:
        """The list that the address asks for, whole, as a CSV file."""
        statement, columns, viewer = self._exported()
        lines = stream_with_context(export.lines(statement, columns, viewer))
        return self._attached(current_app.response_class(lines, mimetype="text/csv"), "csv")

    @expose("/export.xlsx")
    def export_sheet(self) -> ResponseReturnValue:
        """The same as a spreadsheet: made on the disk, then sent in pieces."""
        statement, columns, viewer = self._exported()
        made = export.sheet(statement, columns, viewer, self.entity.__term__.title)
        return self._attached(current_app.response_class(export.pieces(made), mimetype=export.XLSX), "xlsx")

    def _exported(self) -> tuple[Select[tuple[Entity]], list[Attribute], Viewer]:
        """What the address asks: its rows, or those it names; its columns, or all that the viewer sees."""
        viewer = asking()
        ask = listing.read(self.entity, viewer, request.args)
        seen = permissions.visible(self.entity, viewer)
        columns = list(ask.columns) if ask.chosen else export.exported(seen)
        statement = listing.rows(self.entity, viewer, ask, columns)
        picked = [number for text in request.args.getlist("lot") if (number := numbers.row_id(text))]
        if picked:
            statement = statement.where(self.entity.id.in_(picked[: listing.MOST]))
        return statement, columns, viewer

    def _attached(self, response: Response, ending: str) -> Response:
        name = f"{self.entity.__term__.slug}-{clock.today():%Y-%m-%d}.{ending}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response
