"""The rows that a sent change leaves: judged again, written whole or not at all."""

from dataclasses import dataclass
from datetime import datetime

from app.access.database import db
from app.entities.booking import BookingStatus, PriceEffect
from app.models import Booking
from app.rules.calendar import ONE_DAY
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.rules.verdict import Severity, Verdict
from app.services import places
from app.services.desk import Desk, Draft, load_desk, person_of

EFFECTS = {one.value: one for one in PriceEffect}


@dataclass(frozen=True)
class Sent:
    """What became of a change: the verdict, and what was written when it was accepted."""

    verdict: Verdict
    confirmed: int = 0
    asked: int = 0
    waiting: int = 0
    cancelled: int = 0
    leaving: int = 0
    """Cancellations that the service decides."""

    @property
    def accepted(self) -> bool:
        """Whether anything was written."""
        return self.verdict.accepted


def send(child_id: int, family_id: int, draft: Draft, now: datetime) -> Sent | None:
    """Judge a change and, if nothing is refused, write it: all of it or nothing. None: a stranger's child.

    The child is locked first, so that two parents together ask for no more than one would; then the
    openings, so that two children can't both take the last place. Sent twice, the second finds nothing
    left to change.
    """
    if not draft:
        return Sent(Verdict()) if person_of(child_id) else None
    places.lock_child(child_id)
    days = sorted(slot.on for slot in draft.slots)
    monday, sunday = monday_of(days[0]), monday_of(days[-1]) + 6 * ONE_DAY
    places.lock_openings(monday, sunday)
    desk = load_desk(child_id, family_id, monday, sunday, now)
    if desk is None:
        return None
    draft = desk.effective(draft)
    verdict = desk.judge(draft)
    if not verdict.accepted or not draft:
        db.session.rollback()
        return Sent(verdict)
    sent = _write(desk, draft, verdict)
    db.session.commit()
    return sent


def _write(desk: Desk, draft: Draft, verdict: Verdict) -> Sent:
    """Write the change; a place set free goes at once to the first who waits for it."""
    waiting = {slot for _, slot in verdict.slots(Severity.WAITING)}
    to_staff = verdict.to_staff(draft.slots)
    leaving = {slot for slot in draft.unwanted & to_staff if _is_confirmed(desk, slot)}
    freed = {
        (desk.offer.units[slot.unit].id, slot.on)
        for slot in draft.unwanted - leaving
        if desk.bookings[slot].status in places.HOLDS_A_PLACE
    }
    effects = {slot: EFFECTS[one.effect] for one in verdict.refusals if one.effect for slot in one.slots}
    counts = dict.fromkeys(("confirmed", "asked", "waiting", "cancelled", "leaving"), 0)
    for slot in sorted(draft.slots):
        row = desk.bookings.get(slot)
        unit = desk.offer.units[slot.unit]
        if row is not None and slot in leaving:
            row.leaving_at = desk.now
            counts["leaving"] += 1
            continue
        if slot in draft.unwanted:
            status = BookingStatus.CANCELLED
        elif slot in waiting:
            status = BookingStatus.WAITING
        elif slot in to_staff or not unit.activity.confirms_alone or (row is not None and row.needs_staff):
            status = BookingStatus.ASKED
        else:
            status = BookingStatus.CONFIRMED
        counts[status.value] += 1
        if row is None:
            row = Booking(
                registration_id=desk.registration(slot).id,
                family_id=desk.family_id,
                child_id=desk.child.id,
                unit_id=unit.id,
                booked_on=slot.on,
            )
            db.session.add(row)
        # Whoever leaves a waiting list cancels nothing: no rule counts it later.
        leaves_list = slot in draft.unwanted and row.status is BookingStatus.WAITING
        row.status, row.leaving_at = status, None
        row.asked_at = None if leaves_list else desk.now
        row.effect = effects.get(slot)
    if freed:
        places.give_places(desk.now, freed)
    return Sent(verdict, **counts)


def _is_confirmed(desk: Desk, slot: Slot) -> bool:
    """Whether a square was granted: what was only asked for is withdrawn without asking."""
    return desk.bookings[slot].status is BookingStatus.CONFIRMED
