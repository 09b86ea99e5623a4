"""*Inscriptions*, on the family side: what each person is registered for, and asking for more (I1, I2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import FAMILY
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.models import Activity, Membership, Person, Registration, SchoolYear
from app.rules.ages import age_problem
from app.rules.words import of
from app.screens import numbers
from app.screens.page import Page
from app.services import clock, registrations
from app.services.paperwork import who_of
from app.services.registrations import Asked


@dataclass(frozen=True)
class Filter:
    """What narrows the list: a person, an activity, a state, a school year; empty ones keep everything."""

    who: int | None = None
    activity: int | None = None
    year: int | None = None
    state: str = ""

    def keeps(self, one: Registration) -> bool:
        """Whether this registration is shown."""
        return (
            self.who in (None, one.child_id)
            and self.activity in (None, one.activity_id)
            and self.year in (None, one.school_year_id)
            and self.state in ("", one.status.value)
        )

    @property
    def is_narrow(self) -> bool:
        """Whether more than the person is asked for."""
        return replace(self, who=None) != Filter()


@dataclass(frozen=True)
class Choice:
    """An activity as it can be asked for a child: why not, when it can't."""

    activity: Activity
    problem: str = ""
    standing: Registration | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be asked for."""
        return not self.problem and self.standing is None


class RegistrationsPage(Page):
    """Mes inscriptions."""

    route_base = "/inscriptions"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The household's registrations, or one person's, narrowed by the filters."""
        children = _children(_family_id())
        everything = registrations.of_family(_family_id())
        wanted = Filter(
            numbers.asked(request.args, "qui"),
            numbers.asked(request.args, "activite"),
            numbers.asked(request.args, "annee"),
            request.args.get("etat", ""),
        )
        mine = [one for one in everything if wanted.who in (None, one.child_id)]
        return self.show(
            "family/registrations.html",
            children=children,
            shown=[one for one in everything if wanted.keeps(one)],
            any_of_mine=bool(mine),
            wanted=wanted,
            activities=_distinct((one.activity.id, one.activity.name) for one in mine),
            years=_distinct((one.school_year.id, one.school_year.code) for one in mine),
            states=[one for one in RegistrationStatus if any(r.status is one for r in mine)],
            accepted=RegistrationStatus.ACCEPTED,
            today=clock.today(),
        )

    @expose("/demande", methods=("GET",))
    def form(self) -> ResponseReturnValue:
        """Choose a child, then an activity that suits their age."""
        return self._form()

    @expose("/demande", methods=("POST",))
    def ask(self) -> ResponseReturnValue:
        """Ask; refused, the same page says everything that stops it and where to put it right."""
        member = _member(numbers.asked(request.form, "enfant"))
        activity = db.session.scalars(
            select(Activity)
            .where(Activity.id == numbers.asked(request.form, "activite"))
            .options(joinedload(Activity.facility))
        ).one_or_none()
        if activity is None:
            if request.form.get("activite"):
                abort(404)
            return self._form(problem="Choisissez une activité."), 422
        year = _year(numbers.asked(request.form, "annee"), registrations.open_years(clock.today()))
        if year is None:
            abort(404)
        asked = registrations.ask(member.person, member.family, activity, year, _viewer(), clock.now())
        if asked.registration is None:
            return self._form(asked, activity), 422
        child = member.person.first_name
        if asked.is_accepted:
            flash(f"L’inscription {of(child)} est acceptée. Vous pouvez réserver.", "done")
        else:
            flash("Votre demande est envoyée. Le service vous répond par e-mail.", "done")
        return redirect(self.url("index", qui=member.person_id))

    def _form(self, asked: Asked | None = None, activity: Activity | None = None, problem: str = "") -> str:
        today = clock.today()
        children = _children(_family_id())
        years = registrations.open_years(today)
        given = request.form if request.method == "POST" else request.args
        child = next((one for one in children if one.id == numbers.asked(given, "enfant")), None)
        if child is None and len(children) == 1:
            child = children[0]
        year = _year(numbers.asked(given, "annee"), years)
        choices = (
            _choices(child, year, registrations.of_family(_family_id()), today) if child and year else []
        )
        return self.show(
            "family/registrations_ask.html",
            children=children,
            child=child,
            years=years,
            year=year,
            choices=choices,
            chosen=activity.id if activity else numbers.asked(given, "activite"),
            activity=activity,
            asked=asked,
            problem=problem,
            who_of=who_of,
        )


def _viewer() -> Viewer:
    viewer = current_viewer()
    if viewer is None:
        abort(404)
    return viewer


def _family_id() -> int:
    family_id = _viewer().family_id
    if family_id is None:
        abort(404)
    return family_id


def _children(family_id: int) -> list[Person]:
    """The children of the household, in its order. One statement."""
    members = db.session.scalars(
        select(Membership)
        .where(Membership.family_id == family_id, Membership.member_kind == MemberKind.CHILD)
        .options(joinedload(Membership.person))
        .order_by(Membership.position, Membership.id)
    )
    return [one.person for one in members]


def _member(child_id: int | None) -> Membership:
    """The child in the household in view; a child of elsewhere does not exist."""
    found = db.session.scalars(
        select(Membership)
        .where(
            Membership.family_id == _family_id(),
            Membership.person_id == child_id,
            Membership.member_kind == MemberKind.CHILD,
        )
        .options(joinedload(Membership.person), joinedload(Membership.family))
    ).one_or_none()
    if found is None:
        abort(404)
    return found


def _year(year_id: int | None, years: Sequence[SchoolYear]) -> SchoolYear | None:
    """The school year asked for, if it is open; by default the latest opened."""
    if year_id is None:
        return years[-1] if years else None
    return next((one for one in years if one.id == year_id), None)


def _choices(child: Person, year: SchoolYear, known: Sequence[Registration], today: date) -> list[Choice]:
    from_on, until_on = registrations.window(year, today)
    found = [
        Choice(
            one,
            age_problem(child.first_name, child.born_on, one.ages, from_on, until_on),
            registrations.standing(known, child.id, one.id, year.id),
        )
        for one in registrations.activities_on_offer()
    ]
    return sorted(found, key=lambda one: not one.is_open)


def _distinct(pairs: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    return list(dict.fromkeys(pairs))
