"""The changes that families ask for (G2): before and after side by side, one decision, the next one."""

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access import permissions
from app.access.viewer import Side, current_viewer
from app.declare import Entity, Role, entity_named
from app.entities.exchange import RequestStatus
from app.entities.rulebook import Refusable
from app.models import ChangeRequest, Family
from app.rules.words import NBSP
from app.screens import numbers
from app.screens.builder.cells import words
from app.screens.page import Page
from app.services import clock, decisions, refusals
from app.services.decisions import Compared, Decision

HIDDEN = "masqué pour votre rôle"


class ChangeInbox(Page):
    """Modifications à valider."""

    route_base = "/service/modifications"
    side = Side.STAFF
    roles = Role.DESK

    @expose("/")
    @expose("")
    def index(self) -> ResponseReturnValue:
        """The oldest request that waits; a word when nothing does."""
        waiting, lately = decisions.board(clock.now())
        if waiting:
            return redirect(self.url("one", request_id=waiting[0].id))
        return self.show("staff/changes_none.html", lately=lately)

    @expose("/<int:request_id>")
    def one(self, request_id: int) -> ResponseReturnValue:
        """One request beside the queue. Six statements."""
        asked = self._asked(request_id)
        return self._page(asked)

    @expose("/<int:request_id>/accepter", methods=("POST",))
    def accept(self, request_id: int) -> ResponseReturnValue:
        """Write what was asked, then go to the next one."""
        asked = self._asked(request_id)
        overwrite = request.form.get("remplacer") == "oui"
        decision = decisions.accept(asked, self._by(), clock.now(), revision=_revision(), overwrite=overwrite)
        return self._decided(asked, decision, "Acceptée")

    @expose("/<int:request_id>/refuser", methods=("POST",))
    def refuse(self, request_id: int) -> ResponseReturnValue:
        """Refuse with a reason, then go to the next one."""
        asked = self._asked(request_id)
        decision = decisions.refuse(asked, reason_typed(), self._by(), clock.now(), revision=_revision())
        return self._decided(asked, decision, "Refusée")

    @expose("/<int:request_id>/reprendre", methods=("POST",))
    def undo(self, request_id: int) -> ResponseReturnValue:
        """Take the decision of the day back: the request waits again."""
        asked = self._asked(request_id)
        decision = decisions.undo(asked, clock.now(), revision=_revision())
        if not decision.done:
            return self._page(asked, decision.sentence), 409
        told = " La famille est prévenue." if asked.account_id else ""
        flash(f"Décision reprise{NBSP}: {asked.title} attend de nouveau.{told}", "done")
        return redirect(self.url("one", request_id=request_id))

    def _decided(self, asked: ChangeRequest, decision: Decision, word: str) -> ResponseReturnValue:
        if not decision.done:
            # Nothing typed is lost: the page comes back with the reason as it was.
            return self._page(asked, decision.sentence), 409
        told = " Un e-mail part à la famille." if asked.account_id else ""
        flash(f"{word}{NBSP}: {asked.title}.{told}", "done")
        # Its neighbours are asked for anew: a colleague may have decided them meanwhile.
        waiting = decisions.queue()
        later = [one for one in waiting if (one.asked_at, one.id) > (asked.asked_at, asked.id)]
        following = (later or waiting)[:1]
        return redirect(self.url("one", request_id=following[0].id) if following else self.url())

    def _page(self, asked: ChangeRequest, refused: str = "") -> str:
        row = decisions.row_of(asked)
        compared = decisions.compare(asked, row)
        waiting, lately = decisions.board(clock.now())
        ids = [one.id for one in waiting]
        rank = ids.index(asked.id) if asked.id in ids else -1
        return self.show(
            "staff/changes.html",
            asked=asked,
            row=row,
            lines=[_line(asked, row, one) for one in compared],
            has_conflict=row is not None and any(one.conflicts for one in compared),
            is_waiting=asked.status is RequestStatus.WAITING,
            effect=effect_of(row, compared),
            waiting=waiting,
            previous=waiting[rank - 1] if rank > 0 else None,
            following=waiting[rank + 1] if 0 <= rank < len(waiting) - 1 else None,
            reasons=refusals.offered(Refusable.CHANGE),
            can_undo=decisions.can_undo(asked, clock.now()),
            lately=lately,
            typed=request.form,
            refused=refused,
            today=clock.today(),
        )

    def _asked(self, request_id: int) -> ChangeRequest:
        asked = decisions.request_with_id(request_id)
        if asked is None:
            abort(404)
        return asked

    def _by(self) -> Any:
        return current_viewer() or abort(404)


def reason_typed() -> str:
    """The usual reason chosen, completed by the free text, or the free text alone."""
    return refusals.sentence(Refusable.CHANGE, request.form.get("motif"), request.form.get("precision"))[
        :1000
    ]


def _revision() -> int | None:
    return numbers.asked(request.form, "revision")


def _line(asked: ChangeRequest, row: Entity | None, one: Compared) -> dict[str, Any]:
    """One attribute in words: label, before, now, asked."""
    declared = entity_named(asked.entity).__attributes__[one.name]
    is_seen = permissions.sees(current_viewer() or abort(404), declared)

    def told(value: Any) -> str:
        return words(declared, value) if is_seen else HIDDEN

    return {
        "label": one.label,
        "before": told(one.before),
        "current": told(one.current),
        "asked": told(one.asked),
        "conflicts": row is not None and one.conflicts,
        "is_done": row is not None and one.current == one.asked,
    }


def effect_of(row: Entity | None, compared: list[Compared]) -> str:
    """What accepting changes beyond the row itself; empty when nothing."""
    if not isinstance(row, Family):
        return ""
    city = next((one for one in compared if one.name == "city"), None)
    if city is not None and _plain(city.asked) != _plain(city.current):
        return (
            f"La commune change{NBSP}: vérifiez le rattachement de la famille, son tarif peut changer. "
            "Les factures déjà émises ne bougent pas."
        )
    return f"Même commune{NBSP}: le tarif ne change pas."


def _plain(text: object) -> str:
    return str(text or "").strip().casefold()
