"""What families write to the service (C1): the pile, the conversation beside it, an answer, the next one."""

from datetime import datetime

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, current_viewer
from app.declare import CARE, Role
from app.entities.exchange import ThreadStatus
from app.models import Thread
from app.screens import numbers
from app.screens.page import Page
from app.services import clock, threads
from app.services.threads import BODY_LENGTH, Outcome


class MessagesInbox(Page):
    """Messages."""

    route_base = "/service/messages"
    side = Side.STAFF
    roles = CARE | Role.ACCOUNTANT

    @expose("/")
    @expose("")
    def index(self) -> ResponseReturnValue:
        """The conversation that has waited longest; a word when none waits."""
        waiting = threads.waiting()
        if waiting:
            return redirect(self.url("one", thread_id=waiting[0].id))
        return self.show("staff/messages_none.html")

    @expose("/<int:thread_id>")
    def one(self, thread_id: int) -> ResponseReturnValue:
        """One conversation beside the pile."""
        return self._shown(_thread(thread_id))

    @expose("/<int:thread_id>/repondre", methods=("POST",))
    def reply(self, thread_id: int) -> ResponseReturnValue:
        """Answer, then go to the next one."""
        thread = _thread(thread_id)
        was = thread.last_at
        outcome = threads.staff_reply(
            thread_id, request.form.get("body", ""), _name(), clock.now(), seen=_seen()
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

    def _done(self, thread: Thread, was: datetime, outcome: Outcome, words: str) -> ResponseReturnValue:
        if not outcome.is_done:
            # Nothing typed is lost: the page comes back with the answer as it was.
            return self._shown(_thread(thread.id), outcome.problem), 409
        flash(words, "done")
        waiting = threads.waiting()
        later = [one for one in waiting if (one.last_at, one.id) > (was, thread.id)]
        following = (later or waiting)[:1]
        return redirect(self.url("one", thread_id=following[0].id) if following else self.url())

    def _shown(self, thread: Thread, problem: str = "") -> str:
        waiting = threads.waiting()
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
            previous=waiting[rank - 1] if rank > 0 else None,
            following=waiting[rank + 1] if 0 <= rank < len(waiting) - 1 else None,
            typed=request.form.get("body", ""),
            problem=problem,
            longest=BODY_LENGTH,
            today=clock.today(),
        )


def _name() -> str:
    viewer = current_viewer()
    return viewer.name if viewer else abort(404)


def _thread(thread_id: int) -> Thread:
    return threads.thread_with_id(thread_id) or abort(404)


def _seen() -> int | None:
    return numbers.asked(request.form, "seen")
