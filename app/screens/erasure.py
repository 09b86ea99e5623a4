"""Dossiers à effacer: the households that left, what erasing one takes away, and the deed."""

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, Viewer
from app.declare import Role
from app.models import Family
from app.screens.builder.addresses import link
from app.screens.page import Page
from app.services import clock, erasure
from app.services.settings import read_town

ERASERS = Role.DESK | Role.ADMIN
SLEEPERS = 50


def may_erase(viewer: Viewer) -> bool:
    """Who erases a household acts everywhere: it may have been in any facility."""
    return bool(viewer.acting_roles & ERASERS) and viewer.facility_ids is None


class ErasurePage(Page):
    """The households to erase, the page that confirms, the deed."""

    route_base = "/service/effacement"
    side = Side.STAFF
    roles = ERASERS

    def allows(self, method: str, viewer: Viewer) -> bool:
        """Whether this viewer may call that method: not from the hat of a few facilities."""
        return super().allows(method, viewer) and may_erase(viewer)

    @expose("")
    def index(self) -> ResponseReturnValue:
        """Those whose departure is noted, then those that nobody has seen for as long."""
        today = clock.today()
        leavers = erasure.leavers(today)
        sleepers, count = erasure.sleepers(today, SLEEPERS)
        return self.show(
            "staff/erasure.html",
            due=[one for one in leavers if one.is_due],
            waiting=[one for one in leavers if not one.is_due],
            sleepers=[(one, link(Family, one.id, g.viewer)) for one in sleepers],
            sleeper_count=count,
            months=read_town().retention_months,
            today=today,
        )

    @expose("/<int:family_id>", methods=("GET", "POST"))
    def confirm(self, family_id: int) -> ResponseReturnValue:
        """What goes and what stays; then, with the household's name typed, the deed."""
        problem = ""
        if request.method == "POST":
            outcome = erasure.erase(family_id, request.form.get("name", "")[:300], clock.now())
            if outcome:
                flash(f"Le dossier {outcome.name} est effacé.", "done")
                return redirect(self.url())
            problem = outcome.problem if outcome is not None else ""
        plan = erasure.plan(family_id, clock.today())
        if plan is None:
            abort(404)
        page = self.show(
            "staff/erasure_confirm.html",
            plan=plan,
            problem=problem if not plan.problem else "",
            typed=request.form.get("name", ""),
            record=link(Family, family_id, g.viewer),
        )
        return page, 422 if problem else 200
