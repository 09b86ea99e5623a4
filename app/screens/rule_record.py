"""The generated page of a rule: read there, written by the page of rules alone."""

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from markupsafe import Markup

from app.declare import Entity
from app.models import Rule
from app.rules.booking import describe_dated
from app.rules.words import french
from app.screens.builder.staff import StaffScreen
from app.screens.rules import RulesPage
from app.services.catalogue import BrokenRule, catalogue, dated
from app.services.rulings import names


class RuleRecord(StaffScreen):
    """A rule as a record: its form is the one of its kind."""

    @expose("/creer", methods=("GET", "POST"))
    def add(self) -> ResponseReturnValue:
        """The choice of a kind."""
        return redirect(RulesPage.url("choose"))

    @expose("/<int:row_id>/modifier", methods=("GET", "POST"))
    def edit(self, row_id: int) -> ResponseReturnValue:
        """The form of its kind."""
        row = self.row(row_id)
        assert isinstance(row, Rule)
        return redirect(RulesPage.url("edit", code=row.code))

    def beside(self, row: Entity) -> Markup | str:
        """What families read."""
        assert isinstance(row, Rule)
        try:
            told = french(describe_dated(dated(row), names(catalogue())))
        except BrokenRule as error:
            told = str(error)
        return Markup(render_template("staff/rule_said.html", told=told))  # noqa: S704  (escaped there)
