"""Who the children of some squares are, as rules tell them apart: a bounded number of statements whatever
their number. What is told is that of the square's own day, as ``child_facts`` tells it of one child.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, RegistrationStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.entities.question import YES, QuestionKind
from app.models import (
    Answer,
    Booking,
    CareGroup,
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
from app.rules.facts import Child, Slot
from app.services.catalogue import Catalogue, code_of
from app.services.child_facts import CUSTODY

TRAIT, GROUP = "trait", "group"
Criteria = Collection[ColumnElement[bool]]
"""Which bookings."""


@dataclass(frozen=True)
class There:
    """A child on a square, through a household: whether it holds a place there, and since when it asks."""

    booking_id: int
    child: Child
    family_id: int
    slot: Slot
    status: BookingStatus
    asked_at: datetime | None
    needs_staff: bool

    @property
    def waits(self) -> bool:
        """Whether it waits for a place."""
        return self.status is BookingStatus.WAITING


def on_squares(known: Catalogue, slots: Iterable[Slot]) -> ColumnElement[bool]:
    """The bookings of these squares, whatever their state."""
    keys = sorted((known.by_code[slot.unit].id, slot.on) for slot in slots)
    return tuple_(Booking.unit_id, Booking.booked_on).in_(keys)


def who_is_there(known: Catalogue, criteria: Criteria, rules: Iterable[DatedRule]) -> dict[Slot, list[There]]:
    """The children of these bookings, square by square, the first who asked first, with what ``rules`` ask.

    One statement; two where a rule names answers, documents or groups.
    """
    with unscoped("une règle qui compte les autres enfants vaut quel que soit celui qui regarde"):
        traits: dict[int, set[str]] = defaultdict(set)
        groups: dict[int, set[str]] = defaultdict(set)
        asked = list(_named(criteria, tuple(rules)))
        for booking_id, sort, name in db.session.execute(union_all(*asked)) if asked else ():
            (groups if sort == GROUP else traits)[booking_id].add(name)
        found: dict[Slot, list[There]] = defaultdict(list)
        for row in db.session.execute(_children(criteria)):
            child = Child(
                row.child_id,
                "",
                row.born_on or row.booked_on,
                row.residence.value if row.residence else None,
                row.level.value if row.level else None,
                frozenset(groups.get(row.id, ())),
                frozenset(traits.get(row.id, ())),
                CUSTODY.get(row.custody.value) if row.custody else None,
                is_pending=row.status is BookingStatus.ASKED,
                school=row.school,
            )
            slot = Slot(code_of(known.by_id[row.unit_id]), row.booked_on)
            told_of = (row.family_id, slot, row.status, row.asked_at, row.needs_staff)
            found[slot].append(There(row.id, child, *told_of))
    return found


def _children(criteria: Criteria) -> Select[Any]:
    year = and_(SchoolYear.starts_on <= Booking.booked_on, SchoolYear.ends_on >= Booking.booked_on)
    return (
        select(
            Booking.id,
            Booking.unit_id,
            Booking.booked_on,
            Booking.status,
            Booking.asked_at,
            Booking.needs_staff,
            Booking.family_id,
            Booking.child_id,
            Person.born_on,
            Family.residence,
            Schooling.level,
            School.code.label("school"),
            Membership.custody,
        )
        .join(Booking.child)
        .join(Booking.family)
        .outerjoin(SchoolYear, year)
        .outerjoin(
            Schooling,
            and_(Schooling.child_id == Booking.child_id, Schooling.school_year_id == SchoolYear.id),
        )
        .outerjoin(Schooling.school)
        .outerjoin(
            Membership,
            and_(Membership.family_id == Booking.family_id, Membership.person_id == Booking.child_id),
        )
        .where(*criteria)
        .order_by(Booking.asked_at, Booking.id)
    )


def _named(criteria: Criteria, rules: Collection[DatedRule]) -> Iterator[Select[Any]]:
    """(booking, sort, name) of what rules name: nothing where they name nothing."""
    traits = frozenset().union(*(one.traits for one in rules))
    asked = frozenset().union(*(one.papers for one in rules))
    if traits or asked:
        # A delay that runs is as good as the paper for the rule that asks for it: as in ``child_facts``.
        yield from _traits(criteria, sorted(traits | asked), sorted(asked - traits))
    names = frozenset().union(*(one.groups for dated in rules for one in dated.whom))
    if names:
        yield (
            select(Booking.id, literal(GROUP), CareGroup.name)
            .join(
                Registration,
                and_(
                    Registration.child_id == Booking.child_id,
                    Registration.family_id == Booking.family_id,
                    Registration.status == RegistrationStatus.ACCEPTED,
                    Registration.starts_on <= Booking.booked_on,
                    Registration.ends_on >= Booking.booked_on,
                ),
            )
            .join(Registration.group)
            .where(*criteria, CareGroup.name.in_(sorted(names)))
        )


def _traits(criteria: Criteria, wanted: Collection[str], put_off: Collection[str]) -> Iterator[Select[Any]]:
    """What was answered yes and the documents in force, on the day of the booking."""
    on, of_child = Booking.booked_on, Booking.child_id
    yield (
        select(Booking.id, literal(TRAIT), Question.code)
        .join(
            Answer,
            or_(
                and_(Answer.family_id == Booking.family_id, Answer.person_id.is_(None)),
                and_(
                    Answer.person_id == of_child,
                    or_(Answer.family_id.is_(None), Answer.family_id == Booking.family_id),
                ),
            ),
        )
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(SchoolYear, SchoolYear.id == Answer.school_year_id)
        .where(
            *criteria,
            Question.code.in_(wanted),
            Question.question_kind == QuestionKind.YES_NO,
            Answer.words == YES,
            or_(Answer.school_year_id.is_(None), and_(SchoolYear.starts_on <= on, SchoolYear.ends_on >= on)),
        )
    )
    papers = select(Booking.id, literal(TRAIT), DocumentType.code).join(
        DocumentType, DocumentType.code.in_(wanted)
    )
    yield papers.where(
        *criteria,
        or_(
            and_(DocumentType.subject == Subject.FAMILY, _in_order(put_off)),
            and_(DocumentType.subject == Subject.CHILD, _in_order(put_off, of_child)),
        ),
    )
    guardian = aliased(Membership)
    is_one = (guardian.family_id == Booking.family_id, guardian.member_kind == MemberKind.GUARDIAN)
    yield papers.where(
        *criteria,
        DocumentType.subject == Subject.GUARDIAN,
        exists().where(*is_one),
        ~exists().where(*is_one, ~_in_order(put_off, guardian.person_id)),
    )


def _in_order(put_off: Collection[str], of: InstrumentedAttribute[int] | None = None) -> ColumnElement[bool]:
    """Whether a document is in force on the day of a booking, or, for those that may be, put off."""
    on = Booking.booked_on
    given = exists().where(
        Document.document_type_id == DocumentType.id,
        Document.family_id == Booking.family_id,
        or_(
            Document.status == DocumentStatus.VALID,
            and_(DocumentType.accepts_received, Document.status == DocumentStatus.RECEIVED),
        ),
        or_(Document.valid_from.is_(None), Document.valid_from <= on),
        or_(Document.valid_until.is_(None), Document.valid_until >= on),
        *(() if of is None else (Document.person_id == of,)),
    )
    waived = exists().where(
        Deferral.document_type_id == DocumentType.id,
        Deferral.family_id == Booking.family_id,
        Deferral.until_on >= on,
        *(() if of is None else (Deferral.person_id == of,)),
    )
    return or_(given, and_(DocumentType.code.in_(put_off), waived)) if put_off else given
