"""*Contacter la structure* (C1): the household's conversations, a new one, and an answer in each."""

from contextlib import suppress
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import FileField, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length

from app.access.database import db
from app.access.permissions import is_shown
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import FAMILY
from app.models import Facility, Thread
from app.screens.page import Page
from app.screens.uploads import taken
from app.services import clock, files, threads
from app.services.files import RefusedFile
from app.services.threads import BODY_LENGTH, SUBJECT_LENGTH

TOO_LONG = f"Raccourcissez votre message\u00a0: {BODY_LENGTH} signes au plus."
SENT = "Votre message est envoyé. Un e-mail vous préviendra de la réponse."


def body_field(label: str) -> Any:
    """The words of a message."""
    return TextAreaField(
        label,
        filters=[threads.tidy],
        validators=[DataRequired("Écrivez votre message."), Length(max=BODY_LENGTH, message=TOO_LONG)],
        render_kw={"rows": 6},
    )


def file_field() -> Any:
    """A photograph or a PDF, if need be."""
    return FileField(
        "Joindre un fichier",
        description="Un PDF ou une photo, 10 Mo au plus.",
        render_kw={"accept": files.ACCEPT},
    )


class AnswerForm(FlaskForm):
    """A message in a conversation."""

    body = body_field("Votre message")
    file = file_field()


class WriteForm(FlaskForm):
    """A new conversation."""

    facility = SelectField("À quelle structure\u00a0?", validate_choice=False)
    subject = StringField(
        "Objet",
        filters=[threads.tidy],
        description="Quelques mots, par exemple\u00a0: repas sans porc.",
        validators=[
            DataRequired("Dites en quelques mots de quoi il s’agit."),
            Length(
                max=SUBJECT_LENGTH, message=f"Raccourcissez l’objet\u00a0: {SUBJECT_LENGTH} signes au plus."
            ),
        ],
    )
    body = body_field("Votre message")
    file = file_field()

    def offer(self, facilities: list[Facility]) -> None:
        """The facilities one may write to; chosen at once when there is one."""
        pairs = [(str(one.id), one.name) for one in facilities]
        self.facility.choices = pairs if len(pairs) == 1 else [("", "Choisissez dans la liste"), *pairs]
        told = "Choisissez à quelle structure vous écrivez."
        self.facility.validators = [DataRequired(told), AnyOf([value for value, _ in pairs], message=told)]
        self.facility.flags.required = True


class ContactPage(Page):
    """Contacter la structure."""

    route_base = "/contact"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The conversations of the household in view, and whom to call."""
        return self.show(
            "family/contact.html",
            threads=threads.of_household(_family_id()),
            called=[one for one in _facilities() if one.phone and is_shown(one, "phone")],
            today=clock.today(),
        )

    @expose("/ecrire", methods=("GET", "POST"))
    def write(self) -> ResponseReturnValue:
        """Write to a facility (``structure``: the one already chosen)."""
        family_id = _family_id()
        form = WriteForm(facility=request.args.get("structure", ""))
        facilities = _facilities()
        form.offer(facilities)
        if form.validate_on_submit():
            with suppress(RefusedFile):  # its sentence is on the field
                thread = threads.open_thread(
                    family_id,
                    int(form.facility.data),
                    form.subject.data or "",
                    form.body.data or "",
                    _viewer().name,
                    clock.now(),
                    taken(form.file),
                )
                flash(SENT, "done")
                return redirect(self.url("one", thread_id=thread.id))
        page = self.show("family/contact_write.html", form=form, facilities=facilities)
        return page, (422 if form.errors else 200)

    @expose("/<int:thread_id>")
    def one(self, thread_id: int) -> ResponseReturnValue:
        """A conversation, first message first; it is no longer new."""
        thread = _thread(thread_id)
        shown = self._shown(thread, AnswerForm(formdata=None))
        threads.mark_read(thread, clock.now())
        return shown

    @expose("/<int:thread_id>", methods=("POST",))
    def reply(self, thread_id: int) -> ResponseReturnValue:
        """Write in it again."""
        form = AnswerForm()
        thread = _thread(thread_id)
        if not form.validate_on_submit():
            return self._shown(thread, form), 422
        try:
            file = taken(form.file)
        except RefusedFile:
            return self._shown(thread, form), 422
        if not threads.reply(thread_id, form.body.data or "", _viewer().name, clock.now(), file):
            abort(404)
        flash(SENT, "done")
        return redirect(self.url("one", thread_id=thread_id))

    def _shown(self, thread: Thread, form: AnswerForm) -> str:
        return self.show(
            "family/thread.html",
            thread=thread,
            messages=threads.messages_of(thread.id),
            form=form,
            today=clock.today(),
        )


def _viewer() -> Viewer:
    return current_viewer() or abort(404)


def _family_id() -> int:
    return _viewer().family_id or abort(404)


def _facilities() -> list[Facility]:
    return list(db.session.scalars(select(Facility).order_by(Facility.name, Facility.id)))


def _thread(thread_id: int) -> Thread:
    """A conversation of any household that the account reaches: its mail leads here whichever is in view."""
    return threads.thread_with_id(thread_id) or abort(404)
