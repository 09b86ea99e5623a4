"""Facts: the frozen data that rules see. A square is a unit on a day; a plan is what would stand after a
change.

Unit codes are "activity.unit" ("grappaloups.matin"). Nothing here is a database row: services copy rows
into facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NewType

if TYPE_CHECKING:
    from app.rules.calendar import Calendar

UnitCode = NewType("UnitCode", str)
"""A unit's code, "activity.unit": a kind whose parameter has this type gets a choice of units in its form."""

DocumentCode = NewType("DocumentCode", str)
"""The code of a document that the town asks for."""

Status = Literal["asked", "confirmed", "waiting", "refused", "cancelled"]
Action = Literal["booking", "cancelling"]
Custody = Literal["even", "odd"]
Names = Mapping[str, str]
"""Code of a unit, an activity or a facility -> its noun phrase in a sentence, with its article: "le repas".
"""

Window = tuple[date, date | None]
"""Half-open: [first day, first day after), None when it has no end."""

STANDING: frozenset[Status] = frozenset({"asked", "confirmed", "waiting"})


def activity_of(unit: str) -> str:
    """The activity's code, from a unit's: "grappaloups.matin" -> "grappaloups". A code without a dot is its
    own activity.
    """
    return unit.partition(".")[0]


def holds(window: Window, on: date) -> bool:
    return window[0] <= on and (window[1] is None or on < window[1])


@dataclass(frozen=True, slots=True)
class Child:
    """A child, and what rules may tell one child from another by; None: not known.

    `traits` are codes: of the questions answered yes, of the documents in force. `custody`: of which weeks of
    the year (by their ISO numbers) the household that asks has the child; None: of all. `school` is the code
    of one of the town's list. `is_pending` is told
    of the children of a crowd: the service has not confirmed the place that it takes.

    ``later`` is the child again, from each day on which something told here changes, in the order of the
    days: a class at the turn of the school year, a document at its end.
    """

    id: int
    name: str
    born_on: date
    residence: str | None = None
    level: str | None = None
    groups: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    custody: Custody | None = None
    later: tuple[tuple[date, Child], ...] = ()
    is_pending: bool = False
    school: str | None = None

    def on(self, day: date) -> Child:
        """The child as told that day."""
        return next((told for since, told in reversed(self.later) if since <= day), self)

    @property
    def told(self) -> tuple[Child, ...]:
        """The child as told on each stretch of days."""
        return (self, *(one for _, one in self.later))


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A square: a unit on a day."""

    unit: str
    on: date

    @property
    def activity(self) -> str:
        return activity_of(self.unit)


Covers = Callable[[Slot], bool]
"""Whether a rule applies to a square: its dates, its units, its weekdays."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it is before the change."""

    slot: Slot
    status: Status


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One child's squares: all that would stand after the change, and what the change adds and drops.

    `waiting` are the squares that stood on a waiting list before: those that stand hold no place, and to give
    one up cancels nothing.
    `registrations` maps an activity to the windows in which the child may book it: one a registration.
    `asked_at` and `cancelled_at` tell when squares were, before this change: rules that tolerate some
    lateness count by them.
    """

    child: Child
    slots: frozenset[Slot]
    added: frozenset[Slot]
    dropped: frozenset[Slot]
    registrations: Mapping[str, tuple[Window, ...]]
    waiting: frozenset[Slot] = frozenset()
    asked_at: Mapping[Slot, datetime] = field(default_factory=lambda: MappingProxyType({}))
    cancelled_at: Mapping[Slot, datetime] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def change(
        cls,
        child: Child,
        booked: Iterable[Booked],
        add: Iterable[Slot],
        drop: Iterable[Slot],
        registrations: Mapping[str, tuple[Window, ...]],
        asked_at: Mapping[Slot, datetime] | None = None,
        cancelled_at: Mapping[Slot, datetime] | None = None,
    ) -> ChildPlan:
        """The plan after a change. Adding what stands and dropping what does not are no change at all."""
        before = {one.slot: one.status for one in booked if one.status in STANDING}
        dropped = frozenset(drop) & frozenset(before)
        added = frozenset(add) - frozenset(before)
        waiting = frozenset(slot for slot, status in before.items() if status == "waiting")
        return cls(
            child,
            frozenset(before) - dropped | added,
            added,
            dropped,
            registrations,
            waiting,
            asked_at or {},
            cancelled_at or {},
        )

    @property
    def before(self) -> frozenset[Slot]:
        """What stood before the change."""
        return self.slots - self.added | self.dropped

    def to(self, slots: frozenset[Slot]) -> ChildPlan:
        """The plan if these squares were to stand, whatever was asked."""
        before = self.before
        return replace(self, slots=slots, added=slots - before, dropped=before - slots)

    def within(self, keep: Callable[[date], bool]) -> ChildPlan:
        """The part of the plan on these days alone."""

        def kept(slots: frozenset[Slot]) -> frozenset[Slot]:
            return frozenset(slot for slot in slots if keep(slot.on))

        def told(moments: Mapping[Slot, datetime]) -> dict[Slot, datetime]:
            return {slot: at for slot, at in moments.items() if keep(slot.on)}

        return replace(
            self,
            slots=kept(self.slots),
            added=kept(self.added),
            dropped=kept(self.dropped),
            waiting=kept(self.waiting),
            asked_at=told(self.asked_at),
            cancelled_at=told(self.cancelled_at),
        )

    def units_by_day(self) -> dict[date, frozenset[str]]:
        """For each day with a square, the units that would stand, in the order of the days."""
        days: dict[date, set[str]] = {}
        for slot in sorted(self.slots, key=lambda slot: (slot.on, slot.unit)):
            days.setdefault(slot.on, set()).add(slot.unit)
        return {on: frozenset(units) for on, units in days.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """A change asked for one or several children, at a moment, with what judging it needs.

    `places` are the places of an opening, or of its unit, where they say so; `taken` are the places held, or
    waited for, by other children than these; `pending` those of them that the service has not confirmed;
    `crowd` these children, where a rule tells them apart (None: not told); `minutes` how long each unit
    lasts; `overdue_cents` what the household's bills past their day still owe. Raises `ValueError` when
    `now` has no time zone.
    """

    children: tuple[ChildPlan, ...]
    now: datetime
    calendar: Calendar
    places: Mapping[Slot, int] = field(default_factory=lambda: MappingProxyType({}))
    taken: Mapping[Slot, int] = field(default_factory=lambda: MappingProxyType({}))
    names: Names = field(default_factory=lambda: MappingProxyType({}))
    minutes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    overdue_cents: int = 0
    pending: Mapping[Slot, int] = field(default_factory=lambda: MappingProxyType({}))
    crowd: Mapping[Slot, tuple[Child, ...]] | None = None

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("A plan's now carries its time zone: datetime(..., tzinfo=UTC).")

    def only(self, keep: Callable[[Child], bool]) -> Plan:
        """The same change, of some of its children, on the days on which they are told so."""
        kept = tuple(_only(one, keep) for one in self.children if any(map(keep, one.child.told)))
        return self if kept == self.children else replace(self, children=kept)

    def among(self, keep: Callable[[Child], bool]) -> Plan:
        """The same change as if these children were alone: those of the plan, and those who take places.

        The places of an opening are for everybody: a rule for some gives its own.
        """
        crowd = {
            slot: tuple(one for one in others if keep(one.on(slot.on)))
            for slot, others in (self.crowd or {}).items()
        }
        taken = {slot: len(others) for slot, others in crowd.items()}
        pending = {slot: sum(one.is_pending for one in others) for slot, others in crowd.items()}
        return replace(self.only(keep), places={}, taken=taken, pending=pending, crowd=crowd)

    def named(self, code: str) -> str:
        """The noun phrase of a unit or an activity; its code when nobody named it."""
        return self.names.get(code, code)

    def standing(self, covers: Covers) -> Iterator[tuple[ChildPlan, Slot]]:
        """Every square that would stand and that a rule covers, in the order of the children, then of the
        days.
        """
        yield from self._each(lambda mine: mine.slots, covers)

    def changed(self, action: Action, covers: Covers) -> Iterator[tuple[ChildPlan, Slot]]:
        """Every covered square that the change books, or cancels."""
        yield from self._each(lambda mine: mine.added if action == "booking" else mine.dropped, covers)

    def _each(
        self, slots: Callable[[ChildPlan], frozenset[Slot]], covers: Covers
    ) -> Iterator[tuple[ChildPlan, Slot]]:
        for mine in self.children:
            for slot in sorted(slots(mine), key=lambda slot: (slot.on, slot.unit)):
                if covers(slot):
                    yield mine, slot


def _only(mine: ChildPlan, keep: Callable[[Child], bool]) -> ChildPlan:
    """The part of a child's plan on the days on which the child is told so."""
    if all(map(keep, mine.child.told)):
        return mine
    return mine.within(lambda day: keep(mine.child.on(day)))
