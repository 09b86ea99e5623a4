"""The town's worked examples: each tried on a règlement, kept, let go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example
from app.rules import examples, trying
from app.rules.examples import Written
from app.rules.trying import Book
from app.rules.words import french
from app.services.codes import free_code
from app.services.rulebook.compiled import vocabulary_now


@dataclass(frozen=True)
class Tried:
    """An example tried on a règlement: what it shows, and what is not as expected."""

    id: int
    sentence: str
    problems: tuple[str, ...] = ()
    is_about: bool = True
    """Whether the rule that is looked at changes its answer."""

    @property
    def is_right(self) -> bool:
        """Whether the answer is the one expected."""
        return not self.problems


def try_all(book: Book, about: str | None = None) -> list[Tried]:
    """Every example of the town on a règlement, those that this rule answers marked. Seven statements."""
    known = vocabulary_now()
    known = {**known, "rule": {*known["rule"], *(one.called for one in book.rules)}}
    with unscoped("le règlement de la ville est public"):
        rows = db.session.scalars(select(Example).order_by(Example.position, Example.id)).all()
    return [_tried(row, examples.read(row.body, known), book, about) for row in rows]


def _tried(row: Example, found: Written, book: Book, about: str | None) -> Tried:
    if found.example is None or found.expected is None:
        return Tried(row.id, french(row.sentence), tuple(message for _, message in found.errors))
    return _answered(row.id, row.sentence, found.example, found.expected, book, about)


def _answered(
    number: int,
    says: str,
    asked: examples.Example,
    expected: examples.Expected,
    book: Book,
    about: str | None = None,
) -> Tried:
    outcome = trying.run(asked, book)
    problems = tuple(message for _, message in trying.differences(expected, outcome))
    if about is None:
        return Tried(number, french(says), problems)
    without = replace(book, rules=tuple(one for one in book.rules if one.code != about))
    is_about = about in expected.rules or outcome != trying.run(asked, without)
    return Tried(number, french(says), problems, is_about)


def try_one(body: Mapping[str, Any], book: Book) -> Tried | None:
    """An example that is being written; None while it can't be read."""
    found = examples.read(body, vocabulary_now())
    if found.example is None or found.expected is None:
        return None
    return _answered(0, found.example.says, found.example, found.expected, book)


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
