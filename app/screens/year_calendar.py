"""The calendar of the year, painted by form: what opens on which days (I3, G5)."""

from collections.abc import Sequence
from typing import TypeVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from werkzeug.datastructures import MultiDict

from app.access.viewer import Side
from app.declare import SETTINGS
from app.models import Activity, SchoolYear
from app.rules.words import WEEKDAYS
from app.screens import days, numbers
from app.screens.page import Page
from app.services import clock, year_calendar
from app.services.year_calendar import ZONES, Brush, Year

PERIODS = (("", "toute l’année"), ("term", "en temps scolaire"), ("holidays", "pendant les vacances"))
NOT_PLACES = "Écrivez un nombre entier de places, par exemple 24, ou rien. Aucun jour n’est changé."
Row = TypeVar("Row", SchoolYear, Activity)


class YearCalendarPage(Page):
    """Calendrier."""

    route_base = "/service/calendrier"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The year in force and the first activity, unless others are asked for."""
        years, activities = year_calendar.years(), year_calendar.activities()
        if not years or not activities:
            return self.show("staff/year_calendar.html", year=None, years=years, activities=activities)
        return self._painted(_year(years, activities), years, activities)

    def _painted(
        self,
        year: Year,
        years: Sequence[SchoolYear],
        activities: Sequence[Activity],
        typed: MultiDict[str, str] | None = None,
        error: str = "",
    ) -> str:
        """The year and its brush: empty, or as it was ``typed``, with what is wrong with the places."""
        return self.show(
            "staff/year_calendar.html",
            year=year,
            years=years,
            activities=activities,
            weekdays=WEEKDAYS,
            periods=PERIODS,
            zones=ZONES,
            today=clock.today(),
            typed=typed or MultiDict([("unite", str(one.id)) for one in year.units]),
            error=error,
        )

    @expose("/peindre", methods=("POST",))
    def paint(self) -> ResponseReturnValue:
        """Open or close the days that are painted."""
        years, activities = year_calendar.years(), year_calendar.activities()
        year = _year(years, activities)
        wanted = {numbers.row_id(one) for one in request.form.getlist("unite")}
        units = [one for one in year.units if one.id in wanted]
        written = request.form.get("places", "").strip()
        places = numbers.row_id(written)
        if not units:
            flash("Choisissez au moins une unité.", "error")
        elif "fermer" in request.form:
            flash(year_calendar.close_days(year, _brush(), units), "done")
        elif written and places is None:
            return self._painted(year, years, activities, request.form, NOT_PLACES), 422
        else:
            flash(year_calendar.open_days(year, _brush(), units, places), "done")
        return redirect(self._address(year))

    @expose("/proposer", methods=("POST",))
    def propose(self) -> ResponseReturnValue:
        """Write the holidays of the zone chosen."""
        year = _year(year_calendar.years(), year_calendar.activities())
        zone = request.form.get("zone", "")
        if zone not in ZONES:
            abort(404)
        flash(year_calendar.propose(year.school_year, zone), "done")
        return redirect(self._address(year))

    def _address(self, year: Year) -> str:
        return self.url(annee=year.school_year.id, activite=year.activity.id)


def _year(years: Sequence[SchoolYear], activities: Sequence[Activity]) -> Year:
    """The year and the activity asked for; 404 when one of them is none."""
    asked = {**request.args, **request.form}
    today = clock.today()
    current = next((one for one in years if one.starts_on <= today <= one.ends_on), None)
    year = _chosen(asked.get("annee"), years) if asked.get("annee") else current or next(iter(years), None)
    activity = (
        _chosen(asked.get("activite"), activities) if asked.get("activite") else next(iter(activities), None)
    )
    if year is None or activity is None:
        abort(404)
    return year_calendar.year_of(year, activity)


def _chosen(text: str | None, rows: Sequence[Row]) -> Row | None:
    number = numbers.row_id(text)
    return next((one for one in rows if one.id == number), None)


def _brush() -> Brush:
    return Brush(
        frozenset(on for on in map(days.typed, request.form.getlist("jour")) if on is not None),
        frozenset(WEEKDAYS.index(one) for one in request.form.getlist("semaine") if one in WEEKDAYS),
        request.form.get("periode", ""),
        days.typed(request.form.get("du")),
        days.typed(request.form.get("au")),
    )
