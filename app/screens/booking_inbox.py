"""Bookings and cancellations that the service decides: the queue, the child, the squares, the answer (I6)."""

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from app.access.viewer import Side
from app.declare import CARE
from app.entities.rulebook import Refusable
from app.screens import numbers
from app.screens.builder.fields import many_lines
from app.screens.page import Page
from app.services import booking_requests, clock, refusals
from app.services.booking_requests import Batch

TOO_LONG = "Le motif est trop long : 600 signes au plus."


class AnswerForm(FlaskForm):
    """Why not, when the answer is no."""

    usual = RadioField("Ou refuser, parce que", choices=[], validators=[Optional()], validate_choice=False)
    reason = TextAreaField(
        "Précision pour la famille", filters=[many_lines], validators=[Optional(), Length(max=600)]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.usual.choices = [SelectChoice(one.key, one.name) for one in refusals.offered(Refusable.BOOKING)]

    def words(self) -> str:
        """The sentence that the family reads."""
        return refusals.sentence(Refusable.BOOKING, self.usual.data, self.reason.data)


class BookingInboxPage(Page):
    """Réservations à décider."""

    route_base = "/service/reservations-a-decider"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The nearest day that waits; a word when none does."""
        queue = booking_requests.to_decide(clock.today())
        return self._page(queue, queue[0] if queue else None)

    @expose("/<int:child_id>-<int:family_id>")
    def one(self, child_id: int, family_id: int) -> ResponseReturnValue:
        """What waits for one child of one household."""
        queue = booking_requests.to_decide(clock.today())
        return self._page(queue, _found(queue, (child_id, family_id)))

    @expose("/<int:child_id>-<int:family_id>/accepter", methods=("POST",))
    def accept(self, child_id: int, family_id: int) -> ResponseReturnValue:
        """The squares ticked are accepted."""
        return self._answered((child_id, family_id), accept=True)

    @expose("/<int:child_id>-<int:family_id>/refuser", methods=("POST",))
    def refuse(self, child_id: int, family_id: int) -> ResponseReturnValue:
        """The squares ticked are refused, with the reason."""
        return self._answered((child_id, family_id), accept=False)

    def _answered(self, key: tuple[int, int], *, accept: bool) -> ResponseReturnValue:
        queue = booking_requests.to_decide(clock.today())
        found, form = next((one for one in queue if one.key == key), None), AnswerForm()
        if found is None:
            if not booking_requests.knows(*key):
                abort(404)
            flash("Il n’y a plus rien à décider pour cet enfant : c’est déjà répondu, ou retiré.", "error")
            return redirect(self.url())
        if not form.reason.validate(form):
            return self._page(queue, found, form, TOO_LONG), 422
        chosen = {number for text in request.form.getlist("case") if (number := numbers.row_id(text))}
        answered = booking_requests.answer(
            found,
            chosen,
            request.form.get("seen", ""),
            accept=accept,
            reason=form.words(),
            now=clock.now(),
        )
        if answered.problem:
            return self._page(queue, found, form, answered.problem, chosen), 422
        flash(booking_requests.sentence(found, answered.number, accept), "done")
        onward = next((one for one in booking_requests.to_decide(clock.today()) if one.key != key), None)
        return redirect(self.url("one", **onward.address) if onward else self.url())

    def _page(
        self,
        queue: list[Batch],
        one: Batch | None,
        form: AnswerForm | None = None,
        problem: str = "",
        chosen: set[int] | None = None,
    ) -> str:
        rank = next((rank for rank, each in enumerate(queue) if one and each.key == one.key), None)
        return self.show(
            "staff/booking_inbox.html",
            queue=queue,
            total=booking_requests.number(clock.today()),
            one=one,
            before=queue[rank - 1] if rank else None,
            after=queue[rank + 1] if rank is not None and rank + 1 < len(queue) else None,
            form=form or AnswerForm(formdata=None),
            problem=problem,
            chosen={row.id for row in one.rows} if chosen is None and one else chosen,
            seen=booking_requests.mark_of(one.rows) if one else "",
            today=clock.today(),
        )


def _found(queue: list[Batch], key: tuple[int, int]) -> Batch:
    found = next((one for one in queue if one.key == key), None)
    if found is None:
        abort(404)
    return found
