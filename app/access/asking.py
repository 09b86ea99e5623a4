"""The questions of the town as attributes of who they are put to, and their answers on rows.

Read once a process for each version of the settings (``versions.py``). A viewer carries them
(``Viewer.asked``), so that ``permissions`` gives them with the declared attributes; what then reads
``getattr(row, one.name)`` finds the answer once ``put_answers`` has passed over the rows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.folding import contains
from app.access.versions import Remembered
from app.access.viewer import AsAsked
from app.declare import CARE, FAMILY, NOBODY, AskedAttribute, Attribute, Choice, Entity, Kind, Role
from app.entities.paperwork import Subject
from app.entities.question import Answering, QuestionKind
from app.models import Answer, Family, Person, Question, SchoolYear

KINDS = {
    QuestionKind.YES_NO: (Kind.BOOLEAN, bool),
    QuestionKind.CHOICE: (Kind.CHOICE, Choice),
    QuestionKind.SEVERAL: (Kind.TEXT, str),
    QuestionKind.TEXT: (Kind.TEXT, str),
    QuestionKind.NUMBER: (Kind.DECIMAL, str),
    QuestionKind.DATE: (Kind.DATE, str),
    QuestionKind.FILE: (Kind.FILE, str),
}
"""What an answer is to lists, exports and programs; several words are one text with commas."""
RIGHTS: dict[Answering, tuple[Role, Role]] = {
    Answering.FAMILY: (FAMILY | CARE, FAMILY | CARE),
    Answering.SERVICE: (FAMILY | CARE, CARE),
    Answering.STAFF: (CARE, CARE),
}
CODE = re.compile(r"[a-z0-9-]{1,60}")
MOST = 100
"""How many questions a town asks at once: each is a column to choose in lists (``services/row_checks``)."""
RETIRED = ""
"""The key of the questions that are no attribute of anything today."""
NOTE = " (note)"
"""Beside an answer's name on a row: what else there is to say of it."""


def _read() -> AsAsked:
    found: dict[str, list[AskedAttribute]] = {}
    in_order = (Question.section, Question.position, Question.id)
    room = MOST
    for one in db.session.scalars(select(Question).order_by(*in_order)):
        entity = Family if one.subject is Subject.FAMILY else Person
        is_shown = one.is_asked and room > 0
        room -= is_shown
        # Their answers stay: who may not read them must still not.
        found.setdefault(entity.__name__ if is_shown else RETIRED, []).append(attribute_of(one, entity))
    return MappingProxyType({name: tuple(those) for name, those in found.items()})


in_force = Remembered("les questions de la commune sont les mêmes pour tout le monde", _read)
"""The questions by entity’s name, in their order."""


def attribute_of(question: Question, entity: type[Entity]) -> AskedAttribute:
    """A question as an attribute of that entity."""
    kind, python_type = KINDS[question.question_kind]
    see, edit = RIGHTS[question.answering]
    return AskedAttribute(
        label=question.label,
        help=question.help_text or "",
        section=question.section.label,
        see=see,
        edit=edit if kind is not Kind.FILE else NOBODY,
        kind=kind,
        python_type=_choice(question) if kind is Kind.CHOICE else python_type,
        length=1000,
        entity=entity.__name__,
        name=name_of(question.id, question.code),
        required=False,
        question_id=question.id,
    )


def name_of(question_id: int, code: str) -> str:
    """« question-regime »: in an address, in a program's JSON, among the rights of attributes."""
    return f"question-{code if CODE.fullmatch(code) else question_id}"


def _choice(question: Question) -> Any:
    """The proposed words as a closed list."""
    offered = list(dict.fromkeys(str(one) for one in question.choices or ()))
    members = [(f"CHOICE_{rank}", (word, word)) for rank, word in enumerate(offered)]
    return Choice(f"ChoicesOf{question.id}", members)  # type: ignore[arg-type]


# --- Reading -------------------------------------------------------------------------------------


def put_answers(rows: Sequence[Entity], attributes: Iterable[Attribute]) -> None:
    """Put on each row the answers in force to those of these attributes that are questions.

    The last school year's answer holds; of two homes that do not say the same of a child, the first in
    the alphabet (« non » before « oui ») holds, and the note names the other. One statement, or none.
    """
    asked = {one.question_id: one for one in attributes if isinstance(one, AskedAttribute)}
    if not asked or not rows:
        return
    for row in rows:
        for one in asked.values():
            row.__dict__[one.name] = None
            row.__dict__[one.name + NOTE] = ""
    by_id = {row.id: row for row in rows}
    about = Answer.family_id if isinstance(rows[0], Family) else Answer.person_id
    statement = (
        select(Answer)
        .outerjoin(Answer.school_year)
        .where(Answer.question_id.in_(asked), about.in_(by_id), _is_about(type(rows[0])))
        .order_by(*_newest())
        .options(joinedload(Answer.school_year), joinedload(Answer.family))
    )
    given: dict[tuple[int, int], list[Answer]] = {}
    for answer in db.session.scalars(statement):
        key = (getattr(answer, about.key), answer.question_id)
        given.setdefault(key, []).append(answer)
    for (row_id, question_id), answers in given.items():
        one, row = asked[question_id], by_id[row_id]
        row.__dict__[one.name] = value_of(one, answers[0])
        row.__dict__[one.name + NOTE] = _note(answers)


def _note(answers: list[Answer]) -> str:
    """« (foyer Martin) ; oui (foyer Durand) » where two homes differ in the same year; else nothing."""
    first, *others = answers
    other = next(
        (one for one in others if one.school_year_id == first.school_year_id and one.words != first.words),
        None,
    )
    if other is None or other.family is None or first.family is None:
        return ""
    return f"foyer {first.family.name}\u00a0; {other.words or 'sans réponse'}, foyer {other.family.name}"


def value_of(one: AskedAttribute, answer: Answer) -> Any:
    """The answer as a value of that attribute."""
    given = answer.given
    if one.kind is Kind.FILE:
        return answer.file
    if one.kind is Kind.DECIMAL:
        return answer.number
    if one.kind is Kind.DATE:
        return answer.day
    if one.kind is Kind.BOOLEAN:
        return given if isinstance(given, bool) else None
    if one.kind is Kind.CHOICE:
        # A word that is proposed no more was answered all the same.
        return next((member for member in one.python_type if member.value == given), answer.words)
    return answer.words


# --- In statements -------------------------------------------------------------------------------


def expression(entity: Any, one: Attribute) -> Any:
    """What stands for an attribute in a statement over this entity or alias: a column, or a subquery."""
    if not isinstance(one, AskedAttribute):
        return getattr(entity, one.column)
    column = COLUMNS.get(one.kind, Answer.words)
    found = _latest(entity, one, column)
    if one.kind is Kind.BOOLEAN:
        return case((found == "oui", True), (found == "non", False))
    return found


COLUMNS: Mapping[Kind | None, Any] = {
    Kind.DECIMAL: Answer.number,
    Kind.DATE: Answer.day,
    Kind.FILE: Answer.file,
}


def _latest(entity: Any, one: AskedAttribute, column: Any) -> Any:
    about = Answer.family_id if one.entity == Family.__name__ else Answer.person_id
    return (
        select(column)
        .outerjoin(Answer.school_year)
        .where(Answer.question_id == one.question_id, about == entity.id, _is_about(entity_of(one)))
        .order_by(*_newest())
        .limit(1)
        .correlate(entity)
        .scalar_subquery()
    )


def _newest() -> tuple[ColumnElement[Any], ...]:
    """The answer in force first, on every engine: an emptied one comes after one that says something."""
    return (SchoolYear.starts_on.desc().nulls_last(), Answer.words.asc().nulls_last(), Answer.id.asc())


def _is_about(entity: type[Entity]) -> ColumnElement[bool]:
    """Answers about a household say nobody; those about a person may say the household that gave them."""
    return Answer.person_id.is_(None) if entity is Family else Answer.person_id.is_not(None)


def entity_of(one: AskedAttribute) -> type[Entity]:
    """The entity that a question is put to."""
    return Family if one.entity == Family.__name__ else Person


def answered(entity: Any, asked: Sequence[AskedAttribute], word: str) -> ColumnElement[bool]:
    """The rows of which an answer to one of these questions holds that word."""
    about: Any = Answer.family_id if asked[0].entity == Family.__name__ else Answer.person_id
    rows: Select[Any] = select(about).where(
        Answer.question_id.in_([one.question_id for one in asked]),
        _is_about(entity_of(asked[0])),
        contains(Answer.words, word),
    )
    return entity.id.in_(rows)  # type: ignore[no-any-return]
