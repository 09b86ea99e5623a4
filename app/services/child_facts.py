"""What rules may tell one child from another by: read only where a rule of the town asks.

Whoever looks, a rule holds the same: what the service alone reads of a child counts too.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Date,
    Integer,
    Select,
    String,
    and_,
    cast,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import YES, QuestionKind
from app.models import (
    Answer,
    Deferral,
    Document,
    DocumentType,
    Family,
    Membership,
    Person,
    Question,
    Registration,
    School,
    Schooling,
    SchoolYear,
)
from app.rules.booking import DatedRule
from app.rules.calendar import ONE_DAY
from app.rules.facts import Child, Custody

CUSTODY: dict[str, Custody] = {"even": "even", "odd": "odd"}
WHY = "une règle vaut pour un enfant quel que soit celui qui regarde"


class Told(NamedTuple):
    """A question answered yes by somebody (None: by the household), for a school year (None: for good)."""

    person_id: int | None
    code: str
    starts_on: date | None
    ends_on: date | None


class Fact(NamedTuple):
    """Something told of the child or the household, from a day to another, both included; None: no end."""

    sort: str
    code: str
    person_id: int | None
    since: date | None
    until: date | None

    def holds(self, on: date) -> bool:
        """Whether it is so that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


def child_of(
    person: Person,
    family_id: int,
    registrations: Iterable[Registration],
    rules: Iterable[DatedRule],
    from_on: date,
    until_on: date | None = None,
) -> Child:
    """The child from that day to the other, as that household tells it. One statement, or none: no rule tells
    children apart.
    """
    child = Child(person.id, person.first_name, person.born_on or from_on)
    rules = tuple(rules)
    if not any(one.is_for_some or one.papers or "custody" in one.looks_at for one in rules):
        return child
    traits: set[str] = set().union(*(one.traits for one in rules))
    papers: set[str] = set().union(*(one.papers for one in rules))
    with unscoped(WHY):
        asked = union_all(*_asked(person.id, family_id, traits, papers))
        facts = [Fact(*row) for row in db.session.execute(asked)]
    accepted = [
        row for row in registrations if row.group is not None and row.status is RegistrationStatus.ACCEPTED
    ]
    stretches = [(one.since, one.until) for one in facts]
    stretches += [(row.starts_on, row.ends_on) for row in accepted]
    days = {since for since, _ in stretches if since} | {until + ONE_DAY for _, until in stretches if until}
    told = _told(child, facts, accepted, from_on)
    later: list[tuple[date, Child]] = []
    for day in sorted(day for day in days if from_on < day <= (until_on or from_on)):
        now = _told(child, facts, accepted, day)
        if now != (later[-1][1] if later else told):
            later.append((day, now))
    return replace(told, later=tuple(later))


def _told(child: Child, facts: Iterable[Fact], registrations: Iterable[Registration], on: date) -> Child:
    """The child that day."""
    found: dict[str, list[tuple[str, int | None]]] = {}
    for one in facts:
        if one.holds(on):
            found.setdefault(one.sort, []).append((one.code, one.person_id))
    return replace(
        child,
        residence=next((code for code, _ in found.get("residence", ())), None),
        level=next((code for code, _ in found.get("level", ())), None),
        school=next((code for code, _ in found.get("school", ())), None),
        custody=next((CUSTODY[code] for code, _ in found.get("custody", ()) if code), None),
        groups=frozenset(
            row.group.name
            for row in registrations
            if row.group is not None and row.starts_on <= on <= row.ends_on
        ),
        traits=frozenset(code for code, _ in found.get("yes", ())) | frozenset(_papers(child.id, found)),
    )


def _asked(child_id: int, family_id: int, traits: set[str], papers: set[str]) -> Iterator[Select[Any]]:
    """What is known, as a ``Fact``: residence, class, school, answers, papers, guardians."""
    nobody, always = cast(null(), Integer), (cast(null(), Date), cast(null(), Date))
    yield select(literal("residence"), type_coerce(Family.residence, String), nobody, *always).where(
        Family.id == family_id
    )
    year = SchoolYear.starts_on, SchoolYear.ends_on
    yield (
        select(literal("level"), type_coerce(Schooling.level, String), nobody, *year)
        .join(SchoolYear, SchoolYear.id == Schooling.school_year_id)
        .where(Schooling.child_id == child_id)
    )
    yield (
        select(literal("school"), School.code, nobody, *year)
        .join(Schooling, Schooling.school_id == School.id)
        .join(SchoolYear, SchoolYear.id == Schooling.school_year_id)
        .where(Schooling.child_id == child_id)
    )
    yield select(literal("custody"), type_coerce(Membership.custody, String), nobody, *always).where(
        Membership.family_id == family_id, Membership.person_id == child_id
    )
    codes = traits | papers
    if not codes:
        return
    told = answers_yes(family_id, codes).where(or_(Answer.person_id == child_id, Answer.person_id.is_(None)))
    yield told.with_only_columns(literal("yes"), Question.code, nobody, *year)
    asked_of = type_coerce(DocumentType.subject, String)
    in_order = or_(
        Document.status == DocumentStatus.VALID,
        and_(DocumentType.accepts_received, Document.status == DocumentStatus.RECEIVED),
    )
    yield (
        select(asked_of, DocumentType.code, Document.person_id, Document.valid_from, Document.valid_until)
        .join(Document, Document.document_type_id == DocumentType.id)
        .where(DocumentType.code.in_(codes), Document.family_id == family_id, in_order)
    )
    # A delay that runs is as good as the paper for the rule that asks for it; it says nothing of the child.
    yield (
        select(asked_of, DocumentType.code, Deferral.person_id, cast(null(), Date), Deferral.until_on)
        .join(Deferral, Deferral.document_type_id == DocumentType.id)
        .where(DocumentType.code.in_(papers - traits), Deferral.family_id == family_id)
    )
    yield select(literal("one guardian"), literal(""), Membership.person_id, *always).where(
        Membership.family_id == family_id, Membership.member_kind == MemberKind.GUARDIAN
    )


def answers_yes(family_id: int, codes: Collection[str]) -> Select[tuple[int | None, str, date, date]]:
    """Of these questions, (person, code, first and last day of its year) of those answered yes, as the
    household says it: its own answers, and those that the homes of a child share.
    """
    members = select(Membership.person_id).where(Membership.family_id == family_id)
    return (
        select(Answer.person_id, Question.code, SchoolYear.starts_on, SchoolYear.ends_on)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(SchoolYear, SchoolYear.id == Answer.school_year_id)
        .where(
            Question.code.in_(codes),
            Question.question_kind == QuestionKind.YES_NO,
            Answer.words == YES,
            or_(
                Answer.family_id == family_id,
                and_(Answer.family_id.is_(None), Answer.person_id.in_(members)),
            ),
        )
    )


def answers_of(family_id: int, codes: Collection[str]) -> tuple[Told, ...]:
    """The answers yes to these questions. One statement, none without a question."""
    if not codes:
        return ()
    with unscoped(WHY):
        return tuple(Told(*row) for row in db.session.execute(answers_yes(family_id, codes)))


def _papers(child_id: int, found: Mapping[str, list[tuple[str, int | None]]]) -> Iterator[str]:
    """The documents in force; one asked of each guardian is, when every guardian's is."""
    yield from (code for code, _ in found.get(Subject.FAMILY.value, ()))
    yield from (code for code, person_id in found.get(Subject.CHILD.value, ()) if person_id == child_id)
    guardians = {person_id for _, person_id in found.get("one guardian", ())}
    given: dict[str, set[int | None]] = {}
    for code, person_id in found.get(Subject.GUARDIAN.value, ()):
        given.setdefault(code, set()).add(person_id)
    yield from (code for code, people in given.items() if guardians and guardians <= people)
