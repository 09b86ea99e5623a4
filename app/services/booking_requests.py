"""What families ask of the service square by square: a late booking, a late cancellation; the answers (I6).

The rows, their history and the mail are written in the same transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.entities.booking import BookingStatus
from app.models import Activity, Booking, Family, Person, Unit
from app.rules.words import NBSP, counted, day_words, joined
from app.services import outbox, places
from app.services.recipients import tell_household

SHOWN = 500
"""How many squares the queue reads at once."""
CHANGED = "Une demande a changé entre-temps : relisez-les avant de répondre."
NOTHING = "Cochez au moins une demande."
NO_REASON = "Dites pourquoi : la famille lit ce motif dans son e-mail."


@dataclass(frozen=True)
class Batch:
    """What waits for one child of one household, in the order of the days."""

    child: Person
    family: Family
    rows: tuple[Booking, ...]

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from the others."""
        return self.child.id, self.family.id

    @property
    def address(self) -> dict[str, int]:
        """The same, in an address."""
        return {"child_id": self.child.id, "family_id": self.family.id}

    @property
    def days(self) -> list[tuple[date, Activity, list[Booking]]]:
        """The rows by day and activity."""
        by_day = groupby(self.rows, key=lambda row: (row.booked_on, row.unit.activity))
        return [(on, activity, list(rows)) for (on, activity), rows in by_day]

    @property
    def first_on(self) -> date:
        """The nearest day asked for."""
        return self.rows[0].booked_on


@dataclass(frozen=True)
class Answered:
    """Whether an answer was given; if not, why, and what to do."""

    number: int = 0
    problem: str = ""


def is_waiting(today: date) -> ColumnElement[bool]:
    """A booking that the service must answer, on a day to come: asked for, or to be cancelled."""
    leaving = and_(Booking.status == BookingStatus.CONFIRMED, Booking.leaving_at.is_not(None))
    return and_(Booking.booked_on >= today, or_(Booking.status == BookingStatus.ASKED, leaving))


def to_decide(today: date) -> list[Batch]:
    """What waits, by child and household, the nearest day first. One statement."""
    rows = db.session.scalars(
        select(Booking)
        .where(is_waiting(today))
        .join(Booking.unit)
        .options(
            joinedload(Booking.child),
            joinedload(Booking.family),
            joinedload(Booking.unit).joinedload(Unit.activity).joinedload(Activity.facility),
        )
        .order_by(Booking.booked_on, Unit.activity_id, Unit.position, Booking.id)
        .limit(SHOWN)
    ).all()
    found: dict[tuple[int, int], list[Booking]] = {}
    for row in rows:
        found.setdefault((row.child_id, row.family_id), []).append(row)
    return [Batch(several[0].child, several[0].family, tuple(several)) for several in found.values()]


def number(today: date) -> int:
    """How many squares wait, within reach. One statement."""
    return db.session.scalar(select(func.count(Booking.id)).where(is_waiting(today))) or 0


def knows(child_id: int, family_id: int) -> bool:
    """Whether that child has any booking within reach, answered or not. One statement."""
    of_both = Booking.child_id == child_id, Booking.family_id == family_id
    return db.session.scalar(select(Booking.id).where(*of_both).limit(1)) is not None


def mark_of(rows: Iterable[Booking]) -> str:
    """What tells these rows, as they are, from any others."""
    return " ".join(f"{one.id}:{one.revision}" for one in rows)


def answer(
    batch: Batch, chosen: Collection[int], seen: str, *, accept: bool, reason: str, now: datetime
) -> Answered:
    """Accept or refuse the chosen squares of a batch, all or none, and tell the household. Commits.

    An accepted request is confirmed, an accepted cancellation cancels; refused, the first is, and the
    second leaves the booking as it stands. A place set free goes to the first who waits for it.
    """
    rows = [row for row in batch.rows if row.id in chosen]
    told = set(seen.split())
    if not chosen:
        return Answered(problem=NOTHING)
    if len(rows) < len(chosen) or any(mark_of([row]) not in told for row in rows):
        return Answered(problem=CHANGED)
    if not accept and not reason:
        return Answered(problem=NO_REASON)
    places.lock_openings(rows[0].booked_on, rows[-1].booked_on)
    words = joined(_words(row) for row in rows)
    freed = {(row.unit_id, row.booked_on) for row in rows if _answer(row, accept)}
    if freed:
        places.give_places(now, freed)
    values = {"enfant": batch.child.first_name, "quoi": words, "lien": _link(batch, rows)}
    code = "bookings_accepted" if accept else "bookings_refused"
    tell_household(code, batch.family.id, now, **values, **({} if accept else {"motif": reason}))
    db.session.commit()
    return Answered(len(rows))


def sentence(batch: Batch, answered: int, accept: bool) -> str:
    """What was done, for whoever did it."""
    verb = "acceptée" if accept else "refusée"
    told = counted(answered, f"demande {verb}", f"demandes {verb}s")
    return f"{batch.child.full_name}{NBSP}: {told}. Un e-mail part à la famille."


def _answer(row: Booking, accept: bool) -> bool:
    """Write the answer; whether it frees a place. What is cancelled is so since the household asked."""
    was_leaving, asked_at = row.is_leaving, row.leaving_at
    row.leaving_at = None
    if was_leaving:
        if accept:
            row.status, row.asked_at = BookingStatus.CANCELLED, asked_at
        return accept
    row.status = BookingStatus.CONFIRMED if accept else BookingStatus.REFUSED
    return not accept


def _words(row: Booking) -> str:
    """A request in a sentence: « la réservation du mercredi 9 décembre (Mercredis, repas) »."""
    what = "l’annulation" if row.is_leaving else "la réservation"
    return f"{what} du {day_words(row.booked_on)} ({row.unit.activity.name}, {row.unit.name.lower()})"


def _link(batch: Batch, rows: Sequence[Booking]) -> str:
    return outbox.link(f"/planning/{batch.child.id}?semaine={rows[0].booked_on}")
