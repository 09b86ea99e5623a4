"""What both sides of an entity share: its list, a row, its files, and the rows to choose among.

Each method reads the declarations, the viewer and the address, asks the modules beside this one,
and renders. What an entity needs of its own goes in a subclass: ``beside``, ``actions``.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from markupsafe import Markup
from sqlalchemy import select

from app.access import permissions
from app.access.asking import put_answers
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, FileRef, Kind
from app.screens.builder import addresses, choices, filters, history, inline, listing, naming, related
from app.screens.builder.addresses import address_of, asking, link, screen_of
from app.screens.builder.cells import Cell, cell
from app.screens.page import Page
from app.services import clock, files, records

ACTIONS = {"add": Action.CREATE, "edit": Action.EDIT, "delete": Action.DELETE}
"""What each door asks; the others ask to see."""
FOUND = 20


class Screen(Page):
    """What both sides share: the list, the row, its files, and the rows to choose among."""

    entity: ClassVar[type[Entity]]
    tabs: ClassVar[tuple[type[Entity], ...]] = ()
    folder: ClassVar[str] = "builder"
    default_view = "index"

    def allows(self, method: str, viewer: Viewer) -> bool:
        """What the declarations give these roles."""
        action = ACTIONS.get(method, Action.SEE)
        if action is Action.CREATE:
            return records.can_be_made(self.entity, viewer)
        return permissions.may(viewer, self.entity, action)

    def beside(self, row: Entity) -> Markup | str:
        """What a subclass adds in the margin of a row's page."""
        return ""

    def actions(self, row: Entity) -> Sequence[tuple[str, str, str]]:
        """Links that a subclass adds at the head of a row's page: (label, icon, address)."""
        return ()

    # --- The list ---

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The list that the address asks for."""
        viewer = asking()
        ask, around = self.around(listing.read(self.entity, viewer, request.args), viewer)
        shown = ask.columns
        found = listing.find(self.entity, viewer, ask, shown)
        lists = 4 if viewer.is_staff else 0
        seen = permissions.visible(self.entity, viewer)
        drawn = choices.controls(self.entity, choices.at_hand(seen, shown, ask.ons), ask.ons, viewer, lists)
        ons, drawn = choices.say_rows(ask.ons, drawn, viewer)
        searched = bool(listing.Statement(self.entity, viewer).places())
        base = self.url("index")
        return self.show_page(
            "list",
            ask=ask,
            ons=ons,
            controls=choices.laid_out(drawn, shown, self.entity.__searched__),
            found=found,
            columns=shown,
            sortable={one.name for one in listing.sortable(shown)},
            searched=searched,
            to=lambda **changes: filters.address(base, ask.pairs(**changes)),
            row_url=lambda row: f"{base}{row.id}",
            without=lambda on: filters.address(base, ask.without(on)),
            clear_url=filters.address(base, ask.cleared()),
            choosable=listing.choosable(self.entity, viewer),
            export_url=lambda method: filters.address(self.url(method), ask.pairs(taille="", vue="")),
            **around,
        )

    def around(self, ask: listing.Ask, viewer: Viewer) -> tuple[listing.Ask, dict[str, Any]]:
        """What a side adds around a list, and what is asked once it is known."""
        return ask, {}

    def show_page(self, template: str, **context: Any) -> str:
        """Render a template of this side with what they all need."""
        viewer = asking()
        return self.show(
            f"{self.folder}/{template}.html",
            entity=self.entity,
            term=self.entity.__term__,
            allowed=lambda method: hasattr(self, method) and self.allows(method, viewer),
            cell=self.cell,
            label=lambda row: naming.label(row, viewer),
            reserved=filters.RESERVED,
            today=clock.today(),
            **context,
        )

    # --- One row ---

    @expose("/<int:row_id>")
    def show_row(self, row_id: int) -> ResponseReturnValue:
        """A row: its sections, or the tab that the address asks for."""
        viewer = asking()
        row = self.row(row_id, permissions.visible(self.entity, viewer))
        tabs = related.tabs(row, viewer, lambda other: address_of(other, viewer) is not None, self.tabs)
        wanted = request.args.get("onglet", "")
        current = next((tab for tab in tabs if tab.key == wanted), None)
        has_history = history.may_see(viewer) and self.entity.__history__
        in_history = has_history and wanted == "historique"
        shown, rest = related.in_sight(tabs, current)
        columns, rows = related.rows_of(current, row, viewer) if current else ([], [])
        is_home = not current and not in_history and wanted != "tous"
        parts = [tab for tab in tabs if tab.relation.inline and tab.count] if is_home else []
        return self.show_page(
            "show",
            row=row,
            shown_tabs=shown,
            other_tabs=rest,
            current=current,
            tab_columns=columns,
            tab_rows=rows,
            tab_page=screen_of(current.entity, viewer) if current else None,
            has_history=has_history,
            in_history=in_history,
            in_all=wanted == "tous" and bool(rest),
            events=history.of_row(row, viewer) if in_history else [],
            sections=self.sections(row, viewer),
            parts=[self.part(tab, row, viewer) for tab in parts],
            beside=self.beside(row),
            actions=self.actions(row),
        )

    def part(self, tab: related.Tab, row: Entity, viewer: Viewer) -> tuple[Any, ...]:
        """What a row's page shows of its parts: the tab, its page, the columns, the first rows."""
        columns, rows = related.rows_of(tab, row, viewer)
        return tab, screen_of(tab.entity, viewer), columns, inline.in_place(tab.entity, rows)

    def row(self, row_id: int, attributes: Sequence[Attribute] = ()) -> Entity:
        """The row in reach, with the names of those relations, or 404."""
        statement = select(self.entity).where(self.entity.id == row_id)
        row = (
            db.session.scalars(statement.options(*naming.loading(self.entity, attributes)))
            .unique()
            .one_or_none()
        )
        if row is None:
            abort(404)
        put_answers([row], attributes)
        return row

    def sections(self, row: Entity, viewer: Viewer) -> dict[str, list[tuple[Attribute, Cell]]]:
        """What is read of a row, by section."""
        found: dict[str, list[tuple[Attribute, Cell]]] = {}
        for one in permissions.visible(self.entity, viewer):
            title = one.section or self.entity.__term__.title_one
            found.setdefault(title, []).append((one, self.cell(row, one, long=True)))
        return found

    def cell(self, row: Entity, one: Attribute, long: bool = False) -> Cell:
        """A value for the templates; of this entity or of one in a tab."""
        viewer = asking()
        file_url = ""
        if one.kind is Kind.FILE and getattr(row, one.name) is not None:
            file_url = addresses.file_url(row, one.name)
        return cell(row, one, viewer, lambda target, key: link(target, key, viewer), file_url, long)

    @expose("/<int:row_id>/fichier/<name>")
    def file(self, row_id: int, name: str) -> ResponseReturnValue:
        """A file of the row: whoever sees the attribute of that row sees it."""
        one = self._seen(name, Kind.FILE)
        ref = getattr(self.row(row_id, [one]), one.name)
        if not isinstance(ref, FileRef):
            abort(404)
        return files.send(ref, inline=request.args.get("voir") == "1")

    @expose("/choix/<name>")
    def choices(self, name: str) -> ResponseReturnValue:
        """The rows that a relation may point at, whose name holds ``q``: [{id, text}], 20 at most."""
        viewer = asking()
        target = naming.target_of(self._seen(name, Kind.RELATION))
        q = filters.clean(request.args.get("q"), 100)
        found = listing.matching(target, viewer, q, FOUND) if q else []
        return [{"id": row.id, "text": naming.precise(row, viewer)} for row in found]

    def _seen(self, name: str, kind: Kind) -> Attribute:
        seen = (one for one in permissions.visible(self.entity, asking()) if one.name == name)
        return next((one for one in seen if one.kind is kind), None) or abort(404)
