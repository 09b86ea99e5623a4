"""Units of one day, for one child: those that go together, those that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.rules.facts import Covers, Plan, Slot, UnitCode
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Remedy, Severity
from app.rules.words import day_words, joined, sentence


def severity_of(caused: bool) -> Severity:
    """A break that the change did not cause is said and stops nothing: an old mistake blocks no new
    request.
    """
    return Severity.REFUSED if caused else Severity.WARNING


def on_day(units: frozenset[str], on: date) -> frozenset[Slot]:
    return frozenset(Slot(unit, on) for unit in units)


@kind("requires", title="Ce qui va ensemble", says="{unit} se réserve avec {needs}.")
@dataclass(frozen=True, slots=True)
class Requires:
    """Refuse a unit that stands on a day without the units it needs."""

    unit: UnitCode = param("L’unité réservée")
    needs: frozenset[UnitCode] = param("Les unités qui doivent l’être le même jour")

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
                named = joined(plan.named(slot.unit) for slot in sorted(missing))
                verb = "Garder" if missing <= mine.dropped else "Ajouter"
                yield Refusal(
                    mine.child.id,
                    frozenset({unit}),
                    f"{sentence(plan.named(self.unit))} du {day_words(on)} se réserve avec {named}.",
                    severity_of(unit in mine.added or bool(missing & mine.dropped)),
                    remedy=Remedy(f"{verb} {named}", add=missing),
                )


@kind("excludes", title="Ce qui s’exclut", says="{unit} ne se réserve pas le même jour que {others}.")
@dataclass(frozen=True, slots=True)
class Excludes:
    """Refuse a unit that stands on the same day as one of others."""

    unit: UnitCode = param("L’unité réservée")
    others: frozenset[UnitCode] = param("Les unités qui ne vont pas avec elle")

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
