"""The two pages of every entity, staff's and families', and their doors. There are no others.

Each method reads the declarations, the viewer and the address, asks the modules beside this one,
and renders. What an entity needs of its own goes in a subclass: ``beside``, ``actions``.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, current_app, flash, redirect, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from markupsafe import Markup
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, Viewer
from app.declare import FAMILY, STAFF, Attribute, Entity, FileRef, Kind
from app.declare.scope import Root
from app.screens import numbers
from app.screens.builder import choices, export, filters, forms, history, listing, naming, related
from app.screens.builder.addresses import address_of, asking, link, screen_of
from app.screens.builder.cells import Cell, cell
from app.screens.page import Page
from app.services import clock, files, records

ACTIONS = {"export": Action.SEE, "add": Action.CREATE, "edit": Action.EDIT, "delete": Action.DELETE}
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

    def index(self) -> ResponseReturnValue:
        """The list that the address asks for."""
        viewer = asking()
        shown = listing.columns(self.entity, viewer)
        ask = listing.read(self.entity, viewer, request.args)
        found = listing.find(self.entity, viewer, ask, shown)
        lists = 4 if viewer.is_staff else 0
        seen = permissions.visible(self.entity, viewer)
        drawn = choices.controls(self.entity, seen, ask.ons, viewer, lists)
        ons, drawn = choices.say_rows(ask.ons, drawn, viewer)
        quick, panel = choices.laid_out(drawn, shown)
        base = self.url("index")
        return self.show_page(
            "list",
            ask=ask,
            ons=ons,
            quick_filters=quick,
            panel=panel,
            panel_open=any(one.is_on for one in panel),
            found=found,
            columns=shown,
            sortable={one.name for one in listing.sortable(shown)},
            searched=bool(listing.Statement(self.entity, viewer).places()),
            to=lambda **changes: filters.address(base, ask.pairs(**changes)),
            row_url=lambda row: f"{base}{row.id}",
            without=lambda on: filters.address(base, ask.without(on)),
            export_url=lambda: filters.address(self.url("export"), ask.pairs(taille="")),
        )

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
            beside=self.beside(row),
            actions=self.actions(row),
        )

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
            page = self if isinstance(row, self.entity) else screen_of(type(row), viewer)
            file_url = page.url("file", row_id=row.id, name=one.name) if page else ""
        return cell(row, one, viewer, lambda target, key: link(target, key, viewer), file_url, long)

    def file(self, row_id: int, name: str) -> ResponseReturnValue:
        """A file of the row: whoever sees the attribute of that row sees it."""
        one = self._seen(name, Kind.FILE)
        ref = getattr(self.row(row_id), one.name)
        if not isinstance(ref, FileRef):
            abort(404)
        return files.send(ref, inline=request.args.get("voir") == "1")

    def choices(self, name: str) -> ResponseReturnValue:
        """The rows that a relation may point at, whose name holds ``q``: [{id, text}], 20 at most."""
        viewer = asking()
        target = naming.target_of(self._seen(name, Kind.RELATION))
        q = filters.clean(request.args.get("q"), 100)
        found = listing.matching(target, viewer, q, FOUND) if q else []
        return [{"id": row.id, "text": naming.precise(row, viewer)} for row in found]

    def _seen(self, name: str, kind: Kind) -> Attribute:
        one = self.entity.__attributes__.get(name)
        if one is None or one.kind is not kind or not one.seen_by(asking().acting_roles):
            abort(404)
        return one


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


class StaffScreen(Screen):
    """What staff do with an entity."""

    side = Side.STAFF

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

    @expose("/creer", methods=("GET", "POST"))
    def add(self) -> ResponseReturnValue:
        """A new row; ``?family=12`` chooses its family."""
        viewer = asking()
        form = self._form(viewer, None)
        if request.method == "POST":
            outcome = self._sent(form, viewer)
            if outcome:
                assert outcome.row is not None
                return self._added(outcome.row, viewer)
        return self._page(form, None)

    def _added(self, row: Entity, viewer: Viewer) -> ResponseReturnValue:
        term = self.entity.__term__
        flash(f"{term.title_one} {term.agree('enregistré')}.", "done")
        for one in permissions.editable(self.entity, viewer):
            key = numbers.row_id(request.args.get(one.name, "")) if one.kind is Kind.RELATION else None
            if key is not None and key == getattr(row, one.column):
                parent = link(naming.target_of(one), key, viewer)
                if parent:  # it was made from there
                    return redirect(f"{parent}?onglet={term.slug}.{one.name}")
        reached = db.session.scalars(select(self.entity.id).where(self.entity.id == row.id)).one_or_none()
        return redirect(self.url("show_row", row_id=row.id) if reached else self.url("index"))

    @expose("/<int:row_id>/modifier", methods=("GET", "POST"))
    def edit(self, row_id: int) -> ResponseReturnValue:
        """The form of a row."""
        viewer = asking()
        row = self.row(row_id, permissions.visible(self.entity, viewer))
        form = self._form(viewer, row)
        if request.method == "GET":
            return self._page(form, row)
        outcome = self._sent(form, viewer, row)
        if outcome:
            flash("C’est enregistré.", "done")
            return redirect(self.url("show_row", row_id=row_id))
        row = self.row(row_id, permissions.visible(self.entity, viewer))  # a refusal rolled back
        form.row = row
        differences = form.differences() if outcome.conflict else []
        status = 409 if outcome.conflict else 422
        return self._page(form, row, differences=differences), status

    def _form(self, viewer: Viewer, row: Entity | None) -> forms.RowForm:
        form = forms.RowForm(
            self.entity,
            viewer,
            clock.today(),
            lambda one: self.url("choices", name=one.name),
            row,
            request.args,
        )
        if request.method == "POST":
            form.fill(request.form, request.files)
        form.offer({name: filters.clean(request.form.get(f"{name}-mots"), 100) for name in form.edited})
        return form

    def _sent(self, form: forms.RowForm, viewer: Viewer, row: Entity | None = None) -> records.Outcome:
        """Keep what was sent, or say on the form why not."""
        if request.form.get("_chercher"):
            return records.Outcome(problems={records.WHOLE: ""})  # only the choices were asked for
        if not form.validate():
            return records.Outcome(problems={records.WHOLE: ""})
        try:
            values = form.values(files.store)
        except files.RefusedFile as refusal:
            outcome = records.Outcome(problems={_file_name(form): refusal.sentence})
        else:
            if row is None:
                outcome = records.create(self.entity, values, viewer)
            else:
                revision = numbers.asked(request.form, "revision") or 0
                outcome = records.update(row, values, viewer, revision)
        form.blame(outcome)
        return outcome

    def _page(self, form: forms.RowForm, row: Entity | None, **context: Any) -> str:
        sections = form.sections(lambda row, one: self.cell(row, one, long=True))
        return self.show_page("form", form=form.form, sections=sections, row=row, **context)

    @expose("/<int:row_id>/supprimer", methods=("GET", "POST"))
    def delete(self, row_id: int) -> ResponseReturnValue:
        """Ask, then delete; say what keeps the row when something does."""
        viewer = asking()
        row = self.row(row_id)
        name = naming.label(row, viewer)
        problem = ""
        if request.method == "POST":
            outcome = records.delete(row, viewer)
            if outcome:
                term = self.entity.__term__
                flash(f"{name}\u00a0: {term.one} {term.agree('supprimé')}.", "done")
                return redirect(self.url("index"))
            problem = outcome.problems[records.WHOLE]
            row = self.row(row_id)
        found = records.dependents(row)
        holding = [one for one in found if not one.leaves_with_it]
        return self.show_page(
            "delete",
            row=row,
            problem=problem or (records.held_by(self.entity, holding) if holding else ""),
            is_held=bool(holding),
            leaving=[one for one in found if one.leaves_with_it],
        )


def _file_name(form: forms.RowForm) -> str:
    """The first file sent: the one that was refused, when there is only one."""
    sent = (name for name, one in form.edited.items() if one.kind is Kind.FILE and form.form[name].data)
    return next(sent, records.WHOLE)


# --- Making the pages ----------------------------------------------------------------------------


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
