"""What staff decide of the changes that families ask for (``changes``): accept, refuse, take back.

The row, the request, the history and the mail are written in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.trail import plain, value_of
from app.access.viewer import Viewer
from app.declare import Entity, entity_named
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest
from app.rules.calendar import instant, local_day
from app.rules.words import french, joined
from app.services import changes, outbox


@dataclass(frozen=True)
class Compared:
    """One attribute of a request, as staff read it: then, now, asked."""

    name: str
    label: str
    before: Any
    current: Any
    asked: Any

    @property
    def conflicts(self) -> bool:
        """Whether the value changed since the family asked, to something else than what it asks."""
        return bool(self.current not in (self.before, self.asked))


@dataclass(frozen=True)
class Decision:
    """Whether a decision was taken; if not, the sentence says why and what to do."""

    done: bool
    sentence: str = ""


def queue(limit: int = 200) -> list[ChangeRequest]:
    """The requests that wait, oldest first, with household and person. One statement."""
    return list(
        db.session.scalars(
            select(ChangeRequest)
            .where(ChangeRequest.status == RequestStatus.WAITING)
            .order_by(ChangeRequest.asked_at, ChangeRequest.id)
            .options(joinedload(ChangeRequest.family), joinedload(ChangeRequest.person))
            .limit(limit)
        )
    )


def board(now: datetime, limit: int = 200) -> tuple[list[ChangeRequest], list[ChangeRequest]]:
    """The requests that wait, oldest first, and those decided today, last first. One statement."""
    today = ChangeRequest.decided_at >= instant(local_day(now))
    decided = ChangeRequest.status.in_((RequestStatus.ACCEPTED, RequestStatus.REFUSED)) & today
    rows = db.session.scalars(
        select(ChangeRequest)
        .where((ChangeRequest.status == RequestStatus.WAITING) | decided)
        .order_by(decided, ChangeRequest.asked_at, ChangeRequest.id)
        .options(joinedload(ChangeRequest.family), joinedload(ChangeRequest.person))
        .limit(limit)
    ).all()
    waiting = [one for one in rows if one.status is RequestStatus.WAITING]
    lately = [one for one in rows if one.status is not RequestStatus.WAITING]
    return waiting, sorted(lately, key=lambda one: one.decided_at or now, reverse=True)


def request_with_id(request_id: int) -> ChangeRequest | None:
    """A request in reach, decided or not. One statement."""
    return db.session.scalars(
        select(ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .options(
            joinedload(ChangeRequest.family),
            joinedload(ChangeRequest.person),
            joinedload(ChangeRequest.account),
        )
    ).one_or_none()


def row_of(request: ChangeRequest) -> Entity | None:
    """The row a request is about; None when it no longer exists or is out of reach. One statement."""
    entity = entity_named(request.entity)
    return db.session.scalars(select(entity).where(entity.id == request.row_id)).one_or_none()


def compare(request: ChangeRequest, row: Entity | None) -> list[Compared]:
    """Each asked attribute in the order of declaration: then, now, asked, as Python values."""
    found = []
    for one in entity_named(request.entity).__attributes__.values():
        if one.name in request.after:
            before = value_of(one, request.before.get(one.name))
            current = getattr(row, one.column) if row is not None else before
            asked = value_of(one, request.after[one.name])
            found.append(Compared(one.name, one.label, before, current, asked))
    return found


def accept(
    request: ChangeRequest, by: Viewer, now: datetime, *, revision: int | None = None, overwrite: bool = False
) -> Decision:
    """Write what was asked, close the request and post the mail, in one transaction. Commits.

    ``revision`` is the request as it was read: changed since, nothing is done. A value that changed
    since the family asked is written over only with ``overwrite``.
    """
    stopped = _undecidable(request, revision)
    if stopped:
        return Decision(False, stopped)
    row = row_of(request)
    if row is None:
        return Decision(False, "Cette fiche n’existe plus : refusez la demande.")
    compared = compare(request, row)
    conflicts = [one.label for one in compared if one.conflicts]
    if conflicts and not overwrite:
        words = joined(conflicts)
        return Decision(
            False, f"Une valeur a changé depuis la demande ({words}) : confirmez que vous la remplacez."
        )
    declared = row.__attributes__
    request.replaced = {one.name: plain(declared[one.name], one.current) for one in compared}
    for one in compared:
        setattr(row, declared[one.name].column, one.asked)
    request.status = RequestStatus.ACCEPTED
    _close(request, by, now)
    _tell(request, "change_accepted", now)
    db.session.commit()
    return Decision(True)


def refuse(
    request: ChangeRequest, reason: str, by: Viewer, now: datetime, *, revision: int | None = None
) -> Decision:
    """Close the request with the reason that the family reads, and post the mail. Commits."""
    stopped = _undecidable(request, revision)
    if stopped:
        return Decision(False, stopped)
    reason = reason.strip()
    if not reason:
        return Decision(False, "Dites pourquoi : la famille lit ce motif dans son e-mail.")
    request.status = RequestStatus.REFUSED
    request.reason = reason
    _close(request, by, now)
    _tell(request, "change_refused", now, motif=reason)
    db.session.commit()
    return Decision(True)


TOO_LATE = "Une décision se reprend le jour même : corrigez la fiche, ou attendez une nouvelle demande."
ASKED_AGAIN = "La famille a refait une demande depuis : décidez la nouvelle."
MOVED_SINCE = "La valeur a changé depuis votre décision : corrigez la fiche."


def can_undo(request: ChangeRequest, now: datetime) -> bool:
    """Whether this decision may still be taken back: until the end of its day, Europe/Paris."""
    decided = request.status in (RequestStatus.ACCEPTED, RequestStatus.REFUSED)
    return decided and request.decided_at is not None and local_day(request.decided_at) == local_day(now)


def undo(request: ChangeRequest, now: datetime, *, revision: int | None = None) -> Decision:
    """Take a decision back: values as they were, the request waits again, the family is told. Commits.

    Refused after its day, when the family asked again, or when an accepted value moved since: what
    somebody else wrote is never lost.
    """
    if not can_undo(request, now):
        return Decision(False, french(TOO_LATE))
    if revision is not None and revision != request.revision:
        return Decision(False, "Cette demande a changé pendant que vous la lisiez : relisez-la.")
    row = row_of(request)
    if row is not None and changes.waiting_for(row, request.family_id) is not None:
        return Decision(False, french(ASKED_AGAIN))
    if request.status is RequestStatus.ACCEPTED:
        compared = compare(request, row)
        if row is None or any(one.current != one.asked for one in compared):
            return Decision(False, french(MOVED_SINCE))
        for one in compared:
            declared = row.__attributes__[one.name]
            setattr(row, declared.column, value_of(declared, (request.replaced or {}).get(one.name)))
    request.status, request.reason, request.replaced = RequestStatus.WAITING, None, None
    request.decided_by, request.decided_at = None, None
    _tell(request, "change_undone", now)
    db.session.commit()
    return Decision(True)


def _undecidable(request: ChangeRequest, revision: int | None) -> str:
    if request.status is not RequestStatus.WAITING:
        return f"Cette demande n’attend plus : elle est {request.status.label.lower()}."
    if revision is not None and revision != request.revision:
        return "La famille a changé sa demande pendant que vous la lisiez : relisez-la, puis décidez."
    return ""


def _close(request: ChangeRequest, by: Viewer, now: datetime) -> None:
    request.decided_by = by.name
    request.decided_at = now


def _tell(request: ChangeRequest, code: str, now: datetime, **values: str) -> None:
    """A mail to the account that asked; none when it is gone."""
    account = request.account
    if account is None:
        return
    outbox.post(
        code,
        to=account.email,
        account=account,
        family=request.family_id,
        now=now,
        prenom=account.first_name,
        lien=outbox.link(changes.HOME),
        objet=request.title[:1].lower() + request.title[1:],
        texts=None,
        **values,
    )
