"""Saving the yearly declarations about a child: schooling, answers to questions (F7, F8, F11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from app.access.database import db
from app.access.viewer import Viewer
from app.entities.family import MemberKind
from app.models import Family, HealthRecord, Membership, Person, Schooling, SchoolYear
from app.services import changes, child_file, questions
from app.services.changes import Outcome, Refused
from app.services.child_file import SECTIONS, TITLES, Known
from app.services.freezes import NURSERY, SCHOOLING
from app.services.questions import Asked


@dataclass(frozen=True)
class Sheet:
    """The questions put to one home about a child, as the service reads them, in the order of the file."""

    child: Person
    homes: tuple[Family, ...]
    home: Family
    asked: tuple[Asked, ...]

    @property
    def seen(self) -> str:
        """What tells whether anybody has answered since."""
        return ".".join(f"{one.answer.id}-{one.answer.revision}" for one in self.asked if one.answer)


NO_YEAR = "L’année scolaire n’est pas encore ouverte dans le logiciel\u00a0: prévenez le service."


def year_row(code: str) -> SchoolYear | None:
    """The school year of that code, never another in its stead. One statement."""
    return db.session.scalars(select(SchoolYear).where(SchoolYear.code == code)).one_or_none()


def save_declarations(
    child: Person,
    section: str,
    known: Known,
    schooling: Mapping[str, Any] | None,
    answers: Mapping[int, Any],
    viewer: Viewer,
) -> Outcome:
    """Save the schooling and the answers of a section for the declared school year, in one transaction.

    ``schooling`` None: the child has none. ``answers`` by question number; questions that are not
    asked about this child are left alone. Refused when the section is closed. Commits.
    """
    window = known.window(section, child.id)
    if not window.open:
        return Outcome(refused=(Refused(TITLES[section], window.sentence),))
    year = year_row(window.year)
    asked = known.asked(section, child.id, window.year)
    if year is None and (schooling is not None or needs_year(asked, answers)):
        return Outcome(refused=(Refused(TITLES[section], NO_YEAR),))
    saved: list[str] = []
    if schooling is not None and year is not None:
        row = known.schooling(child.id, year.code)
        if row is None:
            row = Schooling(child_id=child.id, school_year_id=year.id, school_id=None, teacher=None)
            row.level = schooling["level"]
            db.session.add(row)
        changes.prepare(row, schooling, viewer, known.now, {SCHOOLING: window})
        saved.append("scolarité")
    if asked:
        questions.record(child.id, viewer.family_id, asked, answers, year, known.now)
        saved.append("réponses")
    db.session.commit()
    return Outcome(saved=tuple(saved))


def is_child(person_id: int) -> bool:
    """Whether that person is a child of a household in reach. One statement."""
    mine = select(Membership.id).where(
        Membership.person_id == person_id, Membership.member_kind == MemberKind.CHILD
    )
    return db.session.scalars(mine.limit(1)).first() is not None


def sheet(child_id: int, family_id: int | None, now: datetime) -> Sheet | None:
    """The questions about a child in reach, for that home of theirs or the first; None when it is no child's.

    Seven statements.
    """
    rows = db.session.execute(
        select(Membership, HealthRecord)
        .join(Membership.person)
        .join(Membership.family)
        .outerjoin(HealthRecord, HealthRecord.child_id == Membership.person_id)
        .where(Membership.person_id == child_id, Membership.member_kind == MemberKind.CHILD)
        .order_by(Membership.id)
        .options(contains_eager(Membership.person), contains_eager(Membership.family))
    ).all()
    homes = {member.family_id: member.family for member, _ in rows}
    home = homes.get(family_id) if family_id is not None else next(iter(homes.values()), None)
    if home is None:
        return None
    child, health = rows[0][0].person, rows[0][1]
    known = child_file.load(home.id, [child], {child_id: health} if health else {}, now)
    asked = [
        one
        for section in SECTIONS
        if section != NURSERY or known.attends_nursery(child_id)
        for one in known.asked(section, child_id, known.window(section, child_id).year)
    ]
    return Sheet(child, tuple(homes.values()), home, tuple(asked))


def correct(read: Sheet, answers: Mapping[int, Any], now: datetime) -> Outcome:
    """Write what the service answers for a home, whatever the date. Commits.

    An answer left as it was keeps its date: nobody has said it anew.
    """
    changes = {
        one.question.id: given
        for one in read.asked
        if one.question.id in answers
        and (given := answers[one.question.id]) != one.in_force
        and not (questions.is_empty(given) and questions.is_empty(one.in_force))
    }
    saved: list[str] = []
    for code in sorted({one.year for one in read.asked if one.question.id in changes}):
        year = year_row(code)
        those = [one for one in read.asked if one.year == code]
        if year is None and needs_year(those, changes):
            db.session.rollback()
            return Outcome(refused=(Refused("Réponses", NO_YEAR),))
        if questions.record(read.child.id, read.home.id, those, changes, year, now):
            saved.append(code)
    db.session.commit()
    return Outcome(saved=tuple(saved))


def needs_year(asked: Iterable[Asked], answers: Mapping[int, Any]) -> bool:
    """Whether any of these answers is that of one school year."""
    return any(
        one.question.is_yearly and not questions.is_empty(answers.get(one.question.id)) for one in asked
    )
