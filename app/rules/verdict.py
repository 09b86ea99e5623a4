"""Verdicts: every refusal at once, each with its sentence, its article, its limit and its remedy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.rules.facts import Slot


class Severity(StrEnum):
    """What a refusal does to the squares it names, the hardest first."""

    REFUSED = "refused"  # can't be sent
    WAITING = "waiting"  # can be sent, goes on the waiting list: staff are asked when a place is free
    ASK_STAFF = "ask_staff"  # can be sent, staff decide: it takes a place meanwhile
    WARNING = "warning"  # said, stops nothing: a square that stood before and that the change leaves alone


PriceEffect = Literal["surcharge", "full_price"]
Effect = Literal[""] | PriceEffect
"""What a warning costs, for whoever prices the square: a surcharge, or the reduced tariff lost."""

RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change, for the same child, that repairs the refusal; the sentence is a button's: "Ajouter le
    repas".
    """

    sentence: str
    add: frozenset[Slot] = frozenset()
    drop: frozenset[Slot] = frozenset()


def withdraw(slots: Collection[Slot]) -> Remedy:
    """The remedy that always works: not to ask."""
    return Remedy(
        "Retirer ces demandes" if len(slots) > 1 else "Retirer cette demande", drop=frozenset(slots)
    )


def as_it_was(added: Collection[Slot], dropped: Collection[Slot]) -> Remedy:
    """The remedy that undoes a change: not to ask, to keep what was given up, or both."""
    if not dropped:
        return withdraw(added)
    keep = "Garder ces réservations" if len(dropped) > 1 else "Garder cette réservation"
    return Remedy("Laisser comme avant" if added else keep, frozenset(dropped), frozenset(added))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why some squares of a child can't stand as asked. `rule` and `article` are filled in by whoever runs
    the rule.

    `until` is the limit that has passed, as the first UTC instant that is too late. `discreet` says the same
    without what the household alone, and who keeps its bills, may know; empty: nothing is to be left out.
    """

    child_id: int
    slots: frozenset[Slot]
    sentence: str
    severity: Severity = Severity.REFUSED
    until: datetime | None = None
    remedy: Remedy | None = None
    rule: str = ""
    article: str | None = None
    effect: Effect = ""
    discreet: str = ""

    def by(self, rule: str, article: str | None) -> Refusal:
        return replace(self, rule=rule, article=article)


def _order(refusal: Refusal) -> tuple[object, ...]:
    squares = sorted((slot.on, slot.unit) for slot in refusal.slots)
    return (
        refusal.child_id,
        squares,
        RANK[refusal.severity],
        refusal.rule,
        refusal.article or "",
        refusal.sentence,
        str(refusal.until or ""),
        refusal.remedy.sentence if refusal.remedy else "",
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """All the refusals of a plan, each once, in an order that owes nothing to the order of the rules."""

    refusals: tuple[Refusal, ...] = ()

    @classmethod
    def of(cls, refusals: Iterable[Refusal]) -> Verdict:
        return cls(tuple(sorted(set(refusals), key=_order)))

    @property
    def accepted(self) -> bool:
        """Whether the change can be sent: nothing is refused (it may wait for staff, or for a place)."""
        return all(one.severity is not Severity.REFUSED for one in self.refusals)

    def about(self, child_id: int, slot: Slot) -> tuple[Refusal, ...]:
        """What is said of one square, the hardest first."""
        return self.by_slot().get((child_id, slot), ())

    def severity(self, child_id: int, slot: Slot) -> Severity | None:
        """The hardest thing said of one square; None when nothing is. Many squares: read `by_slot()` once."""
        return next((one.severity for one in self.about(child_id, slot)), None)

    def by_slot(self) -> dict[tuple[int, Slot], tuple[Refusal, ...]]:
        """(child, square) -> what is said of it, the hardest first, for the squares of which something is."""
        found: dict[tuple[int, Slot], list[Refusal]] = {}
        for one in sorted(self.refusals, key=lambda one: RANK[one.severity]):
            for slot in one.slots:
                found.setdefault((one.child_id, slot), []).append(one)
        return {key: tuple(found[key]) for key in sorted(found)}

    def to_staff(self, asked: Collection[Slot]) -> frozenset[Slot]:
        """What staff decide of the squares asked for: those named, or all of an activity where others would
        be left wrong.
        """
        found: set[Slot] = set()
        for one in self.refusals:
            if one.severity is Severity.ASK_STAFF:
                activities = {slot.activity for slot in one.slots}
                found |= one.slots & set(asked) or {slot for slot in asked if slot.activity in activities}
        return frozenset(found)

    def slots(self, severity: Severity) -> frozenset[tuple[int, Slot]]:
        """The (child, square) pairs of which this is the hardest severity: who goes on the waiting list,
        say.
        """
        return frozenset(key for key, said in self.by_slot().items() if said[0].severity is severity)
