"""What was read of a rulebook: entries ready to become rows, and what is wrong with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.declare import Entity
from app.services.rulebook.source import Node, Problem, Table


@dataclass
class Entry:
    """A row to be: the values of its attributes, what is no attribute, where it is written.

    ``code`` names it in references: a unit's is « activity.unit ». ``broken``: something of it is wrong;
    ``misread``: the attributes whose values are therefore not those of the file.
    """

    entity: type[Entity]
    code: str
    node: Node
    identity: tuple[str, ...] = ("code",)
    values: dict[str, Any] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    parent: "Entry | None" = None
    parent_name: str = ""
    broken: bool = False
    misread: set[str] = field(default_factory=set)

    @property
    def above(self) -> "Entry":
        """The entry that this one is a part of."""
        if self.parent is None:
            raise LookupError(f"{self.code} ne fait partie de rien")
        return self.parent

    def problem(self, message: str, *path: str | int) -> Problem:
        """What is wrong with this entry, at the key that these steps lead to."""
        return self.node.at(*path).named_in(message).problem(message)


@dataclass
class Draft:
    """The entries of every section, parents before children, in the order of the file."""

    tree: Table
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of(self, entity: type[Entity]) -> list[Entry]:
        """The entries that fill that entity."""
        return [one for one in self.entries if one.entity is entity]

    def sound(self, entity: type[Entity]) -> Iterator[Entry]:
        """Those of them that were read whole: checks across entries look at these alone."""
        return (one for one in self.of(entity) if not one.broken)

    def codes(self, entity_name: str) -> dict[str, Entry]:
        """The entries of an entity by their code."""
        return {one.code: one for one in self.entries if one.entity.__name__ == entity_name}

    def report(self, problems: Iterable[Problem]) -> None:
        """Keep what is wrong."""
        self.problems.extend(problems)
