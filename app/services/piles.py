"""What waits for the service, counted in one statement: the numbers of the menu and of the desk."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, func, literal, select, union_all

from app.access import permissions
from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Entity
from app.entities.booking import RegistrationStatus
from app.entities.exchange import MailStatus, RequestStatus, ThreadStatus
from app.entities.paperwork import DocumentStatus
from app.models import Booking, ChangeRequest, Document, OutgoingMail, Registration, Thread
from app.services import booking_requests, clock

PILES: dict[str, tuple[type[Entity], Callable[[], ColumnElement[bool]]]] = {
    "documents": (Document, lambda: Document.status == DocumentStatus.RECEIVED),
    "registrations": (Registration, lambda: Registration.status == RegistrationStatus.ASKED),
    "bookings": (Booking, lambda: booking_requests.is_waiting(clock.today())),
    "changes": (ChangeRequest, lambda: ChangeRequest.status == RequestStatus.WAITING),
    "messages": (Thread, lambda: Thread.status == ThreadStatus.OPEN),
    "mails": (OutgoingMail, lambda: OutgoingMail.status == MailStatus.FAILED),
}


def waiting(viewer: Viewer) -> dict[str, int]:
    """How many wait in each pile that the viewer sees, within their reach. One statement."""
    counts = [
        select(literal(key).label("pile"), func.count(entity.id)).where(is_waiting())
        for key, (entity, is_waiting) in PILES.items()
        if permissions.sees(viewer, entity.__attributes__["status"])
    ]
    if not counts:
        return {}
    return dict(db.session.execute(union_all(*counts)).tuples().all())
