"""Registrations to decide: the queue, the child, the papers, and the decision (I2, G2)."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from app.access.database import db
from app.access.viewer import Side, current_viewer
from app.declare import CARE
from app.entities.booking import RegistrationStatus
from app.entities.rulebook import Refusable
from app.models import Activity, CareGroup, Registration
from app.rules.ages import age_problem, age_words
from app.rules.kinds.admission import months_old
from app.rules.kinds.order import LAST_RANK
from app.screens import numbers
from app.screens.builder.fields import many_lines
from app.screens.page import Page
from app.services import clock, paperwork, refusals, registration_rules, registrations

SHOWN = 60


class AnswerForm(FlaskForm):
    """The group in which the child goes, or why not."""

    group = SelectField("Groupe", validators=[Optional()], choices=[], validate_choice=False)
    usual = RadioField("Ou refuser, parce que", choices=[], validators=[Optional()], validate_choice=False)
    reason = TextAreaField("Motif du refus", filters=[many_lines], validators=[Optional(), Length(max=600)])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.usual.choices = [
            SelectChoice(one.key, one.name) for one in refusals.offered(Refusable.REGISTRATION)
        ]

    def words(self) -> str:
        """The sentence that the family reads."""
        return refusals.sentence(Refusable.REGISTRATION, self.usual.data, self.reason.data)


class RegistrationInboxPage(Page):
    """Inscriptions à décider."""

    route_base = "/service/inscriptions-a-decider"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The oldest that waits; a word when none does."""
        queue = registrations.to_decide(SHOWN)
        if not queue:
            return self.show("staff/registration_inbox.html", queue=[], total=0, one=None)
        return self._shown(queue, queue[0].id)

    @expose("/<int:registration_id>")
    def one(self, registration_id: int) -> ResponseReturnValue:
        """One registration, decided or not."""
        return self._shown(registrations.to_decide(SHOWN), registration_id)

    @expose("/<int:registration_id>/accepter", methods=("POST",))
    def accept(self, registration_id: int) -> ResponseReturnValue:
        """Accepted, in a group or none."""
        return self._decided(registration_id, accept=True)

    @expose("/<int:registration_id>/refuser", methods=("POST",))
    def refuse(self, registration_id: int) -> ResponseReturnValue:
        """Refused with its reason."""
        return self._decided(registration_id, accept=False)

    def _decided(self, registration_id: int, *, accept: bool) -> ResponseReturnValue:
        row, form = _found(registration_id), AnswerForm()
        if not form.reason.validate(form):
            problem = "Le motif est trop long : 600 signes au plus."
            return self._shown(registrations.to_decide(SHOWN), registration_id, form, problem), 422
        name, onward, viewer = row.child.first_name, _next(registration_id), current_viewer()
        outcome = registrations.decide(
            row,
            accept,
            viewer.name if viewer else "",
            clock.now(),
            form.words(),
            _group(form.group.data) if accept else None,
            seen=numbers.asked(request.form, "seen"),
        )
        if not outcome.is_done:
            return self._shown(registrations.to_decide(SHOWN), registration_id, form, outcome.problem), 422
        word = "acceptée" if accept else "refusée"
        flash(f"L’inscription de {name} est {word}. La famille est prévenue par e-mail.", "done")
        return redirect(self.url("one", registration_id=onward) if onward else self.url("index"))

    def _shown(
        self,
        queue: Sequence[Registration],
        registration_id: int,
        form: AnswerForm | None = None,
        problem: str = "",
    ) -> str:
        row = next((one for one in queue if one.id == registration_id), None) or _found(registration_id)
        rank = next((rank for rank, one in enumerate(queue) if one.id == row.id), None)
        today = clock.today()
        facts = paperwork.load(row.family_id)
        stops, waits = registrations.papers(
            row.child_id, row.family_id, row.activity, row.starts_on, today, facts
        )
        groups = registrations.groups_of(row.activity_id, row.school_year_id)
        form = form or AnswerForm(formdata=None)
        form.group.choices = [
            SelectChoice("", "Sans groupe"),
            *(SelectChoice(str(one.id), _places(one, taken)) for one, taken in groups),
        ]
        return self.show(
            "staff/registration_inbox.html",
            queue=queue,
            total=len(queue) if len(queue) < SHOWN else registrations.to_decide_count(),
            one=row,
            before=queue[rank - 1] if rank else None,
            after=queue[rank + 1] if rank is not None and rank + 1 < len(queue) else None,
            form=form,
            problem=problem,
            groups=groups,
            stops=stops,
            waits=waits,
            members=facts.members,
            others=[
                other
                for other in facts.registrations
                if other.child_id == row.child_id and other.id != row.id
            ],
            age=_age(row),
            priority=_priority(row),
            age_problem=age_problem(
                row.child.first_name, row.child.born_on, row.activity.ages, row.starts_on, row.ends_on
            ),
            is_waiting=row.status is RegistrationStatus.ASKED,
            today=today,
        )


def _found(registration_id: int) -> Registration:
    row = db.session.scalars(
        select(Registration)
        .where(Registration.id == registration_id)
        .options(
            joinedload(Registration.activity).joinedload(Activity.facility),
            joinedload(Registration.child),
            joinedload(Registration.family),
            joinedload(Registration.school_year),
        )
    ).one_or_none()
    if row is None:
        abort(404)
    return row


def _next(registration_id: int) -> int | None:
    queue = [one.id for one in registrations.to_decide(SHOWN)]
    if registration_id not in queue:
        return queue[0] if queue else None
    rank = queue.index(registration_id)
    others = queue[rank + 1 :] + queue[:rank]
    return others[0] if others else None


def _group(value: str | None) -> CareGroup | None:
    if not value:
        return None
    group = db.session.scalars(select(CareGroup).where(CareGroup.id == numbers.row_id(value))).one_or_none()
    if group is None:
        abort(404)
    return group


def _places(group: CareGroup, taken: int) -> str:
    if group.places is None:
        return f"{group.name} ({taken} enfant{'s' if taken > 1 else ''})"
    left = group.places - taken
    return f"{group.name} ({f'{left} sur {group.places} libres' if left > 0 else 'complet'})"


def _priority(row: Registration) -> str:
    """The priority that the child has, in words; empty when it has none."""
    found = registration_rules.rank(row)
    return f"rang {found}" if found < LAST_RANK else ""


def _age(row: Registration) -> str:
    """The child's age when the registration begins."""
    return age_words(months_old(row.child.born_on, row.starts_on)) if row.child.born_on else ""
