"""The doors through which staff write one row: creation, form, deletion."""

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.viewer import Side, Viewer
from app.declare import Entity, Kind
from app.screens import numbers
from app.screens.builder import filters, forms, naming
from app.screens.builder.addresses import asking, link
from app.screens.builder.screen import Screen
from app.services import clock, files, records


class Writing(Screen):
    """A row is made, changed and deleted through a form made of its declarations."""

    side = Side.STAFF

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
