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
from app.rules.booking import CLOSED, PAST, UNREGISTERED
from app.screens.example_form import ExampleForm, form_of
from app.screens.page import Page
from app.screens.rule_form import offered
from app.screens.rules import said_of
from app.services import worked_examples
from app.services.catalogue import USUAL
from app.services.rulebook.compiled import book_now, rows_now, vocabulary_now
from app.services.worked_examples import Tried

ALWAYS = (
    (CLOSED, "Le jour est fermé"),
    (PAST, "Le jour est passé"),
    (UNREGISTERED, "L’enfant n’est pas inscrit"),
    (USUAL, "Les places du jour sont prises"),
)
"""What is refused without a rule of the town's."""


class ExamplesPage(Page):
    """Exemples."""

    route_base = "/service/exemples-du-reglement"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every example, those that are not respected first."""
        tried = sorted(worked_examples.try_all(book_now()), key=lambda one: one.is_right)
        return self.show("staff/examples.html", tried=tried)

    @expose("/nouveau", methods=("GET", "POST"))
    def new(self) -> ResponseReturnValue:
        """One from nothing."""
        return self._edited(None)

    @expose("/<int:example_id>", methods=("GET", "POST"))
    def edit(self, example_id: int) -> ResponseReturnValue:
        """One of them."""
        row = worked_examples.find(example_id)
        if row is None:
            abort(404)
        return self._edited(row)

    @expose("/<int:example_id>/supprimer", methods=("POST",))
    def delete(self, example_id: int) -> ResponseReturnValue:
        """Delete one."""
        row = worked_examples.find(example_id)
        if row is None:
            abort(404)
        worked_examples.delete(row)
        flash("L’exemple est supprimé.", "done")
        return redirect(self.url())

    @expose("/essayer", methods=("POST",))
    def attempt(self) -> ResponseReturnValue:
        """The answer to what is being written: a piece of the page."""
        form = form_of(offered(), _rules())
        return self.show("staff/examples_answer.html", tried=_tried(form.body()))

    def _edited(self, row: Example | None) -> ResponseReturnValue:
        form = form_of(offered(), _rules(), row.body if row else None)
        if request.method == "GET":
            return self._page(row, form, _tried(row.body) if row else None)
        body = form.body()
        found = examples.read(body, vocabulary_now())
        is_valid = form.validate()
        form.take(found.errors)
        if found.example is None or found.expected is None or not is_valid:
            return self._page(row, form, None), 422
        worked_examples.save(row, found.example, found.expected)
        flash("L’exemple est enregistré.", "done")
        return redirect(self.url())

    def _page(self, row: Example | None, form: ExampleForm, tried: Tried | None) -> str:
        return self.show("staff/examples_edit.html", row=row, form=form, tried=tried)


def _tried(body: Mapping[str, Any]) -> Tried | None:
    """What the règlement answers; None while the example can't be read yet."""
    return worked_examples.try_one(body, book_now())


def _rules() -> list[tuple[str, str]]:
    """The rules by their codes, as families read them."""
    told = rows_now()
    return [*ALWAYS, *((one.code, said_of(one, told)) for one in told[Rule])]
