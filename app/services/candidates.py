"""Those who wait for a place, judged as whoever asks today is: by the rules that concern them, with the
squares of their own that stand, at this moment.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, Registration
from app.rules.booking import DatedRule, judge, looks_around
from app.rules.calendar import ONE_DAY, Span, school_year
from app.rules.facts import STANDING, Booked, ChildPlan, Plan, Slot
from app.rules.kinds.order import Priority
from app.rules.periods import monday_of
from app.rules.registering import rank_of
from app.rules.verdict import Severity
from app.services import plan_rows
from app.services.catalogue import Catalogue, code_of
from app.services.crowd import There
from app.services.rulings import load_offer

Home = tuple[int, int]
"""(child, household)"""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When those asked for whom nobody wrote down a moment."""


LAST_CAME = 2**63 - 1
"""The number of a booking that is not written yet."""


class Turn(NamedTuple):
    """Where one stands in a queue, the least first: by the town's priorities, then the first come."""

    rank: int
    asked_at: datetime
    booking_id: int = LAST_CAME


def priorities(rules: Iterable[DatedRule]) -> tuple[DatedRule, ...]:
    """The rules that rank those who wait."""
    return tuple(one for one in rules if isinstance(one.rule, Priority))


def turn_of(one: There, ranking: Iterable[DatedRule]) -> Turn:
    """The turn of one who waits."""
    rank = rank_of(one.child, one.slot.activity, one.slot.on, ranking)
    return Turn(rank, one.asked_at or LONG_AGO, one.booking_id)


@dataclass(frozen=True)
class Candidate:
    """A child who waits for a square; ``plan`` asks for it anew, as if nobody else were there.

    ``own`` are the places that the child has already, which that plan holds: True where not confirmed yet.
    """

    there: There
    turn: Turn
    plan: Plan
    rules: tuple[DatedRule, ...]
    own: Mapping[Slot, bool]

    def answer(self, others: Plan) -> Severity | None:
        """What keeps the place from the child, or staff must decide first; ``others`` are all who have one,
        the child among them.
        """
        verdict, slot = judge(self._among(others), self.rules), self.there.slot
        if not verdict.accepted:
            return Severity.REFUSED
        if (self.there.child.id, slot) in verdict.slots(Severity.WAITING):
            return Severity.WAITING
        return Severity.ASK_STAFF if slot in verdict.to_staff({slot}) else None

    def _among(self, others: Plan) -> Plan:
        """The plan among the others, nobody being counted twice: a rule may count the places of a week."""
        taken, pending, crowd = others.taken, others.pending, others.crowd
        if self.own.keys() & taken.keys():
            taken = Counter(taken) - Counter(self.own.keys())
            pending = Counter(pending) - Counter(slot for slot, is_pending in self.own.items() if is_pending)
        if crowd is not None and self.own.keys() & crowd.keys():
            child_id = self.there.child.id
            crowd = {
                slot: tuple(one for one in there if one.id != child_id) if slot in self.own else there
                for slot, there in crowd.items()
            }
        return replace(self.plan, taken=taken, pending=pending, crowd=crowd)


def load(
    queues: Mapping[Slot, Iterable[There]], known: Catalogue, now: datetime
) -> dict[Slot, list[Candidate]]:
    """Those who wait for these squares, in the order in which places are given.

    Three statements, whatever their number; a fourth where a rule looks at bills.
    """
    waiting = [one for queue in queues.values() for one in queue]
    if not waiting:
        return {}
    around = any(map(looks_around, known.rules))
    days = sorted(one.slot.on for one in waiting)
    seen = [_seen(on, around) for on in (days[0], days[-1])]
    child_ids = sorted({one.child.id for one in waiting})
    with unscoped("une place libre va au premier qui l’attend, de quelque foyer qu’il soit"):
        registered: dict[Home, list[Registration]] = defaultdict(list)
        for one in db.session.scalars(
            select(Registration)
            .where(
                Registration.child_id.in_(child_ids),
                Registration.starts_on <= days[-1],
                Registration.ends_on >= days[0],
            )
            .options(joinedload(Registration.activity))
        ):
            registered[one.child_id, one.family_id].append(one)
        booked: dict[Home, dict[Slot, Booking]] = defaultdict(dict)
        for row in db.session.scalars(
            select(Booking).where(
                Booking.child_id.in_(child_ids),
                Booking.booked_on >= seen[0].from_on,
                Booking.booked_on < seen[1].until_on,
            )
        ):
            slot = Slot(code_of(known.by_id[row.unit_id]), row.booked_on)
            booked[row.child_id, row.family_id][slot] = row
    activity_ids = {one.activity_id for rows in registered.values() for one in rows}
    monday, sunday = monday_of(days[0]), monday_of(days[-1]) + 6 * ONE_DAY
    offer = load_offer(known, activity_ids, monday, sunday, Span(seen[0].from_on, seen[1].until_on))
    owed = plan_rows.overdue({one.family_id for one in waiting}, known.rules, now)
    ranking = priorities(known.rules)
    found: dict[Slot, list[Candidate]] = {}
    for slot, queue in queues.items():
        mine = []
        for there in queue:
            home = there.child.id, there.family_id
            asked = _asking(there, booked[home], registered[home], _seen(slot.on, around))
            plan = Plan(
                (asked,),
                now,
                offer.calendar,
                offer.places,
                names=offer.names,
                minutes=offer.minutes,
                overdue_cents=owed.get(there.family_id, 0),
            )
            rules = tuple(one for one in known.rules if one.concerns(there.child))
            own = {
                one: row.status is BookingStatus.ASKED
                for one, row in booked[home].items()
                if row.status in (BookingStatus.ASKED, BookingStatus.CONFIRMED)
            }
            mine.append(Candidate(there, turn_of(there, ranking), plan, rules, own))
        found[slot] = sorted(mine, key=lambda one: one.turn)
    return found


def _seen(on: date, around: bool) -> Span:
    """The days whose squares are told of a child: the week, or the school year where a rule looks further."""
    monday = monday_of(on)
    week = Span(monday, monday + 7 * ONE_DAY)
    if not around:
        return week
    year = school_year(on)
    return Span(min(monday, year.from_on), max(week.until_on, year.until_on))


def _asking(
    there: There, rows: Mapping[Slot, Booking], registrations: Iterable[Registration], seen: Span
) -> ChildPlan:
    """The child's squares, the one that waits being asked for anew."""
    known = {slot: row for slot, row in rows.items() if slot.on in seen and slot != there.slot}
    return ChildPlan.change(
        there.child,
        [Booked(slot, row.status.value) for slot, row in known.items()],
        add={there.slot},
        drop=(),
        registrations=plan_rows.windows(registrations),
        asked_at=plan_rows.moments(known, STANDING),
        cancelled_at=plan_rows.moments(known, {BookingStatus.CANCELLED.value}),
    )
