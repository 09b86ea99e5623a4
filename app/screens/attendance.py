"""The roll on a tablet at the door: two big squares a child, saved as they are touched."""

from datetime import date

from flask import abort, flash, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, current_viewer
from app.declare import CARE
from app.entities.booking import Presence
from app.screens import days, numbers
from app.screens.page import Page
from app.services import attendance, clock

ANSWERS = {"present": Presence.PRESENT, "absent": Presence.ABSENT, "excused": Presence.EXCUSED, "": None}


class AttendancePage(Page):
    """Pointage: the activities of the day, then the roll of each."""

    route_base = "/service/pointage"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The activities of the day where somebody is expected."""
        on = _day(request.args.get("jour"))
        return self.show(
            "staff/attendance_day.html", on=on, today=clock.today(), activities=attendance.expected_on(on)
        )

    @expose("/<int:activity_id>/<jour>")
    def roll(self, activity_id: int, jour: str) -> ResponseReturnValue:
        """The children expected in one unit (``unite``) of an activity."""
        roll = attendance.roll(activity_id, numbers.asked(request.args, "unite"), _day(jour, strict=True))
        if roll is None:
            abort(404)
        return self.show("staff/attendance_roll.html", roll=roll, today=clock.today(), presences=Presence)

    @expose("/<int:activity_id>/<jour>", methods=("POST",))
    def tick(self, activity_id: int, jour: str) -> ResponseReturnValue:
        """Save the ticks sent: one from a touch, or the page's changes without JavaScript."""
        on = _day(jour, strict=True)
        if not attendance.is_in_reach(activity_id):
            abort(404)
        ticks = _ticks()
        if request.form.get("reste"):
            roll = attendance.roll(activity_id, numbers.asked(request.form, "unite"), on)
            rest = [one.booking.id for one in roll.expected if one.booking.presence is None] if roll else []
            # What was ticked on the page and not saved yet comes before « tous les autres ».
            ticks = {**dict.fromkeys(rest, Presence.PRESENT), **ticks}
        viewer = current_viewer()
        changed = attendance.tick(ticks, viewer.name if viewer else "", clock.now())
        address = self.url("roll", activity_id=activity_id, jour=jour, unite=request.form.get("unite"))
        if "HX-Request" in request.headers:
            roll = attendance.roll(activity_id, numbers.asked(request.form, "unite"), on)
            if roll is None:
                abort(404)
            return make_response(
                self.show("staff/attendance_foot.html", roll=roll, presences=Presence, saved_at=clock.now())
            )
        flash(
            f"{changed} pointage{'s' if changed > 1 else ''} enregistré{'s' if changed > 1 else ''}.", "done"
        )
        return redirect(address)


def _ticks() -> dict[int, Presence | None]:
    """What was answered for each booking (``b12``), but for what the page showed already (``s12``).

    A page that was opened before a colleague's correction must not undo it.
    """
    found = {}
    for name, answer in request.form.items():
        booking_id = numbers.row_id(name.removeprefix("b")) if name.startswith("b") else None
        if booking_id is not None and answer in ANSWERS and request.form.get(f"s{booking_id}") != answer:
            found[booking_id] = ANSWERS[answer]
    return found


def _day(text: str | None, strict: bool = False) -> date:
    on = days.typed(text)
    if on is None and strict:
        abort(404)
    return on or clock.today()
