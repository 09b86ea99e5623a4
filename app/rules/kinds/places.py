"""How many children a square takes: its places, the staff there is, the least without which it is off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from math import ceil
from typing import ClassVar, Literal

from app.rules.calendar import END_OF_DAY, ONE_DAY, Hour, instant
from app.rules.facts import ChildPlan, Covers, Plan, Slot
from app.rules.kinds.admission import years_old
from app.rules.periods import span_of
from app.rules.registry import kind, param
from app.rules.verdict import Refusal, Severity, withdraw
from app.rules.words import NBSP, counted, day_words, hour_words, sentence

WhenFull = Literal["waiting", "refused", "ask_staff"]
WHEN_FULL = {
    "waiting": "mettre en liste d’attente",
    "refused": "refuser",
    "ask_staff": "demander l’accord du service",
}
BEYOND = {
    "waiting": "la demande va en liste d’attente",
    "refused": "la demande est refusée",
    "ask_staff": "le service décide",
}
SAID = {
    "waiting": "{name} passe en liste d’attente",
    "refused": "c’est complet",
    "ask_staff": "le service décidera",
}
SIX = 6


def full(mine: ChildPlan, plan: Plan, slot: Slot, when_full: WhenFull, why: str = "plus de place") -> Refusal:
    """A square asked beyond what there is."""
    then = SAID[when_full].format(name=mine.child.name)
    text = f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: {why}, {then}."
    return Refusal(mine.child.id, frozenset({slot}), text, Severity(when_full), remedy=withdraw([slot]))


def standing_before(plan: Plan, covers: Covers) -> dict[Slot, int]:
    """The places that the children of a plan hold before it."""
    held: dict[Slot, int] = defaultdict(int)
    for mine, slot in plan.standing(covers):
        held[slot] += slot not in mine.added and slot not in mine.waiting
    return held


@kind("capacity", title="Places", says="{full}", example={"places": 48, "overflow": 10})
@dataclass(frozen=True, slots=True)
class Capacity:
    """Send to the waiting list, or refuse, what is booked beyond the places of a unit on a day.

    The opening's own places come first, then `places`; with neither, there is no limit. For some children
    only (`who`), the places are those of the rule, and only such children are counted. Places go to the
    children of a plan in their order; those who wait are judged by it as those who come.

    Where a town has no rule of places, a full square waits and what is pending takes a place. A rule for
    every child replaces that whole for the squares that it governs; a rule for some is added to it.
    """

    counts_others: ClassVar = True
    places: int | None = param(
        "Nombre de places",
        minimum=0,
        maximum=100_000,
        default=None,
        help="Pour les jours d’ouverture qui n’en ont pas.",
    )
    when_full: WhenFull = param(
        "Quand c’est complet",
        default="waiting",
        labels=WHEN_FULL,
        help="Sans règle de places, on attend et une demande à l’étude tient sa place. Une règle pour tous "
        "les enfants remplace cela pour les unités et les jours qu’elle gouverne.",
    )
    overflow: int = param(
        "Dépassement possible",
        unit="%",
        minimum=0,
        maximum=100,
        default=0,
        help="Au-delà des places et jusque-là, le service décide.",
    )
    overflow_per: Literal["day", "week"] = param(
        "Dépassement compté sur",
        labels={"day": "le jour", "week": "la semaine"},
        default="day",
        help="La semaine : un jour peut dépasser si les autres restent libres d’autant.",
    )
    pending: Literal["held", "free"] = param(
        "Une demande à l’étude",
        labels={"held": "tient une place", "free": "n’en tient pas"},
        default="held",
    )

    @property
    def is_over_weeks(self) -> bool:
        """Whether what may be beyond the places is counted over the week."""
        return bool(self.overflow) and self.overflow_per == "week"

    @property
    def full(self) -> str:
        if self.places == 0 and not self.overflow:
            return f"Aucune place{NBSP}; {BEYOND[self.when_full]}."
        places = "" if self.places is None else f" de {counted(self.places, 'place', 'places')}"
        text = f"Dans la limite{places or ' des places du jour'}"
        if self.overflow:
            week = " sur la semaine" if self.overflow_per == "week" else ""
            text += f"{NBSP}; jusqu’à {self.overflow}{NBSP}% de plus{week}, le service décide"
        if self.pending == "free":
            text += f"{NBSP}; une demande à l’étude ne tient pas de place"
        return f"{text}{NBSP}; au-delà, {BEYOND[self.when_full]}."

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        held = standing_before(plan, covers)
        for mine, slot in plan.changed("booking", covers):
            places = plan.places.get(slot, self.places)
            if places is None:
                continue
            if self._taken(plan, slot) + held[slot] < places:
                held[slot] += 1
            elif self.overflow and self._overflows(plan, slot, places, held, covers):
                held[slot] += 1
                yield full(mine, plan, slot, "ask_staff", "au-delà des places")
            else:
                yield full(mine, plan, slot, self.when_full)

    def _taken(self, plan: Plan, slot: Slot) -> int:
        free = plan.pending.get(slot, 0) if self.pending == "free" else 0
        return plan.taken.get(slot, 0) - free

    def _overflows(self, plan: Plan, slot: Slot, places: int, held: dict[Slot, int], covers: Covers) -> bool:
        """Whether one more fits in what may be beyond the places, that day or over its week."""
        if self.overflow_per == "day":
            return self._taken(plan, slot) + held[slot] + 1 <= places * (100 + self.overflow) // 100
        week = span_of(slot.on, "week", plan.calendar)
        days = [Slot(slot.unit, on) for on in week.days() if plan.calendar.is_open(slot.unit, on)]
        days = [one for one in days if covers(one)]
        total = sum(plan.places.get(one, places) for one in days)
        taken = sum(self._taken(plan, one) + held[one] for one in days)
        return taken + 1 <= total * (100 + self.overflow) // 100


@kind(
    "staff_ratio",
    title="Taux d’encadrement",
    says="{ratio}{then}.",
    example={"adults": 4, "under_six": 8, "six_plus": 12},
)
@dataclass(frozen=True, slots=True)
class StaffRatio:
    """Send to the waiting list, or refuse, the child for whom one more adult would be needed.

    Children under six and older weigh by their own ratio, whatever the group they are in; every one who is
    there, or waits to be, counts.
    """

    counts_others: ClassVar = True
    asks_crowd: ClassVar = True  # their ages are what counts
    adults: int = param("Animateurs présents", minimum=1, maximum=1000)
    under_six: int = param("Enfants de moins de 6 ans par animateur", minimum=1, maximum=100)
    six_plus: int = param("Enfants de 6 ans et plus par animateur", minimum=1, maximum=100)
    when_full: WhenFull = param("Quand il en manque", default="waiting", labels=WHEN_FULL)

    @property
    def ratio(self) -> str:
        adults = counted(self.adults, "animateur", "animateurs")
        return (
            f"Il y a {adults}{NBSP}: un pour {self.under_six} enfants de moins de 6 ans, "
            f"un pour {self.six_plus} à partir de 6 ans"
        )

    @property
    def then(self) -> str:
        return f"{NBSP}; au-delà, {BEYOND[self.when_full]}"

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        weights: dict[Slot, Fraction] = {}
        for mine, slot in plan.standing(covers):
            if slot not in mine.added and slot not in mine.waiting:
                weights[slot] = weights.get(slot, Fraction(0)) + self._weight(mine.child.born_on, slot)
        for mine, slot in plan.changed("booking", covers):
            others = (plan.crowd or {}).get(slot, ())
            weight = weights.get(slot, Fraction(0)) + self._weight(mine.child.born_on, slot)
            there = sum((self._weight(one.born_on, slot) for one in others), weight)
            if ceil(there) <= self.adults:
                weights[slot] = weight
            else:
                yield full(mine, plan, slot, self.when_full, "il n’y a pas assez d’animateurs")

    def _weight(self, born_on: date, slot: Slot) -> Fraction:
        """The share of an adult that the child takes."""
        return Fraction(1, self.under_six if years_old(born_on, slot.on) < SIX else self.six_plus)


@kind(
    "minimum",
    title="Nombre d’enfants sans lequel le jour est annulé",
    says="N’a lieu qu’à partir de {children}{decided}.",
    example={"least": 8, "days": 3},
)
@dataclass(frozen=True, slots=True)
class Minimum:
    """Warn that the day is not sure yet: with so few children it is cancelled. Staff see which days are, and
    until when they decide (``services/attendance_minimum``): nothing is cancelled without them.
    """

    counts_others: ClassVar = True
    least: int = param("Nombre d’enfants", minimum=2, maximum=10_000)
    days: int = param("Décidé des jours avant", unit="jours", minimum=0, maximum=366, default=1)
    hour: Hour = param("À", default=END_OF_DAY)

    def decided_at(self, on: date) -> datetime:
        """The UTC instant at which the service decides whether the day takes place."""
        return instant(on - ONE_DAY * self.days, self.hour)

    def there(self, plan: Plan, slot: Slot) -> int:
        """The children who count for the day, but those of the plan: they have a place, or wait for one."""
        return plan.taken.get(slot, 0)

    @property
    def children(self) -> str:
        return counted(self.least, "enfant", "enfants")

    @property
    def decided(self) -> str:
        if self.days == 0:
            return f", décidé le jour même à {hour_words(self.hour)}"
        when = "la veille" if self.days == 1 else f"{self.days}{NBSP}jours avant"
        return f", décidé {when} à {hour_words(self.hour)}"

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        held = standing_before(plan, covers)
        for _, slot in plan.changed("booking", covers):
            held[slot] += 1
        for mine, slot in plan.changed("booking", covers):
            there = self.there(plan, slot) + held[slot]
            if there < self.least:
                text = (
                    f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)} n’a lieu qu’à partir de "
                    f"{self.children}{NBSP}: pour l’instant, {there} avec cette demande."
                )
                yield Refusal(mine.child.id, frozenset({slot}), text, Severity.WARNING)
