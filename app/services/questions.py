"""The town's questions as they are put to somebody, and what is answered (F7, F8, F11).

Who sees and answers one is said by the question, tightened as any attribute is; whom it concerns, by
its subject, its facilities and its ages. A fact about a child (``SHARED``) has one answer for both homes; an
authorisation has one for each.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from app.access import permissions
from app.access.database import db
from app.access.viewer import Viewer, current_viewer
from app.declare import AskedAttribute, Entity, FileRef
from app.entities.paperwork import Subject
from app.entities.question import SHARED, QuestionKind, in_words
from app.models import Answer, Family, Person, Question, QuestionFacility, SchoolYear
from app.rules.words import day_words

AnswersBy = Mapping[tuple[int, int], list[Answer]]
"""The answers by child and question."""


@dataclass(frozen=True)
class Asked:
    """A question put to a household about a child, and what it answered."""

    question: Question
    answer: Answer | None
    earlier: Answer | None
    is_editable: bool = True
    year: str = ""
    """The school year in view."""

    @property
    def value(self) -> Any:
        """The answer in force, or the last one, to start from."""
        kept = self.answer or self.earlier
        return kept.given if kept else None

    @property
    def in_force(self) -> Any:
        """What was answered for the year in view, and for no other."""
        return self.answer.given if self.answer else None

    @property
    def is_from_before(self) -> bool:
        """Whether nothing is answered for the year in view and an earlier answer says something."""
        return self.answer is None and self.earlier is not None and bool(self.said)

    @property
    def said(self) -> str:
        """The answer in a sentence: « Oui », a day in full, words; empty: none."""
        value = self.value
        if isinstance(value, bool):
            return "Oui" if value else "Non"
        if self.question.question_kind is QuestionKind.DATE and value:
            return day_words(date.fromisoformat(value))
        if self.question.question_kind is QuestionKind.NUMBER and value:
            return str(value).replace(".", ",")
        return in_words(value) or ""

    @property
    def file(self) -> FileRef | None:
        """The file handed in as an answer, or the last one."""
        kept = self.answer or self.earlier
        return kept.file if kept else None

    @property
    def is_answered(self) -> bool:
        """Whether it is answered for the year in view."""
        return self.answer is not None and self.answer.words is not None


def about_children(
    family_id: int, child_ids: Collection[int]
) -> tuple[tuple[Question, ...], dict[tuple[int, int], list[Answer]]]:
    """The questions about children that whoever asks may see, and this household's answers. One statement."""
    mine = and_(
        Answer.question_id == Question.id,
        Answer.person_id.in_(child_ids),
        or_(Answer.family_id == family_id, Answer.family_id.is_(None)),
    )
    rows = db.session.execute(
        select(Question, Answer)
        .outerjoin(Answer, mine)
        .where(Question.subject == Subject.CHILD, Question.is_asked)
        .order_by(Question.position, Question.id)
        .options(
            joinedload(Answer.school_year), joinedload(Question.places).joinedload(QuestionFacility.facility)
        )
    ).unique()
    shown = _attributes(Person)
    questions: dict[int, Question] = {}
    answers: dict[tuple[int, int], list[Answer]] = {}
    for question, answer in rows:
        if shown is not None and question.id not in shown:
            continue
        questions[question.id] = question
        if answer is not None and answer.person_id is not None:
            answers.setdefault((answer.person_id, question.id), []).append(answer)
    return tuple(questions.values()), answers


def _attributes(entity: type[Entity]) -> dict[int, AskedAttribute] | None:
    """The questions put to that entity that whoever asks may see, by number; None: a job, which sees all."""
    viewer = current_viewer()
    if viewer is None:
        return None
    asked = permissions.questions(entity, viewer)
    return {one.question_id: one for one in asked if permissions.sees(viewer, one)}


def is_editable(question: Question, viewer: Viewer | None) -> bool:
    """Whether whoever asks may answer it."""
    entity = Family if question.subject is Subject.FAMILY else Person
    found = () if viewer is None else permissions.questions(entity, viewer)
    return viewer is None or any(
        one.question_id == question.id and permissions.edits(viewer, one) for one in found
    )


def concerns(question: Question, facility_ids: Collection[int], born_on: date | None, today: date) -> bool:
    """Whether a question is put about a child of these facilities, that old today; unknown ages are asked."""
    asking = {one.facility_id for one in question.places}
    if asking and asking.isdisjoint(facility_ids):
        return False
    if born_on is None:
        return True
    years = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    low, high = question.from_age, question.to_age
    return (low is None or years >= low) and (high is None or years <= high)


def in_view(question: Question, given: list[Answer], year: str, viewer: Viewer | None) -> Asked:
    """A question with its answer for that school year (or for good), and the last one."""
    wanted = year if question.is_yearly else None
    mine = next((a for a in given if (a.school_year.code if a.school_year else None) == wanted), None)
    latest = max(given, key=lambda a: a.school_year.code if a.school_year else "", default=None)
    return Asked(question, mine, latest, is_editable(question, viewer), year)


def record(
    person_id: int | None,
    family_id: int | None,
    asked: Iterable[Asked],
    answers: Mapping[int, Any],
    year: SchoolYear | None,
    now: datetime,
) -> bool:
    """Write the answers given to these questions; whether any changed. The caller commits.

    An answer is true or false, a word, words, a text, a number or a day as text, or a stored file. What may
    not be answered by whoever asks is left alone.
    """
    changed = False
    for one in asked:
        if one.question.id not in answers or not one.is_editable:
            continue
        given = answers[one.question.id]
        if isinstance(given, FileRef):
            changed |= _put(_row(one, person_id, family_id, year), given.name, now, given)
        elif one.answer is not None or not is_empty(given):
            changed |= _put(_row(one, person_id, family_id, year), given, now)
    return changed


def is_empty(given: Any) -> bool:
    """Whether that is no answer; « non » and zero are answers."""
    return given in (None, "", [])


def _put(row: Answer, given: Any, now: datetime, file: FileRef | None = None) -> bool:
    is_same = row.value == {"value": given} and (file is None or row.file == file)
    if not is_same:
        row.value = {"value": given}
        row.file = file
    row.answered_at = now
    return not is_same


def _row(one: Asked, person_id: int | None, family_id: int | None, year: SchoolYear | None) -> Answer:
    if one.answer is not None:
        return one.answer
    question = one.question
    is_shared = person_id is not None and question.section in SHARED
    row = Answer(question_id=question.id, person_id=person_id, family_id=None if is_shared else family_id)
    row.school_year_id = year.id if year is not None and question.is_yearly else None
    db.session.add(row)
    return row
