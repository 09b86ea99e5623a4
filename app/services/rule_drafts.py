"""Rules written by form: a draft is tried on the town's examples, then published from a day on.

A rule that is published from a later day than the one it replaces leaves that one in force until the eve: the
past keeps the rules of its time. Published from the same day, it corrects it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Activity, Article, Booking, Rule, RuleDraft
from app.rules.booking import DatedRule
from app.rules.facts import Slot
from app.rules.registry import build, dump
from app.rules.trying import Book
from app.rules.words import day_words
from app.services import places
from app.services.catalogue import BrokenRule, catalogue, code_of, dated
from app.services.codes import CODE_LENGTH, free, free_code

FIELDS = ("activity_id", "units", "weekdays", "who", "unless", "from_on", "until_on", "article_id")
"""What a draft says of a rule, besides its code, its kind and its parameters."""


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


def mark_of(rows: Iterable[RuleDraft]) -> str:
    """What tells these drafts, as they are, from any others."""
    return " ".join(sorted(f"{one.code}:{one.revision}" for one in rows))


def from_day(body: Mapping[str, Any], on: date | None) -> dict[str, Any]:
    """A draft in force from that day on, or from its own when none is given."""
    return {**body, "from_on": on.isoformat()} if on is not None else dict(body)


def publish(code: str, body: Mapping[str, Any]) -> str:
    """Put a draft in force from its day on; the sentence that says what was done. Commits.

    Raises BrokenRule when it can't be read.
    """
    since = _put(code, body)
    db.session.commit()
    if since is None:
        return "La règle est publiée."
    return f"La règle est publiée. Elle vaut à partir du {day_words(since)}, l’ancienne jusqu’à la veille."


def publish_all(rows: Iterable[RuleDraft], from_on: date | None) -> None:
    """Put several drafts in force at once, from that day on or each from its own. Commits.

    Raises BrokenRule when one can't be read; nothing is then published.
    """
    try:
        for one in list(rows):
            _put(one.code, from_day(one.body, from_on))
    except BrokenRule:
        db.session.rollback()
        raise
    db.session.commit()


def _put(code: str, body: Mapping[str, Any]) -> date | None:
    """Write the rule of a draft, which goes; the day from which it follows an older one, if it does."""
    built = build(body["kind"], body["parameters"])
    if built.rule is None:
        raise BrokenRule(built.errors[0].message)
    row, draft = find(code)
    values = {"rule_kind": body["kind"], "parameters": dump(built.rule), **_columns(body)}
    since: date | None = values["from_on"]
    if row is not None and since is not None and (row.from_on is None or row.from_on < since):
        row.code = _past_code(code, since)
        row.until_on = min(since, row.until_on) if row.until_on else since
        db.session.flush()
        row = None
    else:
        since = None
    if row is None:
        row = Rule(code=code)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    if draft is not None:
        db.session.delete(draft)
    db.session.flush()
    return since


def _past_code(code: str, until_on: date) -> str:
    """What the rule that was in force until that day is called from now on."""
    base = f"{code[: CODE_LENGTH - 20]}-avant-{until_on.isoformat()}"
    return free(base, set(db.session.scalars(select(Rule.code).where(Rule.code.startswith(base)))))
