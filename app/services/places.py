"""The places of squares: who holds them, who waits for them, and to whom one that is free goes.

A place goes to the first who waits and may have it, and they are told. It is looked for after each
cancellation, and once a minute by the worker: staff may have refused a booking, or opened more places.
Whether there is a place is asked of the rules alone, for who waits as for who comes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select, tuple_
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import nobody, unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, Opening, Person, Unit
from app.rules.booking import DatedRule, asks_crowd, counts_others
from app.rules.calendar import ONE_DAY, local_day
from app.rules.facts import Child, ChildPlan, Plan, Slot
from app.rules.kinds.order import LAST_RANK
from app.rules.kinds.places import Capacity
from app.rules.periods import monday_of
from app.rules.verdict import Severity
from app.rules.words import day_words
from app.services import candidates, outbox
from app.services.candidates import LONG_AGO, Candidate, Turn, priorities, turn_of
from app.services.catalogue import Catalogue, catalogue, code_of
from app.services.crowd import on_squares, who_is_there
from app.services.recipients import tell_household
from app.services.rulings import Offer, load_offer

HOLDS_A_PLACE = (BookingStatus.ASKED, BookingStatus.CONFIRMED)
STANDS = (*HOLDS_A_PLACE, BookingStatus.WAITING)
NOBODYS = 0
"""No child has this number."""
ANYBODY = Child(NOBODYS, "", date(2000, 1, 1))
"""A child of whom nothing is known: what rules for everybody say of them, they say of all."""
FULL = (Severity.REFUSED, Severity.WAITING)
"""What keeps a place from a child."""
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
    """What the other children take of some squares: places held, those of them not confirmed, and the turns
    of those who wait, the first first; ``crowd`` tells all of them apart, where a rule asks.

    Where places are free, whom none of them can go to (refused since by a rule, or their group is full) comes
    before nobody, and is not told here.
    """

    held: Mapping[Slot, int] = field(default_factory=dict)
    pending: Mapping[Slot, int] = field(default_factory=dict)
    queues: Mapping[Slot, tuple[Turn, ...]] = field(default_factory=dict)
    crowd: Mapping[Slot, tuple[Child, ...]] | None = None

    @property
    def taken(self) -> dict[Slot, int]:
        """The places that are not a newcomer's to take: those held, and those that others wait for."""
        return {
            slot: self.held.get(slot, 0) + len(self.queues.get(slot, ()))
            for slot in {*self.held, *self.queues}
        }

    def before(self, slot: Slot, turn: Turn) -> int:
        """How many of those who wait get a place before one whose turn this is."""
        return sum(one < turn for one in self.queues.get(slot, ()))


def of_others(offer: Offer, but_child_id: int | None, rules: Iterable[DatedRule], now: datetime) -> Others:
    """What others take of the squares with a limit, and of those whose children a rule counts.

    One statement; one or two more where a rule tells the other children apart, or ranks those who wait; and
    those of ``candidates.load`` where somebody waits though a place is free.
    """
    rules = tuple(rules)
    counting = [one for one in rules if counts_others(one) and not _adds_no_limit(one)]
    squares = set(offer.places)
    squares |= {slot for slot in offer.openings if any(one.covers(slot) for one in counting)}
    if not squares:
        return Others()
    known = catalogue()
    days = [slot.on for slot in squares]
    there = [
        Booking.unit_id.in_(sorted({offer.units[slot.unit].id for slot in squares})),
        Booking.booked_on.between(min(days), max(days)),
    ]
    count = _counted(known, [*there, Booking.status.in_(STANDS)], but_child_id)
    held, pending = count.with_own
    free = {slot for slot in count.queues if has_room(slot, rules, offer, held, pending)}
    apart = [one for one in counting if asks_crowd(one)]
    ranking = priorities(rules)
    if not (apart or (count.queues and (ranking or free))):
        return Others(count.held, count.pending, count.queues)
    told = Booking.status.in_(STANDS) if apart else Booking.status == BookingStatus.WAITING
    people = who_is_there(known, [*there, told], rules if free else [*apart, *ranking])
    holding = {slot: [one.child for one in those if not one.waits] for slot, those in people.items()}
    waiting = {
        slot: [one for one in those if one.waits and one.child.id != but_child_id]
        for slot, those in people.items()
    }
    others = Plan((), now, offer.calendar, taken=held, pending=pending, crowd=_frozen(holding))
    # Whom no free place can go to comes before nobody.
    blocked = {
        one.there.booking_id
        for queue in candidates.load({slot: waiting.get(slot, []) for slot in free}, known, now).values()
        for one in queue
        if one.answer(others) in FULL
    }
    coming = {
        slot: [one for one in those if one.booking_id not in blocked] for slot, those in waiting.items()
    }
    turns = {slot: tuple(sorted(turn_of(one, ranking) for one in those)) for slot, those in coming.items()}
    if not apart:
        return Others(count.held, count.pending, turns)
    crowd = {
        slot: [*(one for one in holding[slot] if one.id != but_child_id), *(one.child for one in those)]
        for slot, those in coming.items()
    }
    return Others(count.held, count.pending, turns, _frozen(crowd))


def _frozen(crowd: Mapping[Slot, Iterable[Child]]) -> dict[Slot, tuple[Child, ...]]:
    return {slot: tuple(children) for slot, children in crowd.items()}


def has_room(
    slot: Slot,
    rules: Iterable[DatedRule],
    offer: Offer,
    held: Mapping[Slot, int],
    pending: Mapping[Slot, int],
) -> bool:
    """Whether the rules of places that are for everybody leave one more place, be it that staff decide."""
    asked = ChildPlan.change(ANYBODY, (), {slot}, (), {})
    plan = Plan((asked,), LONG_AGO, offer.calendar, offer.places, held, pending=pending)
    return not any(
        refusal.severity in FULL
        for one in rules
        if isinstance(one.rule, Capacity) and not one.is_for_some
        for refusal in one.rule.refusals(plan, one.covers)
    )


def _adds_no_limit(dated: DatedRule) -> bool:
    """Whether it only counts the places of an opening, which are counted anyway."""
    return isinstance(dated.rule, Capacity) and not dated.is_for_some and dated.rule.places is None


@dataclass(frozen=True)
class _Counted:
    """The places held, those of them not confirmed, and the turns of those who wait; ``own`` are the places
    of one child, not told in the others, and whether they are confirmed.
    """

    held: dict[Slot, int]
    pending: dict[Slot, int]
    queues: dict[Slot, tuple[Turn, ...]]
    own: dict[Slot, BookingStatus]

    @property
    def with_own(self) -> tuple[dict[Slot, int], dict[Slot, int]]:
        """The places held by everybody, and those of them not confirmed."""
        asked = [slot for slot, status in self.own.items() if status is BookingStatus.ASKED]
        return dict(Counter(self.held) + Counter(self.own.keys())), dict(
            Counter(self.pending) + Counter(asked)
        )


def _counted(
    known: Catalogue, there: Iterable[ColumnElement[bool]], but_child_id: int | None = None
) -> _Counted:
    """How many stand on squares. One statement: those who wait are told one by one, the others counted."""
    held: Counter[Slot] = Counter()
    pending: Counter[Slot] = Counter()
    waiting: dict[Slot, list[Turn]] = defaultdict(list)
    own: dict[Slot, BookingStatus] = {}
    waits = Booking.status == BookingStatus.WAITING
    is_own = case((Booking.child_id == (but_child_id or NOBODYS), 1), else_=0)
    alone = case((waits, Booking.asked_at)), case((waits, Booking.id))
    columns = Booking.unit_id, Booking.booked_on, Booking.status, is_own, *alone
    with unscoped("le nombre de places prises ne dit rien de personne"):
        for unit_id, on, status, mine, asked_at, booking_id, count in db.session.execute(
            select(*columns, func.count()).where(*there).group_by(*columns)
        ):
            slot = Slot(code_of(known.by_id[unit_id]), on)
            if status is BookingStatus.WAITING:
                if not mine:
                    waiting[slot].append(Turn(LAST_RANK, asked_at or LONG_AGO, booking_id))
            elif mine:
                own[slot] = status
            else:
                held[slot] += count
                pending[slot] += count if status is BookingStatus.ASKED else 0
    queues = {slot: tuple(sorted(turns)) for slot, turns in waiting.items()}
    return _Counted(dict(held), dict(pending), queues, own)


# --- The waiting list ----------------------------------------------------------------------------


def give_places(now: datetime, among: Collection[Square] | None = None) -> int:
    """Give the free places of these squares, of every day to come when None; how many. Does not commit.

    Each of those who wait is judged as if they asked now: not once it is too late to book (a place given then
    would surprise), nor on a day that has closed, nor to a child who is no longer registered, nor against a
    rule made since. What staff must decide, and who was refused once, is asked of staff. The household is
    told by mail; in its history the change is nobody's.

    Four statements where every square is full; else up to eight more, and five a place given.
    """
    db.session.flush()
    with nobody(), unscoped("une place libre va au premier qui l’attend, de quelque foyer qu’il soit"):
        waited = _waited(local_day(now), among)
        if not waited:
            return 0
        known = catalogue()
        slots = [Slot(code_of(known.by_id[unit_id]), on) for unit_id, on in waited]
        given = _given(known, slots, now)
        asked = select(Booking).where(Booking.id.in_(sorted(given))).options(joinedload(Booking.child))
        rows = db.session.scalars(asked.order_by(Booking.booked_on, Booking.id)).all() if given else []
        for row in rows:
            row.status = given[row.id]
        db.session.flush()
        for row in rows:
            _tell(row, known.by_id[row.unit_id], now)
    return len(rows)


def _waited(today: date, among: Collection[Square] | None) -> list[Square]:
    """The squares that somebody waits for."""
    waited = select(Booking.unit_id, Booking.booked_on).where(*_waiting(today)).distinct()
    if among is not None:
        waited = waited.where(tuple_(Booking.unit_id, Booking.booked_on).in_(sorted(among)))
    return [(unit_id, on) for unit_id, on in db.session.execute(waited)]


def _given(known: Catalogue, slots: Sequence[Slot], now: datetime) -> dict[int, BookingStatus]:
    """The bookings to which the free places of these squares go, and what they become."""
    days = [slot.on for slot in slots]
    activity_ids = {known.by_code[slot.unit].activity_id for slot in slots}
    offer = load_offer(known, activity_ids, monday_of(min(days)), monday_of(max(days)) + 6 * ONE_DAY)
    holds = Booking.status.in_(HOLDS_A_PLACE)
    count = _counted(known, [on_squares(known, _counted_with(slots, known.rules)), holds])
    held, pending = count.held, count.pending
    free = [slot for slot in slots if has_room(slot, known.rules, offer, held, pending)]
    if not free:
        return {}
    crowd: dict[Slot, tuple[Child, ...]] = {}
    apart = [one for one in known.rules if asks_crowd(one)]
    if apart:
        holders = [on_squares(known, _counted_with(free, apart)), holds]
        told = who_is_there(known, holders, apart)
        crowd = _frozen({slot: [one.child for one in those] for slot, those in told.items()})
    waiting = [on_squares(known, free), Booking.status == BookingStatus.WAITING]
    queues = who_is_there(known, waiting, known.rules)
    given: dict[int, BookingStatus] = {}
    for slot, queue in sorted(candidates.load(queues, known, now).items()):
        for one in queue:
            if not has_room(slot, known.rules, offer, held, pending):
                break
            answer = one.answer(Plan((), now, offer.calendar, taken=held, pending=pending, crowd=crowd))
            if answer in FULL:
                continue
            status = _becomes(one, answer, known)
            given[one.there.booking_id] = status
            is_pending = status is BookingStatus.ASKED
            held[slot] = held.get(slot, 0) + 1
            pending[slot] = pending.get(slot, 0) + is_pending
            crowd[slot] = (*crowd.get(slot, ()), replace(one.there.child, is_pending=is_pending))
    return given


def _becomes(one: Candidate, answer: Severity | None, known: Catalogue) -> BookingStatus:
    """What a booking is once it has its place."""
    alone = known.by_code[one.there.slot.unit].activity.confirms_alone and not one.there.needs_staff
    return BookingStatus.CONFIRMED if alone and answer is not Severity.ASK_STAFF else BookingStatus.ASKED


def _counted_with(slots: Iterable[Slot], rules: Iterable[DatedRule]) -> set[Slot]:
    """The squares to count for these: themselves, or their weeks where a rule counts over the week."""
    if not any(isinstance(one.rule, Capacity) and one.rule.is_over_weeks for one in rules):
        return set(slots)
    return {Slot(slot.unit, monday_of(slot.on) + ONE_DAY * rank) for slot in slots for rank in range(7)}


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
