"""What families write to the service (C1): the pile, the conversation beside it, an answer, the next one."""

from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from wtforms import FileField, Form

from app.access.viewer import Side, current_viewer
from app.declare import CARE, Role
from app.entities.exchange import ThreadStatus
from app.models import Thread
from app.screens import numbers
from app.screens.builder import filters
from app.screens.page import Page
from app.screens.uploads import taken
from app.services import clock, files, threads
from app.services.files import RefusedFile
from app.services.threads import BODY_LENGTH, Outcome, Pile


class MessagesInbox(Page):
    """Messages."""

    route_base = "/service/messages"
    side = Side.STAFF
    roles = CARE | Role.ACCOUNTANT

    @expose("/")
    @expose("")
    def index(self) -> ResponseReturnValue:
        """The first conversation of the pile asked for (``pile``); a word when it is empty."""
        pile = _pile()
        found = threads.pile(pile, _name())
        if found:
            return redirect(self.address("one", pile, thread_id=found[0].id))
        return self.show("staff/messages_none.html", pile=pile, piles=Pile, address=self.address)

    def address(self, method: str, pile: Pile, **values: Any) -> str:
        """An address that stays in a pile; the first pile goes without saying."""
        return self.url(method, **values, **({} if pile is Pile.WAITING else {"pile": pile.value}))

    @expose("/<int:thread_id>")
    def one(self, thread_id: int) -> ResponseReturnValue:
        """One conversation beside the pile."""
        return self._shown(_thread(thread_id))

    @expose("/<int:thread_id>/repondre", methods=("POST",))
    def reply(self, thread_id: int) -> ResponseReturnValue:
        """Answer, then go to the next one."""
        thread = _thread(thread_id)
        was = thread.last_at
        try:
            file = taken(FileOnly(formdata=request.files).file)
        except RefusedFile as refusal:
            return self._shown(thread, refusal.sentence), 422
        outcome = threads.staff_reply(
            thread_id, request.form.get("body", ""), _name(), clock.now(), seen=_seen(), file=file
        )
        told = "Un e-mail part à la famille." if outcome.told else "La famille la lira dans son espace."
        return self._done(thread, was, outcome, f"Votre réponse est envoyée. {told}")

    @expose("/<int:thread_id>/terminer", methods=("POST",))
    def close(self, thread_id: int) -> ResponseReturnValue:
        """Nothing more to answer, then go to the next one."""
        thread = _thread(thread_id)
        was = thread.last_at
        outcome = threads.close(thread_id, _name(), seen=_seen())
        return self._done(thread, was, outcome, f"Conversation terminée\u00a0: {thread.subject}.")

    @expose("/<int:thread_id>/confier", methods=("POST",))
    def assign(self, thread_id: int) -> ResponseReturnValue:
        """Say who follows it; the conversation stays in sight."""
        _thread(thread_id)
        chosen = filters.clean(request.form.get("personne"), 200)
        outcome = threads.assign(thread_id, chosen)
        if not outcome.is_done:
            return self._shown(_thread(thread_id), outcome.problem), 409
        flash(f"Conversation confiée à {chosen}." if chosen else "Plus personne ne la suit.", "done")
        return redirect(self.address("one", _pile(), thread_id=thread_id))

    def _done(self, thread: Thread, was: datetime, outcome: Outcome, words: str) -> ResponseReturnValue:
        if not outcome.is_done:
            # Nothing typed is lost: the page comes back with the answer as it was.
            return self._shown(_thread(thread.id), outcome.problem), 409
        flash(words, "done")
        pile = _pile()
        waiting = threads.pile(pile, _name())
        later = [one for one in waiting if (one.last_at, one.id) > (was, thread.id)]
        following = (later or waiting)[:1]
        if not following or pile in (Pile.ANSWERED, Pile.CLOSED):
            return redirect(self.address("index", pile))
        return redirect(self.address("one", pile, thread_id=following[0].id))

    def _shown(self, thread: Thread, problem: str = "") -> str:
        pile = _pile()
        waiting = threads.pile(pile, _name())
        messages = threads.messages_of(thread.id)
        ids = [one.id for one in waiting]
        rank = ids.index(thread.id) if thread.id in ids else -1
        return self.show(
            "staff/messages.html",
            thread=thread,
            messages=messages,
            seen=max((one.id for one in messages), default=0),
            is_closed=thread.status is ThreadStatus.CLOSED,
            waiting=waiting,
            pile=pile,
            piles=Pile,
            address=self.address,
            colleagues=threads.colleagues(thread.facility_id),
            me=_name(),
            accept=files.ACCEPT,
            previous=waiting[rank - 1] if rank > 0 else None,
            following=waiting[rank + 1] if 0 <= rank < len(waiting) - 1 else None,
            typed=request.form.get("body", ""),
            problem=problem,
            longest=BODY_LENGTH,
            today=clock.today(),
        )


class FileOnly(Form):
    """What is attached to an answer."""

    file = FileField()


def _pile() -> Pile:
    asked = request.args.get("pile", "")
    return next((one for one in Pile if one.value == asked), Pile.WAITING)


def _name() -> str:
    viewer = current_viewer()
    return viewer.name if viewer else abort(404)


def _thread(thread_id: int) -> Thread:
    return threads.thread_with_id(thread_id) or abort(404)


def _seen() -> int | None:
    return numbers.asked(request.form, "seen")
