"""The places of squares: who holds them, who waits for them, and to whom one that is free goes.

A place goes to the first who waits, and they are told. It is looked for after each cancellation, and once
a minute by the worker: staff may have refused a booking, or opened more places.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from app.access.database import db
from app.access.viewer import nobody, unscoped
from app.entities.booking import BookingStatus, RegistrationStatus
from app.models import (
    Booking,
    CareGroup,
    Family,
    Opening,
    Person,
    Registration,
    Schooling,
    SchoolYear,
    Unit,
)
from app.rules.booking import DatedRule, asks_crowd, bookable_until, counts_others
from app.rules.calendar import local_day
from app.rules.facts import Child, ChildPlan, Plan, Slot
from app.rules.kinds.order import Priority
from app.rules.kinds.places import Capacity
from app.rules.registering import rank_of
from app.rules.verdict import Severity
from app.rules.words import day_words
from app.services import outbox
from app.services.catalogue import Catalogue, catalogue, code_of
from app.services.child_facts import child_of
from app.services.recipients import tell_household
from app.services.rulings import Offer, load_offer

HOLDS_A_PLACE = (BookingStatus.ASKED, BookingStatus.CONFIRMED)
STANDS = (*HOLDS_A_PLACE, BookingStatus.WAITING)
FOR_PLACES = datetime(2000, 1, 1, tzinfo=UTC)
"""A moment for rules of places, which look at none."""
Square = tuple[int, date]
"""(unit, day)"""


def lock_openings(from_on: date, until_on: date) -> None:
    """Hold the openings of these days until the end of the transaction (SQLite: the whole base is held)."""
    if db.engine.dialect.name != "sqlite":
        days = select(Opening.id).where(Opening.open_on.between(from_on, until_on)).order_by(Opening.id)
        db.session.execute(days.with_for_update())


def lock_child(child_id: int) -> None:
    """Hold a child until the end of the transaction: its bookings are then changed by one at a time."""
    if db.engine.dialect.name != "sqlite":
        db.session.execute(select(Person.id).where(Person.id == child_id).with_for_update())


@dataclass(frozen=True)
class Others:
    """What the other children take of some squares: places held, those of them not confirmed, and when each
    of those who wait began to; ``crowd`` tells them apart, where a rule asks.
    """

    held: Mapping[Slot, int] = field(default_factory=dict)
    pending: Mapping[Slot, int] = field(default_factory=dict)
    queues: Mapping[Slot, tuple[datetime, ...]] = field(default_factory=dict)
    crowd: Mapping[Slot, tuple[Child, ...]] | None = None
    blocked: Mapping[Slot, int] = field(default_factory=dict)
    """Those of the queue whom no free place can go to: their group is full, say. They come before nobody."""

    @property
    def taken(self) -> dict[Slot, int]:
        """The places that are not a newcomer's to take: those held, and those that others wait for."""
        return {
            slot: self.held.get(slot, 0) + len(self.queues.get(slot, ())) - self.blocked.get(slot, 0)
            for slot in {*self.held, *self.queues}
        }


def of_others(offer: Offer, but_child_id: int, rules: Iterable[DatedRule] = ()) -> Others:
    """What others take of the squares with a limit, and of those whose children a rule counts.

    One statement; two where a rule tells the other children apart.
    """
    counting = [one for one in rules if counts_others(one) and not _is_of_places(one)]
    squares = set(offer.places)
    squares |= {slot for slot in offer.openings if any(one.covers(slot) for one in counting)}
    if not squares:
        return Others()
    codes = {offer.units[slot.unit].id: slot.unit for slot in squares}
    days = [slot.on for slot in squares]
    there = (
        Booking.unit_id.in_(sorted(codes)),
        Booking.booked_on.between(min(days), max(days)),
        Booking.status.in_(STANDS),
        Booking.child_id != but_child_id,
    )
    held: Counter[Slot] = Counter()
    pending: Counter[Slot] = Counter()
    waiting: dict[Slot, list[datetime]] = defaultdict(list)
    # Those who wait are told one by one, the others only counted.
    since = case((Booking.status == BookingStatus.WAITING, Booking.asked_at))
    with unscoped("le nombre de places prises ne dit rien de personne"):
        for unit_id, on, status, asked_at, count in db.session.execute(
            select(Booking.unit_id, Booking.booked_on, Booking.status, since, func.count())
            .where(*there)
            .group_by(Booking.unit_id, Booking.booked_on, Booking.status, since)
            .order_by(since)
        ):
            slot = Slot(codes[unit_id], on)
            if status is BookingStatus.WAITING:
                waiting[slot].extend([asked_at] * count)
                continue
            held[slot] += count
            if status is BookingStatus.ASKED:
                pending[slot] += count
        apart = [one for one in counting if asks_crowd(one)]
        queues = {slot: tuple(moments) for slot, moments in waiting.items()}
        if not apart:
            return Others(held, pending, queues)
        crowd: dict[Slot, tuple[Child, ...]] = {}
        blocked: Counter[Slot] = Counter()
        for slot, (holding, queue) in _crowd(there, codes).items():
            may_come = tuple(one for one in queue if not _is_blocked(one, slot, holding, apart, offer))
            crowd[slot] = (*holding, *may_come)
            blocked[slot] = len(queue) - len(may_come)
    return Others(held, pending, queues, crowd, blocked)


def _is_blocked(
    child: Child, slot: Slot, holding: Sequence[Child], rules: Iterable[DatedRule], offer: Offer
) -> bool:
    """Whether a rule that tells children apart keeps the child from a free place."""
    asked = ChildPlan.change(child, (), {slot}, (), {})
    plan = Plan((asked,), FOR_PLACES, offer.calendar, crowd={slot: tuple(holding)}, names=offer.names)
    return any(
        refusal.severity is not Severity.WARNING
        for one in rules
        for refusal in one.rule.refusals(one.seen(plan), one.covers)
    )


def _is_of_places(dated: DatedRule) -> bool:
    """Whether it only counts the places of an opening, which are counted anyway."""
    return isinstance(dated.rule, Capacity) and not dated.is_for_some


Crowd = dict[Slot, tuple[list[Child], list[Child]]]
"""Who holds a place of a square, and who waits for one."""


def _crowd(there: tuple[ColumnElement[bool], ...], codes: Mapping[int, str]) -> Crowd:
    """Who the others are, as rules tell children apart: age, residence, class, group. One statement."""
    found: Crowd = defaultdict(lambda: ([], []))
    year = and_(SchoolYear.starts_on <= Booking.booked_on, SchoolYear.ends_on >= Booking.booked_on)
    asked = (
        select(
            Booking.unit_id,
            Booking.booked_on,
            Booking.status,
            Booking.child_id,
            Person.born_on,
            Family.residence,
            Schooling.level,
            CareGroup.name,
        )
        .join(Booking.child)
        .join(Booking.family)
        .join(Booking.registration)
        .outerjoin(Registration.group)
        .outerjoin(SchoolYear, year)
        .outerjoin(
            Schooling,
            and_(Schooling.child_id == Booking.child_id, Schooling.school_year_id == SchoolYear.id),
        )
        .where(*there)
    )
    for unit_id, on, status, child_id, born_on, residence, level, group in db.session.execute(asked):
        child = Child(
            child_id,
            "",
            born_on or on,
            residence.value if residence else None,
            level.value if level else None,
            frozenset({group} if group else ()),
        )
        found[Slot(codes[unit_id], on)][status is BookingStatus.WAITING].append(child)
    return found


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
        given = []
        for (unit_id, on), queue in queues.items():
            unit = known.by_id[unit_id]
            given += _first(queue, _free(known, offer, unit, on, held, now), known, unit, offer)
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


def _first(
    queue: list[Booking], free: int | None, known: Catalogue, unit: Unit, offer: Offer
) -> list[Booking]:
    """Those of a queue to whom the free places go: by the town's priorities, then the first come first; not
    those whom a place for others is no use to.

    One statement each of those who wait, and one more, where rules tell them apart.
    """
    priorities = [one for one in known.rules if isinstance(one.rule, Priority)]
    apart = [one for one in known.rules if asks_crowd(one)]
    if free == 0 or not (priorities or apart):
        return queue[:free]
    slot = Slot(code_of(unit), queue[0].booked_on)
    told = [(row, _child(row, priorities + apart)) for row in queue]
    told.sort(key=lambda pair: rank_of(pair[1], unit.activity.code, slot.on, priorities))
    there = Booking.unit_id == unit.id, Booking.booked_on == slot.on, Booking.status.in_(HOLDS_A_PLACE)
    holding = _crowd(there, {unit.id: slot.unit})[slot][0] if apart else []
    given: list[Booking] = []
    for row, child in told:
        if (free is None or len(given) < free) and not _is_blocked(child, slot, holding, apart, offer):
            given.append(row)
            holding.append(child)
    return given


def _child(row: Booking, rules: list[DatedRule]) -> Child:
    return child_of(row.child, row.family_id, (row.registration,), rules, row.booked_on)


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
