"""The fields of the town's questions, in whichever form they stand."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, FileField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from app.entities.question import NO, YES, QuestionKind
from app.models import Question
from app.screens.builder.fields import Amount, Day, Required, many_lines
from app.screens.declared_form import value_of
from app.screens.uploads import taken
from app.services.files import RefusedFile
from app.services.questions import Asked

REQUIRED = "Répondez à cette question."
NO_ANSWER = "Sans réponse"


def question_fields(asked: Iterable[Asked], *, whole: bool = True) -> dict[str, Any]:
    """A field for each question that may be answered, named after its number.

    ``whole`` False: what must be answered and is not yet may wait, what was answered is not emptied.
    """
    return {
        name_of(one): _question_field(one, one.question.is_required and (whole or one.in_force is not None))
        for one in asked
        if one.is_editable
    }


def name_of(one: Asked) -> str:
    """The name of its field."""
    return f"q{one.question.id}"


def fields_of(form: FlaskForm, asked: Iterable[Asked]) -> list[tuple[Asked, Field | None]]:
    """The questions with their field; None where the answer is only read."""
    found = {field.name: field for field in form}
    return [(one, found.get(name_of(one))) for one in asked]


def _question_field(one: Asked, is_required: bool) -> Any:
    question = one.question
    is_there = one.file is not None
    validators: list[Any] = [Required(REQUIRED)] if is_required and not is_there else []
    common = {"label": question.label, "description": question.help_text or ""}
    kind = question.question_kind
    offered = [SelectChoice(str(word), str(word)) for word in question.choices or ()]
    if kind is QuestionKind.YES_NO:
        offered = [SelectChoice(YES, "Oui"), SelectChoice(NO, "Non")]
    if kind in (QuestionKind.YES_NO, QuestionKind.CHOICE):
        if one.value is not None and not question.is_required:
            offered.append(SelectChoice("", NO_ANSWER))  # a word that excludes the others can't be let go of
        return OneWord(**common, choices=offered, validators=validators)
    if kind is QuestionKind.SEVERAL:
        return SelectMultipleField(**common, choices=offered, validators=validators)
    if kind is QuestionKind.NUMBER:
        return Amount(**common, validators=validators)
    if kind is QuestionKind.DATE:
        return Day(**common, validators=validators)
    if kind is QuestionKind.FILE:
        return FileField(**common, validators=validators)
    return StringField(**common, validators=[*validators, Length(max=1000)], filters=[many_lines])


class OneWord(RadioField):
    """One answer among some; none is an answer too, unless the question asks for one."""

    validate_choice = False

    def process_formdata(self, valuelist: list[str]) -> None:
        """What was touched; nothing touched is no answer, whatever was there before."""
        self.data = valuelist[0] if len(valuelist) == 1 and valuelist[0] else None
        if len(valuelist) > 1:
            raise ValueError("Choisissez une seule réponse.")

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not proposed."""
        if self.data and self.data not in {one.value for one in self.choices or ()}:
            raise ValidationError("Choisissez une des réponses proposées.")


def question_values(asked: Iterable[Asked], *, earlier: bool = True) -> dict[str, Any]:
    """What the fields start from: the answer in force, else that of an earlier year unless it is left out."""
    told = {name_of(one): (one.question, one.value if earlier else one.in_force) for one in asked}
    return {name: typed(question, value) for name, (question, value) in told.items() if value is not None}


def typed(question: Question, value: Any) -> Any:
    """An answer as a field holds it."""
    if question.question_kind is QuestionKind.YES_NO:
        return YES if value else NO
    if question.question_kind is QuestionKind.DATE:
        return date.fromisoformat(value)
    if question.question_kind is QuestionKind.NUMBER:
        return Decimal(str(value))
    return value


def answers(form: FlaskForm, asked: Iterable[Asked]) -> dict[int, Any] | None:
    """The answers of a form that holds, as ``questions.record`` takes them; files are stored.

    None, with the reason on its field, when a file can't be kept.
    """
    try:
        return _answers(form, asked)
    except RefusedFile:
        return None


def _answers(form: FlaskForm, asked: Iterable[Asked]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for one, field in fields_of(form, asked):
        if field is None:
            continue
        if one.question.question_kind is not QuestionKind.FILE:
            found[one.question.id] = _kept(one.question, field)
        elif (file := taken(field)) is not None:
            found[one.question.id] = file
    return found


def _kept(question: Question, field: Field) -> Any:
    value = value_of(field)
    if question.question_kind is QuestionKind.YES_NO:
        return {YES: True, NO: False}.get(value)
    if value in (None, ""):
        return None
    if question.question_kind is QuestionKind.DATE:
        return value.isoformat()
    if question.question_kind is QuestionKind.NUMBER:
        return f"{value.normalize():f}"
    return value
