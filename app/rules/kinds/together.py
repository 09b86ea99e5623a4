"""Units of one day, for one child: those that go together, those that exclude each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.rules.facts import ChildPlan, Covers, Plan, Slot, UnitCode
from app.rules.periods import monday_of
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Remedy, Severity, as_it_was, withdraw
from app.rules.words import NBSP, day_words, joined, sentence

HowMany = Literal["all", "one"]
HOW_MANY = {"all": "toutes", "one": "une au moins"}


def severity_of(caused: bool) -> Severity:
    """A break that the change did not cause is said and stops nothing: an old mistake blocks no new
    request.
    """
    return Severity.REFUSED if caused else Severity.WARNING


def on_day(units: frozenset[str], on: date) -> frozenset[Slot]:
    return frozenset(Slot(unit, on) for unit in units)


@kind(
    "requires",
    title="Ce qui va ensemble",
    says="{unit} se réserve {with_what}{needs}.",
    example={"unit": "mercredi.matin", "needs": ["mercredi.repas"]},
)
@dataclass(frozen=True, slots=True)
class Requires:
    """Refuse a unit that stands on a day without the units it needs."""

    unit: UnitCode = param("L’unité réservée")
    needs: frozenset[UnitCode] = param("Les unités qui doivent l’être le même jour")
    how_many: HowMany = param("Il en faut", labels=HOW_MANY, default="all")

    @property
    def with_what(self) -> str:
        """What the sentence says of several: « avec l’une de ces unités : »."""
        return "avec l’une de ces unités : " if self.how_many == "one" and len(self.needs) > 1 else "avec "

    def problems(self) -> Iterator[BadParameter]:
        if self.unit in self.needs:
            yield BadParameter(
                "needs", f"« {self.unit} » ne peut pas avoir besoin d’elle-même : retirez-la de la liste."
            )

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for mine in plan.children:
            for on, units in mine.units_by_day().items():
                unit, missing = Slot(self.unit, on), on_day(self.needs - units, on)
                if self.unit not in units or not missing or not covers(unit):
                    continue
                if self.how_many == "one":
                    if self.needs & units:
                        continue
                    yield self._alone(plan, mine, unit, missing)
                    continue
                named = joined(plan.named(slot.unit) for slot in sorted(missing))
                verb = "Garder" if missing <= mine.dropped else "Ajouter"
                yield Refusal(
                    mine.child.id,
                    frozenset({unit}),
                    f"{sentence(plan.named(self.unit))} du {day_words(on)} se réserve avec {named}.",
                    severity_of(unit in mine.added or bool(missing & mine.dropped)),
                    remedy=Remedy(f"{verb} {named}", add=missing),
                )

    def _alone(self, plan: Plan, mine: ChildPlan, unit: Slot, missing: frozenset[Slot]) -> Refusal:
        """None of those that it may go with is there: which one to add is the parent's choice."""
        named = joined((plan.named(slot.unit) for slot in sorted(missing)), "ou")
        gone = missing & mine.dropped
        caused = unit in mine.added or bool(gone)
        if gone:
            kept = joined(plan.named(slot.unit) for slot in sorted(gone))
            remedy = Remedy(f"Garder {kept}", add=gone)
        elif len(missing) == 1:
            remedy = Remedy(f"Ajouter {named}", add=missing)
        else:
            remedy = withdraw([unit])
        return Refusal(
            mine.child.id,
            frozenset({unit}),
            f"{sentence(plan.named(self.unit))} du {day_words(unit.on)} se réserve avec {named}.",
            severity_of(caused),
            remedy=remedy if caused else None,
        )


@kind(
    "excludes",
    title="Ce qui s’exclut",
    says="{unit} ne se réserve pas le même jour que {any_of}{others}.",
    example={"unit": "jeunes.apres-midi", "others": ["mercredi.apres-midi"]},
)
@dataclass(frozen=True, slots=True)
class Excludes:
    """Refuse a unit that stands on the same day as one of others."""

    unit: UnitCode = param("L’unité réservée")
    others: frozenset[UnitCode] = param("Les unités qui ne vont pas avec elle")

    @property
    def any_of(self) -> str:
        """What the sentence says of several: one of them is enough."""
        return "l’une de ces unités : " if len(self.others) > 1 else ""

    def problems(self) -> Iterator[BadParameter]:
        if self.unit in self.others:
            yield BadParameter(
                "others", f"« {self.unit} » ne peut pas s’exclure elle-même : retirez-la de la liste."
            )

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for mine in plan.children:
            for on, units in mine.units_by_day().items():
                unit, clashing = Slot(self.unit, on), on_day(self.others & units, on)
                if self.unit not in units or not clashing or not covers(unit):
                    continue
                both = frozenset({unit}) | clashing
                # Never offer to drop what stood before in place of what was just asked.
                blamed = clashing & mine.added if unit not in mine.added else frozenset({unit})
                blamed = blamed or frozenset({unit})
                named = joined(plan.named(slot.unit) for slot in sorted(clashing))
                undone = joined(plan.named(slot.unit) for slot in sorted(blamed))
                yield Refusal(
                    mine.child.id,
                    blamed,
                    f"{sentence(plan.named(self.unit))} du {day_words(on)} "
                    f"ne se réserve pas le même jour que {named}.",
                    severity_of(bool(both & mine.added)),
                    remedy=Remedy(f"Retirer {undone}", drop=blamed),
                )


@kind(
    "combinations",
    title="Ce qui peut se réserver un même jour",
    says="Un même jour se réservent : {allowed}.",
    example={"allowed": [["alsh.matin"], ["alsh.matin", "alsh.repas"]]},
)
@dataclass(frozen=True, slots=True)
class Combinations:
    """Refuse a day whose units are none of the allowed combinations, among the units that it names."""

    allowed: frozenset[frozenset[UnitCode]] = param("Combinaisons permises")

    @property
    def units(self) -> frozenset[str]:
        """Every unit that a combination names; the others are not its business."""
        return frozenset(unit for one in self.allowed for unit in one)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for mine in plan.children:
            before = mine.before
            days = {slot.on for slot in mine.slots if slot.unit in self.units and covers(slot)}
            for on in sorted(days):
                stands = frozenset(
                    slot.unit for slot in mine.slots if slot.on == on and slot.unit in self.units
                )
                if stands in self.allowed:
                    continue
                squares = on_day(stands, on)
                was = frozenset(slot.unit for slot in before if slot.on == on and slot.unit in self.units)
                # Giving up a part of a day that was not allowed stops nothing; adding to it does.
                caused = bool(squares & mine.added) or (was in self.allowed and was != stands)
                yield self._refusal(plan, mine, on, squares, caused)

    def _refusal(
        self, plan: Plan, mine: ChildPlan, on: date, squares: frozenset[Slot], caused: bool
    ) -> Refusal:
        units = frozenset(slot.unit for slot in squares)
        added = squares & mine.added
        gone = frozenset(slot for slot in mine.dropped if slot.on == on and slot.unit in self.units)
        nearest = min(
            (one for one in self.allowed if units < one),
            key=lambda one: (len(one), sorted(one)),
            default=None,
        )
        if gone and units | {slot.unit for slot in gone} in self.allowed:
            remedy = as_it_was((), gone)
        elif nearest is not None:
            lacking = on_day(nearest - units, on)
            named = joined(plan.named(slot.unit) for slot in sorted(lacking))
            remedy = Remedy(f"Ajouter {named}", add=lacking)
        else:
            remedy = as_it_was(added, gone)
        named = joined(plan.named(unit) for unit in sorted(units))
        wrong = "ne se réservent pas ainsi" if len(units) > 1 else "ne se réserve pas seul"
        return Refusal(
            mine.child.id,
            squares,
            f"{sentence(day_words(on))}{NBSP}: {named} {wrong}.",
            severity_of(caused),
            remedy=remedy if caused else None,
        )


Weeks = dict[tuple[str, date], dict[date, frozenset[str]]]
"""(activity, Monday) -> day -> its units."""


def _weeks(slots: frozenset[Slot], covers: Covers) -> Weeks:
    found: Weeks = defaultdict(dict)
    for slot in sorted(slots):
        if covers(slot):
            days = found[slot.activity, monday_of(slot.on)]
            days[slot.on] = days.get(slot.on, frozenset()) | {slot.unit}
    return found


@kind(
    "same_each_day",
    title="Même formule toute la semaine",
    says="Les jours d’une semaine se réservent tous de la même façon.",
)
@dataclass(frozen=True, slots=True)
class SameEachDay:
    """Refuse a week whose days do not all have the same units, among those that it governs."""

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for mine in plan.children:
            weeks, before = _weeks(mine.slots, covers), _weeks(mine.before, covers)
            for (activity, monday), days in sorted(weeks.items()):
                if len(set(days.values())) < 2:
                    continue
                yield self._refusal(plan, mine, activity, days, before.get((activity, monday), {}))

    def _refusal(
        self,
        plan: Plan,
        mine: ChildPlan,
        activity: str,
        days: Mapping[date, frozenset[str]],
        before: Mapping[date, frozenset[str]],
    ) -> Refusal:
        squares = frozenset(Slot(unit, on) for on, units in days.items() for unit in units)
        added = squares & mine.added
        stood = {Slot(unit, on) for on, units in before.items() for unit in units}
        gone = mine.dropped & stood
        caused = bool(added) or (bool(gone) and len(set(before.values())) < 2)
        told = f"du {day_words(min(days))} au {day_words(max(days))}"
        return Refusal(
            mine.child.id,
            added or squares,
            f"{sentence(plan.named(activity))}{NBSP}: {told}, chaque jour se réserve de la même façon.",
            severity_of(caused),
            remedy=as_it_was(added, gone) if caused else None,
        )
