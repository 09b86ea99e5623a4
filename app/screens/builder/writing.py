"""The doors through which staff write one row: creation, form, deletion."""

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.viewer import Side, Viewer
from app.declare import Attribute, Entity, Kind
from app.screens import numbers
from app.screens.builder import filters, forms, inline, naming, offering
from app.screens.builder.addresses import asking, link, screen_of
from app.screens.builder.screen import Screen
from app.screens.controls import form_errors
from app.services import clock, composites, files, records

ADD, SEARCH = "_ajouter", "_chercher"
"""Buttons that draw the form again and save nothing."""


class Writing(Screen):
    """A row is made, changed and deleted through a form made of its declarations."""

    side = Side.STAFF

    @expose("/creer", methods=("GET", "POST"))
    def add(self) -> ResponseReturnValue:
        """A new row; ``?family=12`` chooses its family."""
        viewer = asking()
        form = self._form(viewer, None)
        if request.method == "GET" or _only_redraws():
            return self._page(form, None)
        outcome = self._sent(form, viewer)
        if outcome:
            assert outcome.row is not None
            return self._added(outcome.row, viewer)
        return self._page(form, None), 422

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
        # What is compared at the next save is what the author was looking at, until they are told better.
        seen = row.revision if request.method == "GET" else numbers.asked(request.form, "revision") or 0
        if request.method == "GET" or _only_redraws():
            return self._page(form, row, seen)
        outcome = self._sent(form, viewer, row)
        if outcome:
            flash("C’est enregistré.", "done")
            return redirect(self.url("show_row", row_id=row_id))
        row = self.row(row_id, permissions.visible(self.entity, viewer))  # a refusal rolled back
        form.row = row
        if not outcome.conflict:
            return self._page(form, row, seen), 422
        for block in form.blocks:
            block.meet()
        offering.offer_all(form, self._search_url)  # rows that came in between have relations too
        differences = [*form.differences(), *(one for block in form.blocks for one in block.differences())]
        return self._page(form, row, row.revision, differences=differences), 409

    def _form(self, viewer: Viewer, row: Entity | None) -> forms.RowForm:
        today = clock.today()
        form = forms.RowForm(self.entity, viewer, today, row, request.args)
        form.blocks = inline.blocks(self.entity, viewer, today, row)
        if request.method == "POST":
            form.fill(request.form, request.files)
        for block in form.blocks:
            if request.method == "POST":
                block.fill(request.form)
            else:
                block.read()
            if request.form.get(ADD) == block.key:
                block.add()
        offering.offer_all(form, self._search_url, _searched)
        return form

    def _search_url(self, entity: type[Entity], one: Attribute) -> str:
        page = self if entity is self.entity else screen_of(entity, asking())
        return page.url("choices", name=one.name) if page is not None else ""

    def _sent(self, form: forms.RowForm, viewer: Viewer, row: Entity | None = None) -> records.Outcome:
        """Keep what was sent, or say on the form why not."""
        if not all([form.validate(), *(block.validate() for block in form.blocks)]):
            return records.Outcome(problems={records.WHOLE: ""})
        try:
            values = form.values(files.store)
        except files.RefusedFile as refusal:
            outcome = records.Outcome(problems={_file_name(form): refusal.sentence})
            form.blame(outcome)
            return outcome
        revision = None if row is None else numbers.asked(request.form, "revision") or 0
        parts = [block.part() for block in form.blocks]
        saved = composites.save(self.entity, row, values, viewer, revision, parts)
        form.blame(saved.whole)
        for block in form.blocks:
            block.blame(saved)
        if saved:
            return saved.whole
        return records.Outcome(problems=saved.whole.problems or {records.WHOLE: ""}, conflict=saved.conflict)

    def _page(self, form: forms.RowForm, row: Entity | None, revision: int = 0, **context: Any) -> str:
        errors = [*form_errors(form.form), *(one for block in form.blocks for one in block.errors())]
        return self.show_page(
            "form",
            form=form.form,
            sections=form.sections(lambda row, one: self.cell(row, one, long=True)),
            blocks=form.blocks,
            errors=errors,
            row=row,
            revision=revision,
            is_typed=request.method == "POST",
            **context,
        )

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


def _only_redraws() -> bool:
    """The form was sent to be drawn again: with a line more, or with the rows that words find."""
    return bool(request.form.get(ADD) or request.form.get(SEARCH))


def _searched(name: str) -> str:
    return filters.clean(request.form.get(f"{name}-mots"), 100)


def _file_name(form: forms.RowForm) -> str:
    """The first file sent: the one that was refused, when there is only one."""
    sent = (name for name, one in form.edited.items() if one.kind is Kind.FILE and form.form[name].data)
    return next(sent, records.WHOLE)
