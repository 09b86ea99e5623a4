"""Saving the yearly declarations about a child: schooling, answers to questions (F7, F8, F11)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Viewer
from app.models import Answer, Person, Schooling, SchoolYear
from app.services import changes
from app.services.changes import Outcome, Refused
from app.services.child_file import TITLES, Asked, Known
from app.services.freezes import SCHOOLING

NO_YEAR = "L’année scolaire n’est pas encore ouverte dans le logiciel\u00a0: prévenez le service."


def year_row(code: str, today: date) -> SchoolYear | None:
    """The school year of that code; else the one in course or the next to come. One statement."""
    rows = db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on)).all()
    named = next((one for one in rows if one.code == code), None)
    return named or next((one for one in rows if one.ends_on >= today), None)


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
    year = year_row(window.year, known.today)
    if year is None:
        return Outcome(refused=(Refused(TITLES[section], NO_YEAR),))
    saved: list[str] = []
    if schooling is not None:
        row = known.schooling(child.id, year.code)
        if row is None:
            row = Schooling(child_id=child.id, school_year_id=year.id, school_id=None, teacher=None)
            row.level = schooling["level"]
            db.session.add(row)
        changes.prepare(row, schooling, viewer, known.now, {SCHOOLING: window})
        saved.append("scolarité")
    asked = known.asked(section, child.id, year.code)
    if asked:
        record_answers(child.id, asked, answers, year, viewer, known.now)
        saved.append("réponses")
    db.session.commit()
    return Outcome(saved=tuple(saved))


def record_answers(
    child_id: int,
    asked: Iterable[Asked],
    answers: Mapping[int, Any],
    year: SchoolYear | None,
    viewer: Viewer,
    now: datetime,
) -> None:
    """Write the answers given to these questions; the caller commits."""
    for one in asked:
        if one.question.id not in answers:
            continue
        kept = {"value": answers[one.question.id]}
        row = one.answer
        if row is None:
            if kept["value"] in (None, "", []):
                continue
            row = Answer(question_id=one.question.id, family_id=viewer.family_id, person_id=child_id)
            row.school_year_id = year.id if year is not None and one.question.is_yearly else None
            db.session.add(row)
        if row.value != kept:
            row.value = kept
        row.answered_at = now
