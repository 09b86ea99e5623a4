"""Vaccines that the law asks for, by birth date.

Code de la santé publique, L3111-2 and R3111-2 to R3111-8: three for those born before 2018, eleven from
1 January 2018 (law 2017-1836), the two meningococci from 1 January 2025 (decree 2024-694). A missing one
makes the admission provisional, three months long (decree 2018-42). Which vaccines and from which birth
dates are the town's settings, so that the next decree is a form to fill.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from app.rules.calendar import add_months

PROVISIONAL_MONTHS = 3
"""How long a child may be admitted while a mandatory vaccine is missing."""


@dataclass(frozen=True, slots=True)
class Vaccine:
    """One of those that parents can declare; the birth dates bound who must have it, both included."""

    id: int
    name: str
    is_mandatory: bool
    born_from: date | None = None
    born_until: date | None = None
    due_months: int = 0

    def concerns(self, born_on: date | None) -> bool:
        """Whether the law asks it of a child born that day; of an unknown age, no more than of everyone."""
        if not self.is_mandatory:
            return False
        if born_on is None:
            return self.born_from is None and self.born_until is None
        is_late = self.born_from is not None and born_on < self.born_from
        return not is_late and (self.born_until is None or born_on <= self.born_until)

    def due_on(self, born_on: date | None) -> date | None:
        """The first day it is expected on; None: at once."""
        return add_months(born_on, self.due_months) if born_on and self.due_months else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the law asks of one child: ``missing`` is expected today, ``coming`` on a later day."""

    obliged: tuple[Vaccine, ...] = ()
    missing: tuple[Vaccine, ...] = ()
    coming: tuple[tuple[Vaccine, date], ...] = ()


def standing(
    vaccines: Iterable[Vaccine], born_on: date | None, given_ids: Collection[int], today: date
) -> Standing:
    """The mandatory vaccines of that birth date, and those not declared; soonest first among the coming."""
    obliged = tuple(one for one in vaccines if one.concerns(born_on))
    missing: list[Vaccine] = []
    coming: list[tuple[Vaccine, date]] = []
    for one in obliged:
        if one.id in given_ids:
            continue
        due_on = one.due_on(born_on)
        if due_on is not None and due_on > today:
            coming.append((one, due_on))
        else:
            missing.append(one)
    return Standing(obliged, tuple(missing), tuple(sorted(coming, key=lambda pair: pair[1])))
