"""The desk of a child: facts from rows, verdicts from rules, over a stretch of days.

A change says which squares are wanted and which are not: sent twice, the second changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, RegistrationStatus
from app.models import Booking, Person, Registration
from app.rules.booking import DatedRule, bookable_from, bookable_until, judge, looks_around
from app.rules.calendar import ONE_DAY, Span, school_year
from app.rules.facts import STANDING, Booked, Child, ChildPlan, Plan, Slot
from app.rules.kinds.limits import undo
from app.rules.verdict import Refusal, Severity, Verdict, withdraw
from app.rules.words import day_words, sentence
from app.services import places, plan_rows
from app.services.catalogue import catalogue, code_of
from app.services.child_facts import child_of
from app.services.pricing import Prices, load_prices
from app.services.rulings import Offer, load_offer

ELSEWHERE = "other_home"
"""Code of a rule that always holds: one child, one square, one household."""
TICKED = "ticked"
"""Another: what happened is not cancelled."""


@dataclass(frozen=True)
class Draft:
    """A change being prepared: the squares wanted, and those no longer wanted."""

    wanted: frozenset[Slot] = frozenset()
    unwanted: frozenset[Slot] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def __contains__(self, slot: object) -> bool:
        return slot in self.wanted or slot in self.unwanted

    @property
    def slots(self) -> frozenset[Slot]:
        """Every square the change speaks of."""
        return self.wanted | self.unwanted


@dataclass(frozen=True)
class Desk:
    """Everything known of one child's squares over a stretch of days, both ends included.

    ``elsewhere`` are the squares that stand through the child's other home: nothing else is known of them.
    """

    child: Child
    family_id: int
    from_on: date
    until_on: date
    now: datetime
    registrations: tuple[Registration, ...]
    offer: Offer
    rules: tuple[DatedRule, ...]
    bookings: Mapping[Slot, Booking]
    others: places.Others
    prices: Prices
    elsewhere: frozenset[Slot] = frozenset()
    overdue_cents: int = 0
    all_rules: tuple[DatedRule, ...] = ()
    """Those of the town that are for other children too, or for the child on other days."""
    around: Mapping[Slot, Booking] = field(default_factory=dict)
    """The child's other bookings of the school year, when a rule looks at them."""

    @property
    def standing(self) -> frozenset[Slot]:
        """The squares that stand before any change."""
        return frozenset(s for s, row in self.bookings.items() if row.status.value in STANDING)

    @property
    def leaving(self) -> frozenset[Slot]:
        """Those of them whose cancellation waits for the service."""
        return frozenset(slot for slot in self.standing if self.bookings[slot].is_leaving)

    def rules_on(self, slot: Slot) -> tuple[DatedRule, ...]:
        """The rules that concern the child on the day of a square."""
        child = self.child.on(slot.on)
        return tuple(one for one in self.rules if one.concerns(child)) if self.child.later else self.rules

    def bookable_until(self, slot: Slot) -> datetime | None:
        """The first instant at which it is too late to book the square; None when no rule limits it."""
        return bookable_until(slot, self.rules_on(slot), self.offer.calendar)

    def bookable_from(self, slot: Slot) -> datetime | None:
        """The instant before which it is too soon; None when no rule says so."""
        return bookable_from(slot, self.rules_on(slot), self.offer.calendar)

    def effective(self, draft: Draft) -> Draft:
        """The part of a draft that still changes something, on squares of this desk."""
        standing, units = self.standing, self.offer.units
        unwanted = (draft.unwanted & standing) - self.leaving
        return Draft(
            frozenset(slot for slot in draft.wanted - standing if slot.unit in units),
            frozenset(slot for slot in unwanted if slot.unit in units),
        )

    def registration(self, slot: Slot) -> Registration:
        """The accepted registration that lets the child book the square. LookupError: there is none."""
        activity_id = self.offer.units[slot.unit].activity_id
        for row in self.registrations:
            accepted = row.status is RegistrationStatus.ACCEPTED and row.activity_id == activity_id
            if accepted and row.starts_on <= slot.on <= row.ends_on:
                return row
        raise LookupError(slot)

    def drafted(self, target: frozenset[Slot]) -> Draft:
        """The draft after which exactly these squares stand."""
        return Draft(target - self.standing, self.standing - target)

    def target(self, draft: Draft) -> frozenset[Slot]:
        """The squares that would stand after the draft."""
        return (self.standing | draft.wanted) - draft.unwanted

    def plan(self, draft: Draft) -> Plan:
        """The plan that a draft makes."""
        known = {**self.around, **self.bookings}
        mine = ChildPlan.change(
            self.child,
            [Booked(slot, row.status.value) for slot, row in known.items()],
            add=draft.wanted,
            drop=draft.unwanted,
            registrations=plan_rows.windows(self.registrations),
            asked_at=plan_rows.moments(known, STANDING),
            cancelled_at=plan_rows.moments(known, {BookingStatus.CANCELLED.value}),
        )
        return Plan(
            children=(mine,),
            now=self.now,
            calendar=self.offer.calendar,
            places=self.offer.places,
            taken=self.others.taken,
            names=self.offer.names,
            minutes=self.offer.minutes,
            overdue_cents=self.overdue_cents,
            pending=self.others.pending,
            crowd=self.others.crowd,
        )

    def judge(self, draft: Draft) -> Verdict:
        """What the rules say of the plan, everything at once; no remedy asks for the other home's square."""
        found = judge(self.plan(draft), self.rules).refusals
        if self.around:  # what was already wrong in other weeks alone is not this page's
            found = tuple(
                one
                for one in found
                if one.severity is not Severity.WARNING
                or any(self.from_on <= slot.on <= self.until_on for slot in one.slots)
            )
        return Verdict.of([*map(self._possible, found), *self._elsewhere(draft), *self._ticked(draft)])

    def _possible(self, refusal: Refusal) -> Refusal:
        if refusal.remedy is None or not refusal.remedy.add & self.elsewhere:
            return refusal
        asked = refusal.slots - self.standing
        return replace(refusal, remedy=withdraw(asked) if asked else None)

    def _elsewhere(self, draft: Draft) -> Iterator[Refusal]:
        for slot in sorted((draft.wanted - self.standing) & self.elsewhere):
            yield Refusal(
                self.child.id,
                frozenset({slot}),
                self.elsewhere_words,
                rule=ELSEWHERE,
                remedy=withdraw([slot]),
            )

    def _ticked(self, draft: Draft) -> Iterator[Refusal]:
        for slot in sorted(draft.unwanted & self.standing):
            if self.bookings[slot].presence is not None:
                yield Refusal(
                    self.child.id,
                    frozenset({slot}),
                    f"{sentence(self.offer.names[slot.unit])} du {day_words(slot.on)} est déjà pointé "
                    "par l’équipe\u00a0: pour corriger une erreur, écrivez à la structure.",
                    rule=TICKED,
                    remedy=undo(slot, "cancelling"),
                )

    @property
    def elsewhere_words(self) -> str:
        """Why a square of the other home can't be asked for: no word of the other home itself."""
        return f"{self.child.name} a déjà une réservation ce jour-là par son autre foyer."

    def cents(self, slot: Slot) -> int | None:
        """What the square costs this household; None when no tariff says so."""
        unit = self.offer.units[slot.unit]
        return self.prices.cents(unit.id, self.family_id, slot.on)


def person_of(child_id: int) -> Person | None:
    return db.session.scalars(select(Person).where(Person.id == child_id)).one_or_none()


def load_desk(child_id: int, family_id: int, from_on: date, until_on: date, now: datetime) -> Desk | None:
    """The desk of a child in reach; None for a stranger's. Nine statements, whatever the rows."""
    person = person_of(child_id)
    if person is None:
        return None
    registrations = tuple(
        db.session.scalars(
            select(Registration)
            .where(
                Registration.child_id == child_id,
                Registration.family_id == family_id,
                Registration.starts_on <= until_on,
                Registration.ends_on >= from_on,
            )
            .options(joinedload(Registration.activity), joinedload(Registration.group))
        )
    )
    known = catalogue()
    activity_ids = {row.activity_id for row in registrations if row.activity.is_bookable}
    around = _around(known.rules, from_on, until_on)
    offer = load_offer(known, activity_ids, from_on, until_on, around)
    others = places.of_others(offer, child_id, known.rules, now)
    rows = db.session.scalars(
        select(Booking).where(
            Booking.child_id == child_id,
            Booking.family_id == family_id,
            Booking.booked_on.between(around.from_on, around.until_on - ONE_DAY),
        )
    )
    found = {
        Slot(code_of(known.by_id[row.unit_id]), row.booked_on): row
        for row in rows
        # Of an activity that the child left before these days, what was booked still counts.
        if known.by_id[row.unit_id].activity_id in activity_ids or not from_on <= row.booked_on <= until_on
    }
    bookings = {slot: row for slot, row in found.items() if from_on <= slot.on <= until_on}
    elsewhere = _elsewhere(offer, child_id, family_id, from_on, until_on)
    child = child_of(person, family_id, registrations, known.rules, around.from_on, around.until_on - ONE_DAY)
    return Desk(
        child=child,
        family_id=family_id,
        from_on=from_on,
        until_on=until_on,
        now=now,
        registrations=registrations,
        offer=offer,
        rules=tuple(one for one in known.rules if one.may_concern(child)),
        all_rules=known.rules,
        bookings=bookings,
        others=others,
        prices=load_prices(known, [family_id]),
        elsewhere=elsewhere,
        overdue_cents=plan_rows.overdue([family_id], known.rules, now).get(family_id, 0),
        around={slot: row for slot, row in found.items() if slot not in bookings},
    )


def _around(rules: Iterable[DatedRule], from_on: date, until_on: date) -> Span:
    """The days to know: those of the page, or their school years where a rule looks further."""
    if any(map(looks_around, rules)):
        return Span(school_year(from_on).from_on, school_year(until_on).until_on)
    return Span(from_on, until_on + ONE_DAY)


def _elsewhere(offer: Offer, child_id: int, family_id: int, from_on: date, until_on: date) -> frozenset[Slot]:
    """The squares that stand for the child through another household. One statement."""
    codes = {unit.id: code for code, unit in offer.units.items()}
    standing = (
        select(Booking.unit_id, Booking.booked_on)
        .where(
            Booking.child_id == child_id,
            Booking.family_id != family_id,
            Booking.booked_on.between(from_on, until_on),
            Booking.status.in_(places.STANDS),
        )
        .distinct()
    )
    with unscoped("un enfant de deux foyers n’occupe une case qu’une fois ; de l’autre foyer, rien n’est lu"):
        return frozenset(
            Slot(codes[unit_id], on) for unit_id, on in db.session.execute(standing) if unit_id in codes
        )
