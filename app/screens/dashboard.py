"""The parents' home page (T1, T3) and the switch between the households of one account (A5)."""

from flask import abort, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, current_viewer
from app.declare import FAMILY
from app.rules.calendar import local
from app.screens import numbers
from app.screens.family_file import family_in_view
from app.screens.page import Page
from app.services import clock, todo

EVENING, NIGHT_ENDS = 18, 5


class Dashboard(Page):
    """Accueil: what is expected of the parents, then the seven tiles."""

    route_base = "/accueil"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    @expose("")
    def index(self) -> ResponseReturnValue:
        """The dashboard of the household in view. Twelve statements."""
        now = clock.now()
        hour = local(now).hour
        return self.show(
            "family/dashboard.html",
            greeting="Bonjour" if NIGHT_ENDS <= hour < EVENING else "Bonsoir",
            first_name=g.account.first_name,
            desk=todo.desk(family_in_view(), now),
        )


class FamilySwitch(Page):
    """The household in view, kept in the cookie: only one that the account reaches."""

    route_base = "/foyer"
    side = Side.FAMILY
    roles = FAMILY

    @expose("", methods=("POST",))
    def choose(self) -> ResponseReturnValue:
        """The household named in the form."""
        return look_at(numbers.asked(request.form, "family") or 0)

    @expose("/<int:family_id>", methods=("POST",))
    def switch(self, family_id: int) -> ResponseReturnValue:
        """Look at that household from now on; 404 when it is not in reach."""
        return look_at(family_id)


def look_at(family_id: int) -> ResponseReturnValue:
    """Keep that household in the cookie; 404 when the account does not reach it."""
    viewer = current_viewer()
    if viewer is None or family_id not in viewer.family_ids:
        abort(404)
    session["family"] = family_id
    return redirect("/accueil")
