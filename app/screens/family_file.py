"""« Ma famille » (F1-F5, F9): the household's people, each one's form, the address and the invoices."""

from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from app.access import permissions, trail
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import FAMILY, Attribute, Entity
from app.entities.exchange import RequestStatus
from app.entities.family import MemberKind
from app.models import ChangeRequest, Family, Membership, Person
from app.rules.words import NBSP, joined, of
from app.screens.builder.cells import words
from app.screens.builder.fields import one_line
from app.screens.declared_form import declared_form, initial, is_outdated, refresh, sections, values
from app.screens.page import Page
from app.screens.words import clock as clock_words
from app.services import changes, clock, contacts, family_file
from app.services.changes import Outcome
from app.services.contacts import Tie
from app.services.freezes import Window

LEFT_OUT = {
    MemberKind.GUARDIAN: frozenset({"sex"}),
    MemberKind.CHILD: frozenset({"birth_name", "employer", "profession", "work_phone"}),
    MemberKind.CONTACT: frozenset({"sex", "birth_name", "employer", "profession"}),
}
OUTDATED = (
    "Quelqu’un a enregistré cette fiche pendant que vous la remplissiez. "
    "Vos réponses sont gardées ci-dessous : relisez-les, puis enregistrez à nouveau."
)
KINSHIP_LENGTH = 60


class FamilyFilePage(Page):
    """Ma famille."""

    route_base = "/ma-famille"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    @expose("")
    def index(self) -> ResponseReturnValue:
        """Everybody of the household in view. Eleven statements."""
        now = clock.now()
        file = family_file.overview(family_in_view(), now)
        if file is None:
            abort(404)
        return self.show("family/file.html", file=file, today=clock.today())

    @expose("/personne/<int:person_id>", methods=("GET", "POST"))
    def person(self, person_id: int) -> ResponseReturnValue:
        """The form of one person of the household in view."""
        member = family_file.member(family_in_view(), person_id)
        if member is None:
            abort(404)
        attributes = attributes_of(Person, member.member_kind)
        if family_file.keeps_own_file(member):
            return self.show("family/person_read.html", person=member.person, member=member)
        return self.edit(
            member.person,
            attributes,
            "family/person.html",
            f"pour {member.person.first_name}",
            member=member,
            back=_back_of(member),
        )

    @expose("/foyer", methods=("GET", "POST"))
    def household(self) -> ResponseReturnValue:
        """The address and the invoices of the household in view."""
        found = family_file.family_of(family_in_view())
        if found is None:
            abort(404)
        return self.edit(
            found,
            attributes_of(Family),
            "family/file_household.html",
            "pour le foyer",
            billing=family_file.billing_of(family_file.load_household(found.id)),
            back=(self.url(), "Ma famille"),
        )

    @expose("/demande/<int:request_id>/retirer", methods=("POST",))
    def withdraw(self, request_id: int) -> ResponseReturnValue:
        """Take back a change that waits."""
        if not changes.withdraw(request_id, viewer(), clock.now()):
            abort(404)
        flash("Votre demande est retirée : rien ne change.", "done")
        return redirect(self.url())

    @expose("/ajouter", methods=("GET", "POST"))
    def add(self) -> ResponseReturnValue:
        """Add a person, and say what they may do for each child."""
        household = family_file.load_household(family_in_view())
        attributes = attributes_of(Person, MemberKind.CONTACT)
        form = add_form(attributes, household.children)()
        if form.validate_on_submit():
            now = clock.now()
            ties = [tie_of(form, child.id) for child in household.children]
            added = contacts.add_person(values(form, attributes), ties, household.children, viewer(), now)
            if added.person is not None:
                flash(f"Enregistré à {clock_words(now)}{NBSP}: {added.person.full_name}.", "done")
                return redirect(self.url())
            form.form_errors.extend(added.problems)
        open_now = contacts.windows(household.children, household.family_id, clock.now())
        return self.show(
            "family/contact_add.html",
            form=form,
            parts=sections(form, attributes),
            children=household.children,
            windows=open_now,
        ), (422 if form.errors else 200)

    def edit(
        self, row: Entity, attributes: list[Attribute], template: str, whom: str, **context: Any
    ) -> ResponseReturnValue:
        """Show the form of a row of the household, or save what was typed."""
        now = clock.now()
        last = changes.last_about(row, viewer().family_id, now)
        waiting = last if last and last.status is RequestStatus.WAITING else None
        refused = last if last and last.status is RequestStatus.REFUSED else None
        asked = asked_values(row, waiting)
        form = declared_form(type(row), attributes)(data=initial(row, attributes, asked))
        if form.validate_on_submit():
            if is_outdated(form, row):
                form.form_errors.append(OUTDATED)
                refresh(form, row)
            else:
                outcome = changes.apply(row, values(form, attributes), viewer(), now)
                tell(outcome, whom, now)
                return redirect(context["back"][0])
        return self.show(
            template,
            form=form,
            row=row,
            parts=sections(form, attributes),
            checked=frozenset(
                one.section for one in attributes if permissions.awaits_approval(viewer(), one)
            ),
            waiting=waiting,
            refused=refused,
            was_asked=_was_asked(row, refused),
            in_force={name: _in_force(row, name) for name in asked},
            today=clock.today(),
            **context,
        ), (422 if form.errors else 200)


def viewer() -> Viewer:
    """Who is asking; 404 for nobody."""
    found = current_viewer()
    if found is None:
        abort(404)
    return found


def family_in_view() -> int:
    """The household in view: nothing on the family side mixes two."""
    family_id = viewer().family_id
    if family_id is None:
        abort(404)
    return family_id


def attributes_of(entity: type[Entity], kind: MemberKind | None = None) -> list[Attribute]:
    """The attributes that a family edits, those that make no sense for that kind of member left out."""
    left_out = LEFT_OUT.get(kind, frozenset()) if kind else frozenset()
    return [one for one in permissions.editable(entity, viewer()) if one.name not in left_out]


def asked_values(row: Entity, waiting: ChangeRequest | None) -> dict[str, Any]:
    """The values that a waiting request asks for."""
    if waiting is None:
        return {}
    declared = row.__attributes__
    return {
        name: trail.value_of(declared[name], kept) for name, kept in waiting.after.items() if name in declared
    }


def _in_force(row: Entity, name: str) -> str:
    """The value of today in words, shown under the one that is asked."""
    one = row.__attributes__[name]
    return words(one, getattr(row, one.column), long=True)


def _was_asked(row: Entity, refused: ChangeRequest | None) -> list[tuple[str, str]]:
    """What was asked and refused, label and words: nothing typed is lost."""
    declared = row.__attributes__
    return [
        (declared[name].label, words(declared[name], value, long=True))
        for name, value in asked_values(row, refused).items()
    ]


def tell(outcome: Outcome, whom: str, now: datetime) -> None:
    """Say what was saved, what waits and what was refused, each in its sentence."""
    if outcome.saved:
        what = joined(small(label) for label in outcome.saved)
        flash(f"Enregistré à {clock_words(now)} {whom}{NBSP}: {what}.", "done")
    if outcome.waiting:
        what = joined(small(label) for label in outcome.waiting)
        flash(
            f"Envoyé au service {whom}{NBSP}: {what}. Le changement attend son accord, "
            "vous aurez la réponse par e-mail.",
            "warning",
        )
    if outcome.withdrawn:
        what = joined(small(label) for label in outcome.withdrawn)
        flash(f"Votre demande est retirée {whom}{NBSP}: {what}.", "done")
    for one in outcome.refused:
        flash(f"{one.label}{NBSP}: {one.sentence}", "error")
    if not outcome and not outcome.refused:
        flash("Rien n’a changé.", "done")


def sent_to(window: Window) -> dict[str, Any]:
    """How to make the form of a section: once it is closed, what is sent is not read, and that is said."""
    if window.open:
        return {}
    if request.method == "POST":
        flash(f"Rien n’est enregistré{NBSP}: {window.sentence}", "error")
    return {"formdata": None}


def small(label: str) -> str:
    """A label inside a sentence."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def tie_fields(child_id: int, name: str) -> dict[str, Any]:
    """The three fields that say what a person is to a child; or, turned round, a child to a person."""
    return {
        f"lien_{child_id}": StringField(
            f"Lien avec {name}",
            [Length(max=KINSHIP_LENGTH, message=f"{KINSHIP_LENGTH}{NBSP}signes au plus.")],
            filters=[one_line],
            description="Par exemple : grand-mère, voisin, amie de la famille.",
        ),
        f"venir_{child_id}": BooleanField(f"Peut venir chercher {name}"),
        f"urgence_{child_id}": BooleanField("À prévenir en urgence"),
    }


class TieForm(FlaskForm):
    """A form with ties: whoever may collect or is called says how they are related."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the relation where something is ticked."""
        holds = bool(super().validate(extra_validators))
        for field in self:
            if not field.name.startswith("lien_"):
                continue
            number = field.name.removeprefix("lien_")
            if (self[f"venir_{number}"].data or self[f"urgence_{number}"].data) and not field.data:
                field.errors = [*field.errors, "Dites le lien : par exemple grand-mère, voisin."]
                holds = False
        return holds


def add_form(attributes: list[Attribute], children: list[Person]) -> type[FlaskForm]:
    """The form of a person, then what they may do for each child."""
    extra: dict[str, Any] = {}
    for child in children:
        extra |= tie_fields(child.id, child.first_name)
    return declared_form(Person, attributes, extra=extra, base=TieForm)


def tie_of(form: FlaskForm, number: int, child_id: int | None = None) -> Tie:
    """What was ticked in the three fields of that number."""
    return Tie(
        child_id=child_id or number,
        kinship=form[f"lien_{number}"].data or "",
        may_collect=bool(form[f"venir_{number}"].data),
        call_in_emergency=bool(form[f"urgence_{number}"].data),
    )


def _back_of(member: Membership) -> tuple[str, str]:
    if member.member_kind is MemberKind.CHILD:
        return f"/ma-famille/enfant/{member.person_id}", f"La fiche {of(member.person.first_name)}"
    return "/ma-famille", "Ma famille"
