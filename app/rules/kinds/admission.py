"""Who may come, and how many: age on the day, places of a unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.rules.facts import Covers, Plan, Slot
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Severity, withdraw
from app.rules.words import NBSP, counted, day_words, sentence

COUNTED = {"years": "ans", "months": "mois"}


def months_old(born_on: date, on: date) -> int:
    """Completed months on a day; someone born on the 29th, 30th or 31st completes a month on the 1st after
    a shorter one.
    """
    return (on.year - born_on.year) * 12 + on.month - born_on.month - (on.day < born_on.day)


def years_old(born_on: date, on: date) -> int:
    """Completed years on a day; someone born on 29 February turns on 1 March in common years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


@kind("age", title="Âge", says="Il faut avoir {bounds}.", example={"minimum": 3, "maximum": 11})
@dataclass(frozen=True, slots=True)
class Age:
    """Refuse a child too young or too old on the day. Bounds count completed years or months, both
    included.
    """

    minimum: int | None = param("Âge le plus petit", minimum=0, maximum=1200, default=None, help="Compris.")
    maximum: int | None = param(
        "Âge le plus grand",
        minimum=0,
        maximum=1200,
        default=None,
        help="Compris. 11 : jusqu’à la veille des 12 ans.",
    )
    counted: Literal["years", "months"] = param("Compté en", labels=COUNTED, default="years")

    def problems(self) -> Iterator[BadParameter]:
        if self.minimum is None and self.maximum is None:
            yield BadParameter("minimum", "Donnez l’âge le plus petit, le plus grand, ou les deux.")
        elif self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            wrong = f"L’âge le plus grand, {self.maximum}, est plus petit que l’autre, {self.minimum}"
            yield BadParameter("maximum", f"{wrong} : échangez-les.")

    @property
    def bounds(self) -> str:
        if self.minimum is None:
            return f"{self._words(self.maximum or 0)} ou moins"
        if self.maximum is None:
            return f"{self._words(self.minimum)} ou plus"
        return f"de {self.minimum} à {self._words(self.maximum)}"

    def _words(self, age: int) -> str:
        return counted(age, "an", "ans") if self.counted == "years" else counted(age, "mois", "mois")

    def _age(self, born_on: date, on: date) -> int:
        return years_old(born_on, on) if self.counted == "years" else months_old(born_on, on)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        found: dict[tuple[int, str, int, Severity], list[Slot]] = defaultdict(list)
        names = {mine.child.id: mine.child.name for mine in plan.children}
        for mine, slot in plan.standing(covers):
            age = self._age(mine.child.born_on, slot.on)
            young = self.minimum is not None and age < self.minimum
            if young or (self.maximum is not None and age > self.maximum):
                severity = Severity.REFUSED if slot in mine.added else Severity.WARNING
                found[mine.child.id, slot.activity, age, severity].append(slot)
        for (child_id, activity, age, severity), slots in found.items():
            first = day_words(min(slot.on for slot in slots))
            yield Refusal(
                child_id,
                frozenset(slots),
                f"{sentence(plan.named(activity))}{NBSP}: il faut avoir {self.bounds}, "
                f"et {names[child_id]} aura {self._words(age)} le {first}.",
                severity,
                remedy=withdraw(slots) if severity is Severity.REFUSED else None,
            )


@kind("capacity", title="Places", says="{full}", example={"places": 48, "when_full": "waiting"})
@dataclass(frozen=True, slots=True)
class Capacity:
    """Send to the waiting list, or refuse, what is booked beyond the places of a unit on a day.

    The opening's own places come first, then `places`; with neither, there is no limit. Places go to the
    children of a plan in their order.
    """

    places: int | None = param(
        "Nombre de places",
        minimum=0,
        maximum=100_000,
        default=None,
        help="Pour les jours d’ouverture qui n’en ont pas.",
    )
    when_full: Literal["waiting", "refused"] = param(
        "Quand c’est complet",
        default="waiting",
        labels={"waiting": "mettre en liste d’attente", "refused": "refuser"},
    )

    @property
    def full(self) -> str:
        places = "" if self.places is None else f" de {counted(self.places, 'place', 'places')}"
        then = "la demande va en liste d’attente" if self.when_full == "waiting" else "la demande est refusée"
        return f"Dans la limite{places or ' des places du jour'}{NBSP}; au-delà, {then}."

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        held: dict[Slot, int] = defaultdict(int)
        for mine, slot in plan.standing(covers):
            held[slot] += slot not in mine.added and slot not in mine.waiting
        for mine, slot in plan.changed("booking", covers):
            places = plan.places.get(slot, self.places)
            if places is None:
                continue
            if plan.taken.get(slot, 0) + held[slot] < places:
                held[slot] += 1
                continue
            then = (
                f"{mine.child.name} passe en liste d’attente"
                if self.when_full == "waiting"
                else "c’est complet"
            )
            yield Refusal(
                mine.child.id,
                frozenset({slot}),
                f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: plus de place, {then}.",
                Severity(self.when_full),
                remedy=withdraw([slot]),
            )
