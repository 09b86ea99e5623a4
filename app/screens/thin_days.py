"""The days to come with too few children to take place, each with the moment by which the service decides."""

from datetime import timedelta

from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side
from app.declare import CARE
from app.models import ClosingDay
from app.screens.builder.addresses import address_of, asking
from app.screens.page import Page
from app.services import attendance_minimum, clock

AHEAD = timedelta(weeks=8)


class ThinDaysPage(Page):
    """Journées sous leur minimum."""

    route_base = "/service/journees-sous-leur-minimum"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Those of the coming weeks, the first to be decided first."""
        viewer, now, today = asking(), clock.now(), clock.today()
        found = attendance_minimum.below_minimum(now, today + AHEAD, viewer)
        return self.show(
            "staff/thin_days.html",
            found=found,
            today=today,
            now=now,
            until_on=today + AHEAD,
            closing=address_of(ClosingDay, viewer),
        )
