"""Who sees and who edits each attribute: a configurator takes back what a declaration gives (G5)."""

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side
from app.declare import SETTINGS, Entity
from app.screens.page import Page
from app.services import rights
from app.services.rights import DECLARED, Board


class RightsPage(Page):
    """Droits des champs."""

    route_base = "/service/droits"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Each kind of record, by heading, and how many of its rights are tightened. One statement."""
        groups: dict[str, list[type[Entity]]] = {}
        for entity in sorted(rights.tightenable(), key=lambda one: one.__term__.title):
            groups.setdefault(entity.__menu__, []).append(entity)
        return self.show("staff/rights.html", groups=groups, counts=rights.counts())

    @expose("/<slug>", methods=("GET", "POST"))
    def edit(self, slug: str) -> ResponseReturnValue:
        """The rights of one kind of record, a line an attribute, a column a role."""
        entity = next((one for one in rights.tightenable() if one.__term__.slug == slug), None)
        if entity is None:
            abort(404)
        if request.method == "GET":
            return self._page(rights.board(entity))
        board = rights.board(entity)
        wanted = {
            (right.attribute.name, right.audience): request.form.get(right.name, right.current)
            for _, line in board.lines
            for right in line
            if right.options
        }
        outcome = rights.tighten(entity, wanted, request.form.get("seen", ""))
        if outcome:
            flash("Les droits sont enregistrés. Ils valent dès la prochaine page.", "done")
            for warning in outcome.warnings:
                flash(warning, "warning")
            return redirect(self.url("edit", slug=slug))
        typed = {f"{name}.{who.value}": value for (name, who), value in wanted.items()}
        page = self._page(rights.board(entity), typed, outcome.problem)
        return page, 409 if outcome.conflict else 422

    def _page(self, board: Board, typed: dict[str, str] | None = None, problem: str = "") -> str:
        chosen = {right.name: right.current for _, line in board.lines for right in line} | (typed or {})
        return self.show(
            "staff/rights_edit.html", board=board, chosen=chosen, problem=problem, declared=DECLARED
        )
