"""What rules may tell one child from another by: read only where a rule of the town asks.

Whoever looks, a rule holds the same: what the service alone reads of a child counts too.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, String, and_, cast, literal, null, or_, select, type_coerce, union_all

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import YES, QuestionKind
from app.models import (
    Answer,
    Document,
    DocumentType,
    Family,
    Membership,
    Person,
    Question,
    Registration,
    Schooling,
    SchoolYear,
)
from app.rules.booking import DatedRule
from app.rules.facts import Child, Custody
from app.rules.kinds.admission import CustodyWeeks
from app.rules.kinds.household import Papers

CUSTODY: dict[str, Custody] = {"even": "even", "odd": "odd"}
WHY = "une règle vaut pour un enfant quel que soit celui qui regarde"


def child_of(
    person: Person,
    family_id: int,
    registrations: Iterable[Registration],
    rules: Iterable[DatedRule],
    on: date,
) -> Child:
    """The child on that day, through that household. One statement, or none: no rule tells children apart."""
    child = Child(person.id, person.first_name, person.born_on or on)
    rules = tuple(rules)
    told = [one for dated in rules for one in (dated.who, dated.unless) if one is not None]
    codes = {code for one in told for code in one.traits}
    codes |= {code for dated in rules if isinstance(dated.rule, Papers) for code in dated.rule.documents}
    if not told and not codes and not any(isinstance(one.rule, CustodyWeeks) for one in rules):
        return child
    found: dict[str, list[tuple[str, int | None]]] = {}
    with unscoped(WHY):
        for sort, code, person_id in db.session.execute(union_all(*_asked(person.id, family_id, codes, on))):
            found.setdefault(sort, []).append((code, person_id))
    return replace(
        child,
        residence=next((code for code, _ in found.get("residence", ())), None),
        level=next((code for code, _ in found.get("level", ())), None),
        custody=next((CUSTODY[code] for code, _ in found.get("custody", ()) if code), None),
        groups=frozenset(
            row.group.name
            for row in registrations
            if row.group is not None and row.status is RegistrationStatus.ACCEPTED
        ),
        traits=frozenset(code for code, _ in found.get("yes", ())) | frozenset(_papers(child.id, found)),
    )


def _asked(child_id: int, family_id: int, codes: set[str], on: date) -> Iterator[Select[Any]]:
    """What is known, as (sort, code, person): residence, class, answers, papers, guardians."""
    this_year = and_(SchoolYear.starts_on <= on, SchoolYear.ends_on >= on)
    nobody = cast(null(), Integer)
    yield select(literal("residence"), type_coerce(Family.residence, String), nobody).where(
        Family.id == family_id
    )
    yield (
        select(literal("level"), type_coerce(Schooling.level, String), nobody)
        .join(SchoolYear, SchoolYear.id == Schooling.school_year_id)
        .where(Schooling.child_id == child_id, this_year)
    )
    yield select(literal("custody"), type_coerce(Membership.custody, String), nobody).where(
        Membership.family_id == family_id, Membership.person_id == child_id
    )
    if not codes:
        return
    told = answered_yes(family_id, codes, on).where(
        or_(Answer.person_id == child_id, Answer.person_id.is_(None))
    )
    yield told.with_only_columns(literal("yes"), Question.code, nobody)
    yield (
        select(type_coerce(DocumentType.subject, String), DocumentType.code, Document.person_id)
        .join(Document, Document.document_type_id == DocumentType.id)
        .where(
            DocumentType.code.in_(codes),
            Document.family_id == family_id,
            Document.status == DocumentStatus.VALID,
            or_(Document.valid_from.is_(None), Document.valid_from <= on),
            or_(Document.valid_until.is_(None), Document.valid_until >= on),
        )
    )
    yield select(literal("one guardian"), literal(""), Membership.person_id).where(
        Membership.family_id == family_id, Membership.member_kind == MemberKind.GUARDIAN
    )


def answered_yes(family_id: int, codes: Collection[str], on: date) -> Select[tuple[int | None, str]]:
    """Of these questions, (person, code) of those answered yes and in force that day, as the household says
    it: its own answers, and those that the homes of a child share.
    """
    members = select(Membership.person_id).where(Membership.family_id == family_id)
    return (
        select(Answer.person_id, Question.code)
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
            or_(Answer.school_year_id.is_(None), and_(SchoolYear.starts_on <= on, SchoolYear.ends_on >= on)),
        )
    )


def _papers(child_id: int, found: Mapping[str, list[tuple[str, int | None]]]) -> Iterator[str]:
    """The documents in force; one asked of each guardian is, when every guardian's is."""
    yield from (code for code, _ in found.get(Subject.FAMILY.value, ()))
    yield from (code for code, person_id in found.get(Subject.CHILD.value, ()) if person_id == child_id)
    guardians = {person_id for _, person_id in found.get("one guardian", ())}
    given: dict[str, set[int | None]] = {}
    for code, person_id in found.get(Subject.GUARDIAN.value, ()):
        given.setdefault(code, set()).add(person_id)
    yield from (code for code, people in given.items() if guardians and guardians <= people)
