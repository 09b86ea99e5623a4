"""Rules written by form: a draft is tried on the town's examples, then published from a day on.

A rule that is published from a later day than the one it replaces leaves that one in force until the eve: the
past keeps the rules of its time. Published from the same day, it corrects it (``rule_versions``).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Activity, Article, Booking, Rule, RuleDraft
from app.rules.booking import FOR_EVER, DatedRule
from app.rules.facts import Slot
from app.rules.registry import build, dump
from app.rules.values import Misread, read_date
from app.rules.words import day_words
from app.services import places
from app.services.catalogue import BrokenRule, catalogue, code_of, dated
from app.services.codes import CODE_LENGTH, free
from app.services.rule_versions import Succession, Version, succeed
from app.services.rulebook.compiled import Rows


class Overtaken(Exception):
    """Somebody else wrote the same rule in between: read it again, then publish."""


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


def as_rule(code: str, body: Mapping[str, Any], rows: Rows) -> DatedRule:
    """A draft as a rule. No query. Raises BrokenRule."""
    if not isinstance(body.get("kind"), str) or not isinstance(body.get("parameters"), dict):
        raise BrokenRule(f"{code} : ce brouillon ne se lit plus. Abandonnez-le.")
    older = next((one for one in rows[Rule] if one.code == code), None)
    name = older.version_of if older is not None else None
    try:
        columns = _columns(body)
    except Misread as error:
        raise BrokenRule(f"{code} : {error}") from None
    row = Rule(code=code, rule_kind=body["kind"], parameters=body["parameters"], version_of=name, **columns)
    row.activity = next((one for one in rows[Activity] if one.id == row.activity_id), None)
    row.article = next((one for one in rows[Article] if one.id == row.article_id), None)
    if (row.activity_id and row.activity is None) or (row.article_id and row.article is None):
        raise BrokenRule("L’activité ou l’article choisi n’existe plus : choisissez-en un autre.")
    if row.from_on and row.until_on and row.until_on <= row.from_on:
        raise BrokenRule("« Jusqu’au » doit venir après « À partir du ».")
    return dated(row)


def _columns(body: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: body.get(name) or None for name in FIELDS}
    for name in ("from_on", "until_on"):
        if on := values[name]:
            values[name] = read_date(on)
    return values


def first_day(body: Mapping[str, Any]) -> date | None:
    """The day that a draft says it is in force from."""
    on: date | None = _columns(body)["from_on"]
    return on


def drafts() -> dict[str, RuleDraft]:
    """The drafts by the code of their rule. One statement."""
    return {one.code: one for one in db.session.scalars(select(RuleDraft).order_by(RuleDraft.code))}


def find(code: str) -> tuple[Rule | None, RuleDraft | None]:
    """The rule of that code and its draft, where there is one. Two statements."""
    rule = db.session.scalars(select(Rule).where(Rule.code == code)).one_or_none()
    draft = db.session.scalars(select(RuleDraft).where(RuleDraft.code == code)).one_or_none()
    return rule, draft


def coming(today: date) -> list[tuple[Slot, int]]:
    """How many bookings stand on each coming square. One statement, and that of the catalogue."""
    by_id = catalogue().by_id
    with unscoped("compter les réservations qu’une règle concerne ne dit rien de personne"):
        rows = db.session.execute(
            select(Booking.unit_id, Booking.booked_on, func.count())
            .where(Booking.booked_on >= today, Booking.status.in_(places.STANDS))
            .group_by(Booking.unit_id, Booking.booked_on)
        )
        return [(Slot(code_of(by_id[unit_id]), on), number) for unit_id, on, number in rows]


def touched(changed: DatedRule, held: Iterable[tuple[Slot, int]]) -> int:
    """How many bookings stand on the squares of the rule, whoever they are for: they stand as they are."""
    return sum(number for slot, number in held if changed.covers(slot))


def versions_of(code: str, rules: Iterable[Rule]) -> list[Version]:
    """The versions of the rule of that code among these."""
    rules = tuple(rules)
    name = next((one.called for one in rules if one.code == code), code)
    return [Version(one.code, one.from_on or FOR_EVER, one.until_on) for one in rules if one.called == name]


def is_readable(row: Rule) -> bool:
    """Whether a row of the town's still is a rule."""
    try:
        dated(row)
    except BrokenRule:
        return False
    return True


# --- Writing -------------------------------------------------------------------------------------


def save(code: str, body: Mapping[str, Any], by: str, now: datetime) -> RuleDraft:
    """Keep a draft. Commits. Raises Overtaken when somebody else wrote it meanwhile."""
    _, row = find(code)
    if row is None:
        row = RuleDraft(code=code)
        db.session.add(row)
    row.body, row.saved_by, row.saved_at = dict(body), by or None, now
    with _alone():
        db.session.commit()
    return row


def forget(row: RuleDraft) -> None:
    """Let a draft go. Commits."""
    db.session.delete(row)
    db.session.commit()


def mark(row: Rule | None, draft: RuleDraft | None) -> str:
    """What tells a rule and its draft, as they are, from what they become."""
    return ":".join(f"{one.id}.{one.revision}" if one is not None else "" for one in (row, draft))


def from_day(body: Mapping[str, Any], on: date | None) -> dict[str, Any]:
    """A draft in force from that day on, or from its own when none is given."""
    return {**body, "from_on": on.isoformat()} if on is not None else dict(body)


def publish(code: str, body: Mapping[str, Any]) -> str:
    """Put a draft in force from its day on; the sentence that says what was done. Commits.

    Raises BrokenRule when it can't be read, Overtaken when somebody else published it meanwhile.
    """
    told, since = _published([(code, body)])[code], first_day(body)
    said = "La règle est publiée."
    if told.cut and since is not None:
        said += f" Elle vaut à partir du {day_words(since)}, l’ancienne jusqu’à la veille."
    if told.gone:
        said += " Ce qui devait valoir ensuite, ou valait avant elle, est remplacé."
    return said


def publish_all(rows: Iterable[RuleDraft], from_on: date | None) -> None:
    """Put several drafts in force at once, from that day on or each from its own. Commits.

    Raises BrokenRule when one can't be read, Overtaken as ``publish`` does; nothing is then published.
    """
    _published([(one.code, from_day(one.body, from_on)) for one in list(rows)])


def _published(several: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Succession]:
    """Write them all, or none."""
    with _alone():
        found = {code: _put(code, body) for code, body in several}
        db.session.commit()
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Undo what was begun when a rule can't be read, or was written by somebody else meanwhile."""
    try:
        yield
    except BrokenRule:
        db.session.rollback()
        raise
    except (IntegrityError, StaleDataError):
        db.session.rollback()
        raise Overtaken from None


def _put(code: str, body: Mapping[str, Any]) -> Succession:
    """Write the rule of a draft among its versions; the draft goes."""
    built = build(body["kind"], body["parameters"])
    if built.rule is None:
        raise BrokenRule(built.errors[0].message)
    row, draft = find(code)
    name = row.called if row is not None else code
    family = db.session.scalars(select(Rule).where(or_(Rule.code == name, Rule.version_of == name))).all()
    values = {"rule_kind": body["kind"], "parameters": dump(built.rule), **_columns(body)}
    # A row that can't be read is mended in place: kept as a past version, it would break every day.
    sound = [one for one in family if one is not row or is_readable(one)]
    told = succeed(versions_of(code, sound), code, values["from_on"], values["until_on"])
    values["until_on"] = told.until_on
    for one in family:
        if one.code in told.gone:
            db.session.delete(one)
        elif one.code in told.cut:
            one.until_on = told.cut[one.code]
    if row is not None and code in told.cut:
        row.version_of, row.code = name, _past_code(name, values["from_on"])
        row = None
    db.session.flush()
    if row is None:
        row = Rule(code=code, version_of=name if name != code else None)
        db.session.add(row)
    for key, value in values.items():
        setattr(row, key, value)
    if draft is not None:
        db.session.delete(draft)
    db.session.flush()
    return told


def _past_code(code: str, until_on: date) -> str:
    """What the rule that was in force until that day is called from now on."""
    base = f"{code[: CODE_LENGTH - 20]}-avant-{until_on.isoformat()}"
    return free(base, set(db.session.scalars(select(Rule.code).where(Rule.code.startswith(base)))))
