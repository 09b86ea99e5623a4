"""What waits for the service, counted in one statement: the numbers of the menu and of the desk."""

from sqlalchemy import func, literal, select, union_all

from app.access import permissions
from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Entity
from app.entities.booking import RegistrationStatus
from app.entities.exchange import MailStatus, RequestStatus, ThreadStatus
from app.entities.paperwork import DocumentStatus
from app.models import ChangeRequest, Document, OutgoingMail, Registration, Thread

PILES: dict[str, tuple[type[Entity], object]] = {
    "documents": (Document, DocumentStatus.RECEIVED),
    "registrations": (Registration, RegistrationStatus.ASKED),
    "changes": (ChangeRequest, RequestStatus.WAITING),
    "messages": (Thread, ThreadStatus.OPEN),
    "mails": (OutgoingMail, MailStatus.FAILED),
}


def waiting(viewer: Viewer) -> dict[str, int]:
    """How many wait in each pile that the viewer sees, within their reach. One statement."""
    counts = [
        select(literal(key).label("pile"), func.count(entity.id)).where(getattr(entity, "status") == status)  # noqa: B009  (each of them declares one)
        for key, (entity, status) in PILES.items()
        if permissions.sees(viewer, entity.__attributes__["status"])
    ]
    if not counts:
        return {}
    return dict(db.session.execute(union_all(*counts)).tuples().all())
