"""Whom a rule is for: the children whom it holds for, and those whom it spares.

What is told of a child is plain: where the household lives, the school, the class, the group, and words
(``traits``): the questions answered « oui » and the documents in force, by their codes. « Parents at work »
is then a document of the town's, a named exemption a question that the service alone answers: no rule knows a
name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.rules.facts import Child
from app.rules.values import Misread, Shape, hint, shape_of
from app.rules.words import by_name, joined

RESIDENCES = {
    "resident": "qui habitent la commune",
    "works_here": "dont un parent travaille dans la commune",
    "outside": "qui n’habitent pas la commune",
}
SCHOOL = "school:"
"""Before the code of a school, among the names of codes: a town's school and centre may share one."""
KEYS = {
    "residence": "Rattachement",
    "schools": "Écoles",
    "levels": "Classes",
    "groups": "Groupes",
    "traits": "Réponses « oui » ou pièces en règle",
}


@dataclass(frozen=True, slots=True)
class Who:
    """Children told by what is known of them: any of the words of each criterion, and every criterion."""

    residence: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()

    def matches(self, child: Child) -> bool:
        """Whether the child is one of them. What is not known of a child matches nothing."""
        return (
            (not self.residence or child.residence in self.residence)
            and (not self.schools or child.school in self.schools)
            and (not self.levels or child.level in self.levels)
            and (not self.groups or bool(self.groups & child.groups))
            and (not self.traits or bool(self.traits & child.traits))
        )

    def words(self, labels: Mapping[str, str]) -> str:
        """ "les enfants qui habitent la commune, en CP ou CE1"; ``labels`` name what codes stand for."""
        told = [joined((RESIDENCES.get(one, one) for one in sorted(self.residence)), "ou")]
        schools = joined((labels.get(SCHOOL + one, one) for one in sorted(self.schools)), "ou")
        told.append(f"scolarisés à {schools}" if schools else "")
        for prefix, codes in (("en", self.levels), ("du groupe", self.groups), ("avec", self.traits)):
            named = joined((labels.get(one, one) for one in by_name(codes, labels)), "ou")
            told.append(f"{prefix} {named}" if codes else "")
        return f"les enfants {', '.join(filter(None, told))}"

    def dump(self) -> dict[str, list[str]]:
        """As plain values; ``read`` gives it back."""
        return {one.name: sorted(getattr(self, one.name)) for one in fields(self) if getattr(self, one.name)}


WORDS: Shape = shape_of(frozenset[str])


def read(values: object) -> Who:
    """From plain values. Raises Misread naming the key and what is wrong with it."""
    if not isinstance(values, Mapping) or not values:
        raise Misread("donnez au moins un critère, par exemple « residence: [resident] ».")
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in KEYS:
            raise Misread(f"« {key} » n’est pas un critère connu : {hint(str(key), KEYS, KEYS)}")
        found[str(key)] = WORDS.read(value)
        for word in _unknown(str(key), found[str(key)]):
            raise Misread(
                f"« {word} » n’est pas un rattachement connu : {hint(word, RESIDENCES, RESIDENCES)}"
            )
    return Who(**found)


def _unknown(key: str, words: frozenset[str]) -> Iterator[str]:
    if key == "residence":
        yield from sorted(words - RESIDENCES.keys())
