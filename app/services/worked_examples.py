"""The town's worked examples: each tried on a règlement, kept, let go."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example
from app.rules import examples, trying
from app.rules.parameters import Known
from app.rules.trying import Book
from app.rules.words import french
from app.services.codes import free_code
from app.services.rulebook.compiled import with_rules
from app.services.verdict_traces import Trace, trace_of_example


@dataclass(frozen=True)
class Tried:
    """An example tried on a règlement: what it shows, and what is not as expected."""

    id: int
    sentence: str
    problems: tuple[str, ...] = ()
    is_about: bool = True
    """Whether one of the rules that are looked at changes its answer."""
    is_wronged: bool = True
    """Whether what is wrong is theirs: it names them, was right before, or is wrong otherwise without."""
    is_tried: bool = True

    @property
    def is_right(self) -> bool:
        """Whether the answer is the one expected."""
        return not self.problems

    @property
    def blocks(self) -> bool:
        """Whether it keeps the rules that are looked at from being published: they turn it red, or leave it
        so. What is red whatever they say waits for another rule.
        """
        return not self.is_right and self.is_wronged


@dataclass(frozen=True)
class Trial:
    """A règlement to try examples on, the one before it, and the rules that make the difference."""

    book: Book
    known: Known
    before: Book | None = None
    about: frozenset[str] = frozenset()

    def all(self) -> list[Tried]:
        """Every example of the town. One statement."""
        return [self._one(row) for row in rows()]

    def one(self, body: Mapping[str, Any]) -> Tried | None:
        """An example that is being written; None while it can't be read."""
        found = examples.read(body, self._known)
        if found.example is None or found.expected is None:
            return None
        return self._answered(0, found.example.says, found.example, found.expected)

    def explained(self, body: Mapping[str, Any]) -> Trace | None:
        """What every rule answers to it, whatever is expected; None while it can’t be read."""
        asked = examples.read_facts({"says": "Un essai", **body}, self._known).made
        if asked is None:
            return None
        try:
            return trace_of_example(asked, self.book)
        except (ArithmeticError, ValueError):  # what is said of it is enough: ``one``
            return None

    @cached_property
    def _known(self) -> Known:
        return {**self.known, "rule": {*self.known["rule"], *(one.called for one in self.book.rules)}}

    def _one(self, row: Example) -> Tried:
        found = examples.read(row.body, self._known)
        if found.example is None or found.expected is None:
            # It reads no better without the rules that are looked at.
            told = tuple(message for _, message in found.errors)
            return Tried(row.id, french(row.sentence), told, is_about=False, is_wronged=False)
        return self._answered(row.id, row.sentence, found.example, found.expected)

    def _answered(
        self, number: int, says: str, asked: examples.Example, expected: examples.Expected
    ) -> Tried:
        try:
            outcome = trying.run(asked, self.book)
            problems = _problems(expected, outcome)
            is_about = is_wronged = True
            if self.before is not None:
                without = trying.run(asked, self._without)
                is_named = not self.about.isdisjoint(expected.rules)
                is_about = is_named or outcome != without
                is_wronged = bool(problems) and (
                    is_named
                    or problems != _problems(expected, without)
                    or not _problems(expected, trying.run(asked, self.before))
                )
        except (ArithmeticError, ValueError) as error:  # one example never takes the page down
            return Tried(number, french(says), (f"cet exemple ne s’essaie pas : {error}",))
        return Tried(number, french(says), problems, is_about, is_wronged)

    @cached_property
    def _without(self) -> Book:
        return with_rules(self.book, (one for one in self.book.rules if one.called not in self.about))


def _problems(expected: examples.Expected, outcome: trying.Outcome) -> tuple[str, ...]:
    return tuple(message for _, message in trying.differences(expected, outcome))


def rows() -> list[Example]:
    """The examples of the town, in their order. One statement."""
    with unscoped("le règlement de la ville est public"):
        return list(db.session.scalars(select(Example).order_by(Example.position, Example.id)))


def untried() -> list[Tried]:
    """The same where the règlement can't be read: what they show, and no answer. One statement."""
    return [Tried(row.id, french(row.sentence), is_tried=False) for row in rows()]


def find(example_id: int) -> Example | None:
    """An example by its number. One statement."""
    return db.session.scalars(select(Example).where(Example.id == example_id)).one_or_none()


def save(row: Example | None, told: examples.Example, expected: examples.Expected) -> None:
    """Keep an example, new or changed. Commits."""
    if row is None:
        taken = set(db.session.scalars(select(Example.code)))
        last = db.session.scalar(select(func.max(Example.position)))
        row = Example(code=free_code(told.says, taken), position=(last or 0) + 1)
        db.session.add(row)
    row.sentence, row.body = told.says, examples.written(told, expected)
    db.session.commit()


def delete(row: Example) -> None:
    """Let an example go. Commits."""
    db.session.delete(row)
    db.session.commit()
