"""Rules written by form: a draft is tried on the town's examples, then published from a day on.

A rule that is published from a later day than the one it replaces leaves that one in force until the eve: the
past keeps the rules of its time. Published from the same day, it corrects it.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, count
from typing import Any

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Activity, Article, Booking, Example, Rule, RuleDraft
from app.rules import examples, trying
from app.rules.booking import DatedRule
from app.rules.examples import Written
from app.rules.facts import Slot
from app.rules.registry import build, dump
from app.rules.trying import Book
from app.rules.words import day_words, french
from app.services import places
from app.services.catalogue import BrokenRule, catalogue, code_of, dated
from app.services.rulebook.compiled import vocabulary_now

FIELDS = ("activity_id", "units", "weekdays", "who", "unless", "from_on", "until_on", "article_id")
"""What a draft says of a rule, besides its code, its kind and its parameters."""
CODE_LENGTH = 60


@dataclass(frozen=True)
class Tried:
    """An example tried on a règlement: what it shows, and what is not as expected."""

    id: int
    sentence: str
    problems: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the answer is the one expected."""
        return not self.problems


def body_of(row: Rule) -> dict[str, Any]:
    """A rule as a draft says it."""
    told = {name: getattr(row, name) for name in FIELDS}
    return {
        "kind": row.rule_kind,
        "parameters": dict(row.parameters),
        **{key: value.isoformat() if isinstance(value, date) else value for key, value in told.items()},
    }


def as_rule(code: str, body: Mapping[str, Any]) -> DatedRule:
    """A draft as a rule. Raises BrokenRule."""
    if not isinstance(body.get("kind"), str) or not isinstance(body.get("parameters"), dict):
        raise BrokenRule(f"{code} : ce brouillon ne se lit plus. Abandonnez-le.")
    row = Rule(code=code, rule_kind=body["kind"], parameters=body["parameters"], **_columns(body))
    with unscoped("les noms du règlement sont publics"):
        activities = select(Activity).where(Activity.id == row.activity_id)
        row.activity = db.session.scalars(activities).one_or_none()
        row.article = db.session.scalars(select(Article).where(Article.id == row.article_id)).one_or_none()
    if (row.activity_id and row.activity is None) or (row.article_id and row.article is None):
        raise BrokenRule("L’activité ou l’article choisi n’existe plus : choisissez-en un autre.")
    if row.from_on and row.until_on and row.until_on <= row.from_on:
        raise BrokenRule("« Jusqu’au » doit venir après « À partir du ».")
    try:
        return dated(row)
    except ValueError as error:  # a day of the week that is none
        raise BrokenRule(f"{code} : cette règle ne se lit pas.") from error


def _columns(body: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: body.get(name) or None for name in FIELDS}
    for name in ("from_on", "until_on"):
        if on := values[name]:
            values[name] = date.fromisoformat(str(on))
    return values


def drafts() -> dict[str, RuleDraft]:
    """The drafts by the code of their rule. One statement."""
    return {one.code: one for one in db.session.scalars(select(RuleDraft).order_by(RuleDraft.code))}


def find(code: str) -> tuple[Rule | None, RuleDraft | None]:
    """The rule of that code and its draft, where there is one. Two statements."""
    rule = db.session.scalars(select(Rule).where(Rule.code == code)).one_or_none()
    draft = db.session.scalars(select(RuleDraft).where(RuleDraft.code == code)).one_or_none()
    return rule, draft


def with_rule(book: Book, changed: DatedRule) -> Book:
    """The règlement once this rule is published, in place of the one of its code or after it."""
    rules = []
    for one in book.rules:
        if one.code != changed.code:
            rules.append(one)
        elif one.from_on < changed.from_on:
            until_on = min(changed.from_on, one.until_on or date.max)
            rules.append(replace(one, until_on=until_on))
    return replace(book, rules=(*rules, changed))


def try_examples(book: Book) -> list[Tried]:
    """Every example of the town on a règlement. Seven statements."""
    known = vocabulary_now()
    known = {**known, "rule": {*known["rule"], *(one.called for one in book.rules)}}
    with unscoped("le règlement de la ville est public"):
        rows = db.session.scalars(select(Example).order_by(Example.position, Example.id)).all()
    return [_tried(row, examples.read(row.body, known), book) for row in rows]


def _tried(row: Example, found: Written, book: Book) -> Tried:
    if found.example is None or found.expected is None:
        return Tried(row.id, french(row.sentence), tuple(message for _, message in found.errors))
    return _answered(row.id, row.sentence, found.example, found.expected, book)


def _answered(
    number: int,
    says: str,
    asked: examples.Example,
    expected: examples.Expected,
    book: Book,
) -> Tried:
    problems = trying.differences(expected, trying.run(asked, book))
    return Tried(number, french(says), tuple(message for _, message in problems))


def try_one(body: Mapping[str, Any], book: Book) -> Tried | None:
    """An example that is being written; None while it can't be read."""
    found = examples.read(body, vocabulary_now())
    if found.example is None or found.expected is None:
        return None
    return _answered(0, found.example.says, found.example, found.expected, book)


def example(example_id: int) -> Example | None:
    """An example by its number. One statement."""
    return db.session.scalars(select(Example).where(Example.id == example_id)).one_or_none()


def save_example(row: Example | None, told: examples.Example, expected: examples.Expected) -> None:
    """Keep an example, new or changed. Commits."""
    if row is None:
        taken = set(db.session.scalars(select(Example.code)))
        last = db.session.scalar(select(func.max(Example.position)))
        row = Example(code=free_code(told.says, taken), position=(last or 0) + 1)
        db.session.add(row)
    row.sentence, row.body = told.says, examples.written(told, expected)
    db.session.commit()


def delete_example(row: Example) -> None:
    """Let an example go. Commits."""
    db.session.delete(row)
    db.session.commit()


def touched(changed: DatedRule, today: date) -> int:
    """How many coming bookings the rule will govern: they stand as they are. One statement."""
    by_id = catalogue().by_id
    with unscoped("compter les réservations qu’une règle concerne ne dit rien de personne"):
        rows = db.session.execute(
            select(Booking.unit_id, Booking.booked_on, func.count())
            .where(Booking.booked_on >= max(today, changed.from_on), Booking.status.in_(places.STANDS))
            .group_by(Booking.unit_id, Booking.booked_on)
        )
        return sum(
            number for unit_id, on, number in rows if changed.covers(Slot(code_of(by_id[unit_id]), on))
        )


# --- Writing -------------------------------------------------------------------------------------


def new_code(title: str) -> str:
    """A code that no rule nor draft has, from words."""
    taken = {*db.session.scalars(select(Rule.code)), *db.session.scalars(select(RuleDraft.code))}
    return free_code(title, taken)


def free_code(title: str, taken: Collection[str]) -> str:
    """A short code made of words, that none of these is."""
    spaced = title.lower().replace("’", " ")
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[: CODE_LENGTH - 4].strip("-") or "sans-nom"
    return _free(base, taken)


def _free(base: str, taken: Collection[str]) -> str:
    ranked = (f"{base}-{rank}" for rank in count(2))
    return next(one for one in chain([base], ranked) if one not in taken)


def save(code: str, body: Mapping[str, Any], by: str, now: datetime) -> RuleDraft:
    """Keep a draft. Commits."""
    _, row = find(code)
    if row is None:
        row = RuleDraft(code=code)
        db.session.add(row)
    row.body, row.saved_by, row.saved_at = dict(body), by or None, now
    db.session.commit()
    return row


def forget(code: str) -> None:
    """Let a draft go. Commits."""
    _, row = find(code)
    if row is not None:
        db.session.delete(row)
        db.session.commit()


def publish(code: str, body: Mapping[str, Any]) -> str:
    """Put a draft in force from its day on; the sentence that says what was done. Commits.

    Raises BrokenRule when it can't be read.
    """
    built = build(body["kind"], body["parameters"])
    if built.rule is None:
        raise BrokenRule(built.errors[0].message)
    row, draft = find(code)
    values = {"rule_kind": body["kind"], "parameters": dump(built.rule), **_columns(body)}
    from_on: date | None = values["from_on"]
    if row is not None and from_on is not None and (row.from_on is None or row.from_on < from_on):
        row.code = _past_code(code, from_on)
        row.until_on = min(from_on, row.until_on) if row.until_on else from_on
        db.session.flush()
        row = None
        told = (
            f"La règle est publiée. Elle vaut à partir du {day_words(from_on)}, l’ancienne jusqu’à la veille."
        )
    else:
        told = "La règle est publiée."
    if row is None:
        row = Rule(code=code)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    if draft is not None:
        db.session.delete(draft)
    db.session.commit()
    return told


def _past_code(code: str, until_on: date) -> str:
    """What the rule that was in force until that day is called from now on."""
    base = f"{code[: CODE_LENGTH - 20]}-avant-{until_on.isoformat()}"
    taken = set(db.session.scalars(select(Rule.code).where(Rule.code.startswith(base))))
    return _free(base, taken)
