"""The planning as a parent reads it: a week of squares, each with its state, its price and its reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.entities.booking import BookingStatus, Presence
from app.models import Activity, Unit
from app.rules.calendar import local_day
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.rules.registering import rank_of
from app.rules.verdict import Refusal, Severity, Verdict
from app.rules.words import moment_words
from app.services.candidates import LAST_CAME, LONG_AGO, Turn
from app.services.desk import Desk, Draft

LEAVING = "Vous avez demandé d’annuler cette réservation. Elle tient tant que le service n’a pas répondu."
SquareOf = Callable[[Slot], "Square"]

PRESENCE_STATES = {Presence.PRESENT: "attended", Presence.ABSENT: "absent", Presence.EXCUSED: "absent"}
STATUS_STATES = {
    BookingStatus.ASKED: "asked",
    BookingStatus.CONFIRMED: "confirmed",
    BookingStatus.WAITING: "waiting",
    BookingStatus.REFUSED: "refused",
}


@dataclass(frozen=True)
class Square:
    """One square: ``state`` is a key of the look's squares; ``cents`` its price, when one is known."""

    slot: Slot
    state: str
    cents: int | None = None
    is_new: bool = False
    is_dropped: bool = False
    rank: int | None = None
    reason: str = ""

    @property
    def key(self) -> str:
        """The square in an address or a form."""
        return key_of(self.slot)


@dataclass(frozen=True)
class Say:
    """A sentence under the squares: the refusal, where it comes from, and the repair in one touch."""

    squares: tuple[Square, ...]
    sentence: str
    article: str = ""
    remedy: str = ""
    remedy_cents: int | None = None
    repaired: Draft = Draft()
    is_error: bool = True


@dataclass(frozen=True)
class Row:
    """A unit over the days of its activity; None where it does not open."""

    unit: Unit
    cents: int | None
    squares: tuple[Square | None, ...]


@dataclass(frozen=True)
class Block:
    """One activity: its open days, its units, and what is said of its squares."""

    activity: Activity
    days: tuple[date, ...]
    rows: tuple[Row, ...]
    says: tuple[Say, ...] = ()

    @property
    def is_turned(self) -> bool:
        """Open one day of the week: its parts become the columns."""
        return len(self.days) == 1


@dataclass(frozen=True)
class Week:
    """A week of a child's squares, with a change being prepared."""

    desk: Desk
    monday: date
    draft: Draft
    verdict: Verdict
    blocks: tuple[Block, ...]
    said: tuple[Say, ...] = ()
    errors: int = 0
    delta_cents: int | None = 0
    next_limit: tuple[datetime, Slot] | None = None

    @property
    def sunday(self) -> date:
        """The last day of the week."""
        return self.monday + timedelta(days=6)

    @property
    def can_send(self) -> bool:
        """Whether the prepared change may be sent."""
        return bool(self.draft) and self.errors == 0


def key_of(slot: Slot) -> str:
    """``mercredi.matin@2026-09-09``."""
    return f"{slot.unit}@{slot.on.isoformat()}"


def slot_of(key: str) -> Slot | None:
    """The square of a key; None when it is none."""
    unit, _, day = key.partition("@")
    try:
        return Slot(unit, date.fromisoformat(day)) if unit and len(unit) <= 130 else None
    except ValueError:
        return None


def week(desk: Desk, monday: date, draft: Draft, pointed: Slot | None = None) -> Week:
    """The week as it would stand after the draft; ``pointed`` is a square whose reason was asked for.

    The draft may reach over other weeks of the desk: they count in the basket and in the errors.
    """
    draft = desk.effective(draft)
    verdict = desk.judge(draft)
    about = verdict.by_slot()
    waiting = {slot for _, slot in verdict.slots(Severity.WAITING)}
    says_by_activity: dict[str, list[Say]] = {}
    squares: dict[Slot, Square] = {}

    def square(slot: Slot) -> Square:
        if slot not in squares:
            said = about.get((desk.child.id, slot), ())
            squares[slot] = _square(desk, slot, draft, said, slot in waiting)
        return squares[slot]

    blocks = []
    days_of_week = [monday + timedelta(days=n) for n in range(7)]
    for activity, units in _by_activity(desk):
        days = tuple(
            day for day in days_of_week if any(Slot(code, day) in desk.offer.openings for code in units)
        )
        if days:
            rows = tuple(_row(desk, code, days, square) for code in units)
            blocks.append(Block(activity, days, rows))
    shown = {block.activity.code for block in blocks}
    for refusal in verdict.refusals:
        # Of several activities, one that the week shows.
        first = min(
            refusal.slots,
            key=lambda slot: (slot.activity not in shown, monday_of(slot.on) != monday, slot.on, slot.unit),
        )
        says_by_activity.setdefault(first.activity, []).append(_say(desk, refusal, draft, square))
    explained = _explained(desk, draft, pointed, square) if pointed else None
    if explained is not None and pointed is not None:
        says_by_activity.setdefault(pointed.activity, []).insert(0, explained)
    elsewhere = tuple(
        say
        for activity_code, says in says_by_activity.items()
        for say in says
        if activity_code not in shown or all(monday_of(one.slot.on) != monday for one in say.squares)
    )
    placed = tuple(
        Block(
            block.activity,
            block.days,
            block.rows,
            tuple(say for say in says_by_activity.get(block.activity.code, ()) if say not in elsewhere),
        )
        for block in blocks
    )
    return Week(
        desk=desk,
        monday=monday,
        draft=draft,
        verdict=verdict,
        blocks=placed,
        said=elsewhere,
        errors=len(verdict.slots(Severity.REFUSED)),
        delta_cents=_delta(desk, draft),
        next_limit=_next_limit(desk, days_of_week),
    )


def _by_activity(desk: Desk) -> list[tuple[Activity, list[str]]]:
    found: dict[int, tuple[Activity, list[str]]] = {}
    for code, unit in desk.offer.units.items():
        found.setdefault(unit.activity_id, (unit.activity, []))[1].append(code)
    return list(found.values())


def _row(desk: Desk, code: str, days: tuple[date, ...], square: SquareOf) -> Row:
    openings = desk.offer.openings
    squares = tuple(square(Slot(code, day)) if Slot(code, day) in openings else None for day in days)
    prices = [one.cents for one in squares if one is not None]
    return Row(desk.offer.units[code], prices[0] if prices else None, squares)


def _square(desk: Desk, slot: Slot, draft: Draft, said: tuple[Refusal, ...], waits: bool) -> Square:
    booking = desk.bookings.get(slot)
    cents = desk.cents(slot)
    closure = desk.offer.calendar.closure(slot.unit, slot.on)
    if booking is not None and booking.presence is not None:
        return Square(slot, PRESENCE_STATES[booking.presence], cents)
    refused = next((one for one in said if one.severity is Severity.REFUSED), None)
    if refused is not None:
        return Square(slot, "error", cents, is_new=slot in draft, reason=refused.sentence)
    if slot in draft.unwanted:
        return Square(slot, STATUS_STATES[desk.bookings[slot].status], cents, is_dropped=True)
    if slot in draft.wanted:
        rank = _rank(desk, slot, desk.now) if waits else None
        return Square(slot, "waiting" if waits else "asked", cents, is_new=True, rank=rank)
    if booking is not None and booking.status in STATUS_STATES:
        state = "leaving" if booking.is_leaving else STATUS_STATES[booking.status]
        waits = booking.status is BookingStatus.WAITING
        rank = _rank(desk, slot, booking.asked_at or LONG_AGO, booking.id) if waits else None
        return Square(slot, state, cents, rank=rank)
    if closure is not None:
        return Square(slot, "closed", cents, reason=closure)
    if slot in desk.elsewhere:
        return Square(slot, "closed", cents, reason=desk.elsewhere_words)
    if _is_late(desk, slot):
        return Square(slot, "late", cents)
    opens = desk.bookable_from(slot)
    if opens is not None and desk.now < opens:
        return Square(slot, "closed", cents, reason=f"réservable à partir du {moment_words(opens)}")
    return Square(slot, "free", cents)


def _rank(desk: Desk, slot: Slot, asked_at: datetime, booking_id: int = LAST_CAME) -> int:
    """The place of a waiting square in its list: the order in which places are given."""
    rank = rank_of(desk.child, slot.activity, slot.on, desk.rules)
    return desk.others.before(slot, Turn(rank, asked_at, booking_id)) + 1


def _is_late(desk: Desk, slot: Slot) -> bool:
    limit = desk.bookable_until(slot)
    return slot.on < local_day(desk.now) or (limit is not None and limit <= desk.now)


def _say(desk: Desk, refusal: Refusal, draft: Draft, square: SquareOf) -> Say:
    remedy = refusal.remedy
    repaired, cents = draft, None
    if remedy is not None:
        repaired = desk.drafted((desk.target(draft) | remedy.add) - remedy.drop)
        prices = [desk.cents(slot) for slot in remedy.add]
        cents = sum(price for price in prices if price is not None) if None not in prices and prices else None
    return Say(
        squares=tuple(square(slot) for slot in sorted(refusal.slots) if slot.unit in desk.offer.units),
        sentence=refusal.sentence,
        article=refusal.article or "",
        remedy=remedy.sentence if remedy else "",
        remedy_cents=cents,
        repaired=repaired,
        is_error=refusal.severity is Severity.REFUSED,
    )


def _explained(desk: Desk, draft: Draft, pointed: Slot, square: SquareOf) -> Say | None:
    """Why a square can't be flipped: what the rules would answer, with nothing changed."""
    if pointed in draft or pointed.unit not in desk.offer.units:
        return None
    if pointed in desk.leaving:
        return Say((square(pointed),), LEAVING, is_error=False)
    for refusal in _alone(desk, pointed):
        if pointed in refusal.slots and refusal.severity is Severity.REFUSED:
            return Say((square(pointed),), refusal.sentence, refusal.article or "", is_error=False)
    return None


def flip(desk: Desk, draft: Draft, slot: Slot) -> tuple[Draft, bool]:
    """The draft once this square is touched, and whether it moved: a closed or late square stays.

    A square that breaks a rule which another square can repair (*matin* without *repas*) moves, and
    shows its error; one that can only be withdrawn does not.
    """
    target = desk.target(draft)
    flipped = desk.drafted(target - {slot} if slot in target else target | {slot})
    if slot in draft:
        return flipped, True
    if slot.unit not in desk.offer.units or slot not in desk.offer.openings:
        return draft, False
    booking = desk.bookings.get(slot)
    if booking is not None and (booking.presence is not None or slot in desk.leaving):
        return draft, False
    for refusal in _alone(desk, slot):
        only_undo = refusal.remedy is None or not (refusal.remedy.add - {slot})
        if slot in refusal.slots and refusal.severity is Severity.REFUSED and only_undo:
            return draft, False
    return flipped, True


def _alone(desk: Desk, slot: Slot) -> tuple[Refusal, ...]:
    """What the rules say when this square alone is touched."""
    return desk.judge(touching(desk, slot)).refusals


def touching(desk: Desk, slot: Slot) -> Draft:
    """The change that flips one square alone."""
    standing = desk.standing
    return desk.drafted(standing - {slot} if slot in standing else standing | {slot})


def _delta(desk: Desk, draft: Draft) -> int | None:
    """What the change adds to the bill; None when a price is unknown."""
    total = 0
    for slot in draft.slots:
        cents = desk.cents(slot)
        if cents is None:
            return None
        total += cents if slot in draft.wanted else -cents
    return total


def _next_limit(desk: Desk, days: list[date]) -> tuple[datetime, Slot] | None:
    """The next moment after which a square of the week can no longer be booked."""
    limits = []
    for slot in desk.offer.openings:
        if slot.on in days and desk.offer.calendar.is_open(slot.unit, slot.on):
            limit = desk.bookable_until(slot)
            if limit is not None and limit > desk.now:
                limits.append((limit, slot))
    return min(limits, default=None)
