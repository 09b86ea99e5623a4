"""Who may come: age on the day, the weeks of a shared custody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from app.rules.facts import Covers, Plan, Slot
from app.rules.kinds.limits import FIRM, Firm
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

    looks_at: ClassVar = ("born_on",)
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


@kind(
    "custody",
    title="Garde partagée",
    says="Quand un enfant a deux foyers, chacun réserve les semaines où il y est{then}.",
)
@dataclass(frozen=True, slots=True)
class CustodyWeeks:
    """Refuse a day of the other home's weeks, for a child whose weeks are told (even or odd, as calendars
    number them).
    """

    looks_at: ClassVar = ("custody",)
    late: Firm = param("Les autres semaines", labels=FIRM, default="refused")

    @property
    def then(self) -> str:
        return "" if self.late == "refused" else " ; les autres, si le service l’accepte"

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        weeks: dict[tuple[int, int], list[Slot]] = defaultdict(list)
        names = {mine.child.id: mine.child.name for mine in plan.children}
        for mine, slot in plan.changed("booking", covers):
            number = slot.on.isocalendar().week
            if mine.child.custody is not None and (number % 2 == 0) != (mine.child.custody == "even"):
                weeks[mine.child.id, number].append(slot)
        for (child_id, number), slots in weeks.items():
            parity = "paire" if number % 2 == 0 else "impaire"
            text = (
                f"Semaine {number}{NBSP}: c’est une semaine {parity}, {names[child_id]} est dans son autre "
                "foyer, qui seul peut la réserver."
            )
            yield Refusal(child_id, frozenset(slots), text, Severity(self.late), remedy=withdraw(slots))
