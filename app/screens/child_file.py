"""A child's file (F6-F11): its parts, schooling and diet, authorisations, nursery, who may collect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, redirect
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Side
from app.declare import FAMILY
from app.entities.health import Level
from app.models import HealthRecord, Person, School, Schooling
from app.rules.words import of
from app.screens.declared_form import declared_form, values
from app.screens.family_file import (
    TieForm,
    attributes_of,
    family_in_view,
    sent_to,
    tell,
    tie_fields,
    tie_of,
    viewer,
)
from app.screens.page import Page
from app.screens.question_fields import answers, fields_of, question_fields, question_values
from app.services import child_file, clock, contacts, declarations, family_file
from app.services.child_file import TITLES, Known
from app.services.freezes import AUTHORISATIONS, NURSERY, SCHOOLING, Window
from app.services.questions import Asked


@dataclass(frozen=True)
class Child:
    """A child of the household in view, with what its pages need."""

    person: Person
    health: HealthRecord | None
    known: Known

    @property
    def home(self) -> str:
        """The address of its file."""
        return f"/ma-famille/enfant/{self.person.id}"


def child_in_view(child_id: int, now: datetime) -> Child:
    """A child of the household in view; 404 for anybody else. Six statements."""
    family_id = family_in_view()
    found = child_file.child_of(family_id, child_id)
    if found is None:
        abort(404)
    person, health = found
    records = {child_id: health} if health else {}
    return Child(person, health, child_file.load(family_id, [person], records, now))


class ChildFilePage(Page):
    """La fiche d’un enfant."""

    route_base = "/ma-famille/enfant"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/<int:child_id>")
    def index(self, child_id: int) -> ResponseReturnValue:
        """The parts of the file, each with its state. Nine statements."""
        child = child_in_view(child_id, clock.now())
        card = family_file.child_card(child.person, child.known)
        waiting = family_file.waiting_requests(family_in_view()).get(("Person", child_id))
        return self.show("family/child.html", child=child.person, card=card, waiting=waiting)

    @expose("/<int:child_id>/scolarite", methods=("GET", "POST"))
    def schooling(self, child_id: int) -> ResponseReturnValue:
        """School, class, meals and diet for the declared school year."""
        return self.declarations(child_id, SCHOOLING)

    @expose("/<int:child_id>/autorisations", methods=("GET", "POST"))
    def authorisations(self, child_id: int) -> ResponseReturnValue:
        """What the parents allow."""
        return self.declarations(child_id, AUTHORISATIONS)

    @expose("/<int:child_id>/multi-accueil", methods=("GET", "POST"))
    def nursery(self, child_id: int) -> ResponseReturnValue:
        """What the nursery asks; the page exists for its children alone (F7)."""
        return self.declarations(child_id, NURSERY)

    @expose("/<int:child_id>/contacts", methods=("GET", "POST"))
    def contacts(self, child_id: int) -> ResponseReturnValue:
        """Who may collect the child or is called in an emergency."""
        now = clock.now()
        household = family_file.load_household(family_in_view())
        child = next((one for one in household.children if one.id == child_id), None)
        if child is None:
            abort(404)
        window = contacts.windows([child], household.family_id, now)[child_id]
        people = contacts.people_of(household.family_id)
        form = ties_form(child, people, contacts.of_child(household.family_id, child_id), window)
        if window.open and form.validate_on_submit():
            ties = {person.id: tie_of(form, person.id, child_id) for person in people}
            tell(contacts.save(child, ties, viewer(), now), f"pour {child.first_name}", now)
            return redirect(f"/ma-famille/enfant/{child_id}")
        return self.show(
            "family/contacts.html",
            child=child,
            guardians=household.guardians,
            people=people,
            form=form,
            window=window,
        ), (422 if form.errors else 200)

    def declarations(self, child_id: int, section: str) -> ResponseReturnValue:
        """Show or save one section of yearly declarations."""
        now = clock.now()
        child = child_in_view(child_id, now)
        known = child.known
        if section == NURSERY and not known.attends_nursery(child_id):
            abort(404)
        window = known.window(section, child_id)
        asked = known.asked(section, child_id, window.year)
        schooled = section == SCHOOLING and known.is_schooled(child.person)
        if not asked and not schooled:
            abort(404)
        form = declarations_form(child, asked, schooled, window)
        attributes = school_attributes() if schooled else []
        given = answers(form, asked) if window.open and form.validate_on_submit() else None
        if given is not None:
            outcome = declarations.save_declarations(
                child.person,
                section,
                known,
                values(form, attributes) if schooled else None,
                given,
                viewer(),
            )
            if outcome or not outcome.refused:
                tell(outcome, f"pour {child.person.first_name}", now)
                return redirect(child.home)
            form.form_errors.extend(one.sentence for one in outcome.refused)
        return self.show(
            "family/child_declarations.html",
            child=child.person,
            title=f"{TITLES[section] if asked else 'Scolarité'} {of(child.person.first_name)}",
            form=form,
            school=[form[one.name] for one in attributes],
            asked=fields_of(form, asked),
            window=window,
        ), (422 if form.errors else 200)


# --- Forms ---------------------------------------------------------------------------------------


def school_attributes() -> list[Any]:
    """School, class and teacher: the year goes by itself."""
    return [one for one in attributes_of(Schooling) if one.name not in ("child", "school_year")]


def declarations_form(child: Child, asked: list[Asked], schooled: bool, window: Window) -> FlaskForm:
    """The schooling, then a field for each question, started from the last answers."""
    sent, year = sent_to(window), window.year
    fields = question_fields(asked)
    start: dict[str, Any] = question_values(asked)
    if not schooled:
        return type("DeclarationsForm", (FlaskForm,), fields)(data=start, **sent)
    attributes = school_attributes()
    earlier = sorted(child.known.schoolings.get(child.person.id, ()), key=lambda one: one.school_year.code)
    row = child.known.schooling(child.person.id, year) or (earlier[-1] if earlier else None)
    if row is not None:
        is_this_year = row.school_year.code == year
        start["school"] = row.school_id
        start["level"] = row.level if is_this_year else next_level(row.level)
        start["teacher"] = row.teacher if is_this_year else None
    form = declared_form(Schooling, attributes, extra=fields)(data=start, **sent)
    schools = db.session.scalars(select(School).order_by(School.name))
    form["school"].offer({one.id: one.name for one in schools})
    return form


def next_level(level: Level) -> Level:
    """The class of the year after: what most parents would choose."""
    order = list(Level)
    stays = (Level.NONE, Level.COLLEGE, Level.LYCEE)
    return level if level in stays else order[order.index(level) + 1]


def ties_form(child: Person, people: Iterable[Person], known: dict[int, Any], window: Window) -> FlaskForm:
    """Three fields for each contact of the household: what they are to this child."""
    fields: dict[str, Any] = {}
    start: dict[str, Any] = {}
    for person in people:
        fields |= tie_fields(person.id, child.first_name)
        tie = known.get(person.id)
        if tie is not None:
            start |= {
                f"lien_{person.id}": tie.kinship,
                f"venir_{person.id}": tie.may_collect,
                f"urgence_{person.id}": tie.call_in_emergency,
            }
    return type("TiesForm", (TieForm,), fields)(data=start, **sent_to(window))
