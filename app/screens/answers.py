"""What a child's household was asked, answered or put right by the service: no freeze closes it."""

from collections.abc import Sequence

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm

from app.access import permissions
from app.access.viewer import Side, current_viewer
from app.declare import CARE, Entity
from app.models import Person
from app.rules.words import of
from app.screens import numbers
from app.screens.builder.addresses import link
from app.screens.builder.staff import StaffScreen
from app.screens.page import Page
from app.screens.question_fields import answers, fields_of, question_fields, question_values
from app.services import clock, declarations
from app.services.declarations import Sheet

CHANGED = "Quelqu’un a répondu pendant que vous lisiez : relisez les réponses, puis enregistrez."


class AnswersPage(Page):
    """Réponses d’un enfant."""

    route_base = "/service/reponses-de"
    side = Side.STAFF
    roles = CARE

    @expose("/<int:person_id>", methods=("GET", "POST"))
    def index(self, person_id: int) -> ResponseReturnValue:
        """The questions put about a child, for one of its homes (``foyer``). Nine statements to read."""
        now = clock.now()
        viewer = current_viewer() or abort(404)
        sheet = declarations.sheet(person_id, numbers.asked(request.args, "foyer"), now)
        if sheet is None:
            abort(404)
        made = type("AnswersForm", (FlaskForm,), question_fields(sheet.asked, whole=False))
        start = question_values(sheet.asked, earlier=False)
        form = made(data=start)
        problem = ""
        if form.is_submitted() and request.form.get("seen") != sheet.seen:
            problem, form = CHANGED, made(formdata=None, data=start)  # what is read must be what is kept
        elif form.validate_on_submit() and (given := answers(form, sheet.asked)) is not None:
            outcome = declarations.correct(sheet, given, now)
            if not outcome.refused:
                flash("C’est enregistré." if outcome else "Rien n’a changé.", "done")
                return redirect(link(Person, person_id, viewer) or self.url(person_id=person_id))
            form.form_errors.extend(one.sentence for one in outcome.refused)
        page = self.show(
            "staff/answers.html",
            sheet=sheet,
            title=f"Réponses {of(sheet.child.full_name)}",
            sections=_sections(sheet, form),
            form=form,
            problem=problem,
            record=link(Person, person_id, viewer),
        )
        return page, (409 if problem else 422 if form.errors else 200)


def _sections(sheet: Sheet, form: FlaskForm) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for one, field in fields_of(form, sheet.asked):
        found.setdefault(str(one.question.section), []).append((one, field))
    return found


class PersonRecord(StaffScreen):
    """The generated page of a person, which leads to the answers about them."""

    def actions(self, row: Entity) -> Sequence[tuple[str, str, str]]:
        """The answers about a child, for who may read them and where there is something to ask."""
        asked = permissions.questions(Person, g.viewer)
        if not g.viewer.acting_roles & CARE or not any(permissions.sees(g.viewer, one) for one in asked):
            return ()
        in_history = request.args.get("onglet") == "historique"  # is as dear as a page may be
        if in_history or not declarations.is_child(row.id):
            return ()
        return (("Réponses", "ui-checks", AnswersPage.url(person_id=row.id)),)
