"""Documents to check: the queue, the file and the decision in one view (G2)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import DateField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from app.access.database import db
from app.access.viewer import Side, current_viewer
from app.declare import CARE
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus
from app.entities.rulebook import Refusable
from app.models import Activity, Deferral, Document, Membership, Registration
from app.screens import numbers
from app.screens.builder.fields import many_lines, one_line
from app.screens.page import Page
from app.services import clock, documents, files, paperwork, refusals, registrations
from app.services.documents import Outcome

SHOWN = 60
UNREADABLE_DATE = "Écrivez une date, par exemple 31/08/2027."


class DecisionForm(FlaskForm):
    """What staff say of a document. One form for the three decisions: nothing typed is lost between them."""

    valid_until = DateField("Valable jusqu’au", validators=[Optional()])
    reason = RadioField(
        "Ou refuser, parce que",
        choices=[],
        validators=[Optional()],
        validate_choice=False,
    )
    more = TextAreaField(
        "Précision pour la famille", filters=[many_lines], validators=[Optional(), Length(max=600)]
    )
    deferred_until = DateField("Délai jusqu’au", validators=[Optional()])
    deferred_reason = StringField(
        "Motif du délai", filters=[one_line], validators=[Optional(), Length(max=200)]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reason.choices = [
            SelectChoice(one.key, one.name) for one in refusals.offered(Refusable.DOCUMENT)
        ]

    def words(self) -> str:
        """The sentence that the parent reads."""
        return refusals.sentence(Refusable.DOCUMENT, self.reason.data, self.more.data)


class DocumentInboxPage(Page):
    """Documents à vérifier."""

    route_base = "/service/documents-a-verifier"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The oldest document that waits; a word when none does."""
        queue = documents.waiting(SHOWN)
        if not queue:
            return self.show("staff/document_inbox.html", queue=[], total=0, document=None)
        return self._shown(queue, queue[0].id)

    @expose("/<int:document_id>")
    def one(self, document_id: int) -> ResponseReturnValue:
        """One document, decided or not."""
        return self._shown(documents.waiting(SHOWN), document_id)

    @expose("/<int:document_id>/fichier")
    def file(self, document_id: int) -> ResponseReturnValue:
        """The bytes, in the frame or (``telecharger``) to keep."""
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one_or_none()
        if document is None or document.file is None:
            abort(404)
        return files.send(document.file, inline="telecharger" not in request.args)

    @expose("/<int:document_id>/valider", methods=("POST",))
    def validate(self, document_id: int) -> ResponseReturnValue:
        """Valid, and on to the next."""
        document, form = _found(document_id), DecisionForm()
        if not form.valid_until.validate(form):
            return self._wrong(document_id, form, UNREADABLE_DATE)
        family_id, name = document.family_id, document.document_type.name
        onward = _next(document)
        outcome = documents.validate(
            document, _by(), clock.now(), form.valid_until.data, seen=numbers.asked(request.form, "seen")
        )
        if outcome.is_done:
            accepted = registrations.release(family_id, clock.now())
            flash(
                f"« {name} » : validé." + (" L’inscription demandée est acceptée." if accepted else ""),
                "done",
            )
        return self._after(document_id, onward, form, outcome)

    @expose("/<int:document_id>/refuser", methods=("POST",))
    def refuse(self, document_id: int) -> ResponseReturnValue:
        """Refused with its reason, and on to the next."""
        document, form = _found(document_id), DecisionForm()
        if not form.more.validate(form):
            return self._wrong(document_id, form, "La précision est trop longue : 600 signes au plus.")
        onward, name = _next(document), document.document_type.name
        outcome = documents.refuse(
            document, form.words(), _by(), clock.now(), seen=numbers.asked(request.form, "seen")
        )
        if outcome.is_done:
            flash(f"« {name} » : refusé. La famille est prévenue par e-mail.", "done")
        return self._after(document_id, onward, form, outcome)

    @expose("/<int:document_id>/delai", methods=("POST",))
    def defer(self, document_id: int) -> ResponseReturnValue:
        """Grant a delay for what this document should be; it stays to decide."""
        document, form = _found(document_id), DecisionForm()
        if not form.deferred_until.validate(form) or form.deferred_until.data is None:
            return self._wrong(document_id, form, f"Délai. {UNREADABLE_DATE}")
        family_id = document.family_id
        outcome = documents.defer(
            document.document_type_id,
            family_id,
            document.person_id,
            form.deferred_until.data,
            form.deferred_reason.data or "",
            clock.now(),
        )
        if not outcome.is_done:
            return self._wrong(document_id, form, outcome.problem)
        accepted = registrations.release(family_id, clock.now())
        flash("Le délai est accordé." + (" L’inscription demandée est acceptée." if accepted else ""), "done")
        return redirect(self.url("one", document_id=document_id))

    def _after(
        self, document_id: int, onward: int | None, form: DecisionForm, outcome: Outcome
    ) -> ResponseReturnValue:
        if outcome.is_done:
            return redirect(self.url("one", document_id=onward) if onward else self.url("index"))
        return self._wrong(document_id, form, outcome.problem)

    def _wrong(self, document_id: int, form: DecisionForm, problem: str) -> ResponseReturnValue:
        return self._shown(documents.waiting(SHOWN), document_id, form, problem), 422

    def _shown(
        self, queue: Sequence[Document], document_id: int, form: DecisionForm | None = None, problem: str = ""
    ) -> str:
        document = next((one for one in queue if one.id == document_id), None) or _found(document_id)
        rank = next((rank for rank, one in enumerate(queue) if one.id == document.id), None)
        proposed = documents.proposed_end(document)
        form = form or DecisionForm(formdata=None, valid_until=proposed)
        members = _members(document)
        return self.show(
            "staff/document_inbox.html",
            queue=queue,
            total=len(queue) if len(queue) < SHOWN else documents.waiting_count(),
            document=document,
            before=queue[rank - 1] if rank else None,
            after=queue[rank + 1] if rank is not None and rank + 1 < len(queue) else None,
            form=form,
            problem=problem,
            proposed=proposed,
            earlier=_earlier(document),
            deferral=_deferral(document),
            members=members,
            registrations=_registrations(document),
            is_waiting=document.status is DocumentStatus.RECEIVED,
            kinds=MemberKind,
            today=clock.today(),
        )


def _found(document_id: int) -> Document:
    document = documents.find(document_id)
    if document is None:
        abort(404)
    return document


def _by() -> str:
    viewer = current_viewer()
    return viewer.name if viewer else ""


def _next(document: Document) -> int | None:
    """The document to check after this one: the next in the queue, or else its head."""
    queue = [one.id for one in documents.waiting(SHOWN)]
    if document.id not in queue:
        return queue[0] if queue else None
    rank = queue.index(document.id)
    others = queue[rank + 1 :] + queue[:rank]
    return others[0] if others else None


def _earlier(document: Document) -> list[Document]:
    """What was handed in before for the same demand, latest first. One statement."""
    return list(
        db.session.scalars(
            select(Document)
            .where(
                Document.document_type_id == document.document_type_id,
                Document.family_id == document.family_id,
                Document.person_id == document.person_id,
                Document.id != document.id,
            )
            .order_by(Document.received_at.desc())
            .limit(5)
        )
    )


def _deferral(document: Document) -> Deferral | None:
    today: date = clock.today()
    return db.session.scalars(
        select(Deferral)
        .where(
            Deferral.document_type_id == document.document_type_id,
            Deferral.family_id == document.family_id,
            Deferral.person_id == document.person_id,
            Deferral.until_on >= today,
        )
        .order_by(Deferral.until_on.desc())
    ).first()


def _members(document: Document) -> list[Membership]:
    return list(
        db.session.scalars(
            select(Membership)
            .where(Membership.family_id == document.family_id, Membership.member_kind != MemberKind.CONTACT)
            .options(joinedload(Membership.person))
            .order_by(Membership.position, Membership.id)
        )
    )


def _registrations(document: Document) -> list[Registration]:
    """What the household is registered for, or asks: why the document matters. One statement."""
    return list(
        db.session.scalars(
            select(Registration)
            .where(Registration.family_id == document.family_id, Registration.status.in_(paperwork.LIVE))
            .join(Registration.activity)
            .options(joinedload(Registration.activity), joinedload(Registration.child))
            .order_by(Registration.child_id, Activity.position)
        )
    )
