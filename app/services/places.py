"""The places of squares: who holds them, who waits for them, and to whom one that is free goes.

A place goes to the first who waits, and they are told. It is looked for after each cancellation, and once
a minute by the worker: staff may have refused a booking, or opened more places.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from app.access.database import db
from app.access.viewer import nobody, unscoped
from app.entities.booking import BookingStatus, RegistrationStatus
from app.models import Booking, Opening, Registration, Unit
from app.rules.booking import bookable_until
from app.rules.calendar import local_day
from app.rules.facts import Slot
from app.rules.words import day_words
from app.services import outbox
from app.services.catalogue import Catalogue, catalogue, code_of
from app.services.recipients import tell_household
from app.services.rulings import Offer, load_offer

HOLDS_A_PLACE = (BookingStatus.ASKED, BookingStatus.CONFIRMED)
STANDS = (*HOLDS_A_PLACE, BookingStatus.WAITING)
Square = tuple[int, date]
"""(unit, day)"""


def lock_openings(from_on: date, until_on: date) -> None:
    """Hold the openings of these days until the end of the transaction (SQLite: the whole base is held)."""
    if db.engine.dialect.name != "sqlite":
        days = select(Opening.id).where(Opening.open_on.between(from_on, until_on)).order_by(Opening.id)
        db.session.execute(days.with_for_update())


def of_others(offer: Offer, but_child_id: int) -> tuple[dict[Slot, int], dict[Slot, tuple[datetime, ...]]]:
    """Of the squares with a limit: the places other children hold, and when others began to wait.

    One statement.
    """
    held: dict[Slot, int] = {}
    waiting: dict[Slot, list[datetime]] = {}
    if not offer.places:
        return held, {}
    codes = {offer.units[slot.unit].id: slot.unit for slot in offer.places}
    days = [slot.on for slot in offer.places]
    # Those who wait are told one by one, the others only counted.
    since = case((Booking.status == BookingStatus.WAITING, Booking.asked_at))
    counting = (
        select(Booking.unit_id, Booking.booked_on, Booking.status, since, func.count())
        .where(
            Booking.unit_id.in_(sorted(codes)),
            Booking.booked_on.between(min(days), max(days)),
            Booking.status.in_(STANDS),
            Booking.child_id != but_child_id,
        )
        .group_by(Booking.unit_id, Booking.booked_on, Booking.status, since)
        .order_by(since)
    )
    with unscoped("le nombre de places prises ne dit rien de personne"):
        for unit_id, on, status, asked_at, count in db.session.execute(counting):
            slot = Slot(codes[unit_id], on)
            if status is BookingStatus.WAITING:
                waiting.setdefault(slot, []).extend([asked_at] * count)
            else:
                held[slot] = held.get(slot, 0) + count
    return held, {slot: tuple(moments) for slot, moments in waiting.items()}


# --- The waiting list ----------------------------------------------------------------------------


def give_places(now: datetime, among: Collection[Square] | None = None) -> int:
    """Give the free places of these squares, of every day to come when None; how many. Does not commit.

    Not once it is too late to book (a place given then would surprise), nor on a day that has closed, nor
    to a child who is no longer registered. Who was refused once is asked of staff again. The household is
    told by mail; in its history the change is nobody's. Four statements, and five a place given.
    """
    db.session.flush()
    with nobody(), unscoped("une place libre va au premier qui l’attend, de quelque foyer qu’il soit"):
        queues = _queues(local_day(now), among)
        if not queues:
            return 0
        known = catalogue()
        days = [on for _, on in queues]
        activity_ids = {known.by_id[unit_id].activity_id for unit_id, _ in queues}
        offer = load_offer(known, activity_ids, min(days), max(days))
        held = _held(queues)
        given = [
            row
            for (unit_id, on), queue in queues.items()
            for row in queue[: _free(known, offer, known.by_id[unit_id], on, held, now)]
        ]
        for row in given:
            to_staff = row.needs_staff or not known.by_id[row.unit_id].activity.confirms_alone
            row.status = BookingStatus.ASKED if to_staff else BookingStatus.CONFIRMED
        db.session.flush()
        for row in given:
            _tell(row, known.by_id[row.unit_id], now)
    return len(given)


def give_all(now: datetime) -> int:
    """What the worker does each minute: every free place that somebody waits for. Commits."""
    today = local_day(now)
    with unscoped("le travail de fond regarde toutes les listes d’attente"):
        last = db.session.scalar(select(func.max(Booking.booked_on)).where(*_waiting(today)))
        if last is None:
            db.session.rollback()
            return 0
        lock_openings(today, last)
    number = give_places(now)
    db.session.commit()
    return number


def _waiting(today: date) -> tuple[ColumnElement[bool], ...]:
    return Booking.status == BookingStatus.WAITING, Booking.booked_on >= today


def _queues(today: date, among: Collection[Square] | None) -> dict[Square, list[Booking]]:
    """Who waits for each square and is still registered, the first come first."""
    waiting = (
        select(Booking)
        .join(Booking.registration)
        .where(
            *_waiting(today),
            Registration.status == RegistrationStatus.ACCEPTED,
            Registration.starts_on <= Booking.booked_on,
            Registration.ends_on >= Booking.booked_on,
        )
        .options(contains_eager(Booking.registration), joinedload(Booking.child))
        .order_by(Booking.asked_at, Booking.id)
    )
    if among is not None:
        waiting = waiting.where(tuple_(Booking.unit_id, Booking.booked_on).in_(sorted(among)))
    found: dict[Square, list[Booking]] = defaultdict(list)
    for row in db.session.scalars(waiting):
        found[row.unit_id, row.booked_on].append(row)
    return found


def _held(squares: Iterable[Square]) -> dict[Square, int]:
    counting = (
        select(Booking.unit_id, Booking.booked_on, func.count())
        .where(
            tuple_(Booking.unit_id, Booking.booked_on).in_(sorted(squares)),
            Booking.status.in_(HOLDS_A_PLACE),
        )
        .group_by(Booking.unit_id, Booking.booked_on)
    )
    return {(unit_id, on): count for unit_id, on, count in db.session.execute(counting)}


def _free(
    known: Catalogue, offer: Offer, unit: Unit, on: date, held: dict[Square, int], now: datetime
) -> int | None:
    """How many places can be given there; None: without limit."""
    slot = Slot(code_of(unit), on)
    limit = bookable_until(slot, known.rules, offer.calendar)
    if not offer.calendar.is_open(slot.unit, on) or (limit is not None and limit <= now):
        return 0
    places = offer.places.get(slot)
    return None if places is None else max(0, places - held.get((unit.id, on), 0))


def _tell(row: Booking, unit: Unit, now: datetime) -> None:
    tell_household(
        "place_given" if row.status is BookingStatus.CONFIRMED else "place_offered",
        row.family_id,
        now,
        enfant=row.child.first_name,
        quoi=f"{unit.activity.name}, {unit.name.lower()}",
        jour=day_words(row.booked_on),
        lien=outbox.link(f"/planning/{row.child_id}?semaine={row.booked_on}"),
    )
