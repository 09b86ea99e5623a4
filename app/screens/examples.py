"""Worked examples by form: what the règlement must answer, green or red as one writes (I3, G5)."""

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side
from app.declare import SETTINGS
from app.models import Example, Rule
from app.rules import examples
from app.rules.booking import AGES, CLOSED, FOR_EVER, PAST, UNREGISTERED
from app.screens.example_form import ExampleForm, form_of
from app.screens.page import Page
from app.screens.rule_reading import UNTRIED, Reglement
from app.screens.verdict_trace import spoken
from app.services import worked_examples
from app.services.catalogue import USUAL
from app.services.worked_examples import Trial

ALWAYS = (
    (CLOSED, "Le jour est fermé"),
    (PAST, "Le jour est passé"),
    (UNREGISTERED, "L’enfant n’est pas inscrit"),
    (AGES, "L’âge ne convient pas à l’activité"),
    (USUAL, "Les places du jour sont prises"),
)
"""What is refused without a rule of the town's."""
MEANWHILE = (
    "Cet exemple a changé entre-temps, dans une autre fenêtre ou par quelqu’un d’autre. Relisez : "
    "enregistrer à nouveau remplace ce qui y a été écrit."
)
DROPPED = "Cet exemple a été supprimé entre-temps. Enregistrez à nouveau pour le reprendre."
KEPT = "Cet exemple a changé entre-temps : il est gardé. Relisez-le avant de le supprimer."


class ExamplesPage(Page):
    """Exemples."""

    route_base = "/service/exemples-du-reglement"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every example, those that are not respected first."""
        tried, untried = Reglement().all_tried()
        tried.sort(key=lambda one: one.is_right)
        return self.show("staff/examples.html", tried=tried, untried=untried)

    @expose("/nouveau", methods=("GET", "POST"))
    def new(self) -> ResponseReturnValue:
        """One from nothing."""
        return self._edited(None)

    @expose("/<int:example_id>", methods=("GET", "POST"))
    def edit(self, example_id: int) -> ResponseReturnValue:
        """One of them; deleted in another tab, what was typed here is not lost with it."""
        row = worked_examples.find(example_id)
        if row is None and "mark" not in request.form:
            abort(404)
        return self._edited(row)

    @expose("/<int:example_id>/supprimer", methods=("POST",))
    def delete(self, example_id: int) -> ResponseReturnValue:
        """Delete one, as it was looked at."""
        row = worked_examples.find(example_id)
        if row is None:
            abort(404)
        if request.form.get("mark", _mark(row)) != _mark(row):
            flash(KEPT, "error")
            return redirect(self.url("edit", example_id=row.id))
        worked_examples.delete(row)
        flash("L’exemple est supprimé.", "done")
        return redirect(self.url())

    @expose("/essayer", methods=("POST",))
    def attempt(self) -> ResponseReturnValue:
        """The answer to what is being written: a piece of the page."""
        told = Reglement()
        form = form_of(told.offered, _rules(told))
        return self.show("staff/examples_piece.html", **_tried(told, form.body()))

    def _edited(self, row: Example | None) -> ResponseReturnValue:
        told = Reglement()
        form = form_of(told.offered, _rules(told), row.body if row else None)
        if request.method == "GET":
            return self._page(row, form, _tried(told, row.body) if row else {})
        body = form.body()
        found = examples.read(body, told.known)
        is_valid = form.validate()
        form.take(found.errors)
        if found.example is None or found.expected is None or not is_valid:
            return self._page(row, form, _tried(told, body), request.form.get("mark")), 422
        if request.form.get("mark", _mark(row)) != _mark(row):
            form.form_errors.append(MEANWHILE if row else DROPPED)
            return self._page(row, form, {}), 409
        worked_examples.save(row, found.example, found.expected)
        flash("L’exemple est enregistré.", "done")
        return redirect(self.url())

    def _page(
        self, row: Example | None, form: ExampleForm, answer: Mapping[str, Any], mark: str | None = None
    ) -> str:
        """Its page. ``mark``: what was read before a mistake is still what is compared."""
        mark = _mark(row) if mark is None else mark
        return self.show("staff/examples_edit.html", row=row, form=form, mark=mark, **answer)


def _mark(row: Example | None) -> str:
    """What tells an example, as it is, from what it becomes."""
    return str(row.revision) if row is not None else ""


def _tried(told: Reglement, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the règlement answers, nothing while the example can't be read yet; or why it is not tried."""
    book = told.book()
    if book is None:
        return {"untried": UNTRIED}
    trial = Trial(book, told.known)
    trace = trial.explained(body)
    return {"tried": trial.one(body), **(spoken(trace) if trace else {})}


def _rules(told: Reglement) -> list[tuple[str, str]]:
    """The rules by the codes that their versions share, as families read the last one."""
    last = sorted(told.rows[Rule], key=lambda one: one.from_on or FOR_EVER)
    return [*ALWAYS, *{one.called: told.said_of(one) for one in last}.items()]
