"""The form of a rule: its kind's parameters, each drawn from its shape, then whom and what it governs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import Field, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.health import Level
from app.entities.question import QuestionKind
from app.models import Activity, Article, CareGroup, DocumentType, Question, Unit
from app.rules.parameters import Parameter
from app.rules.registry import Kind
from app.rules.who import KEYS, RESIDENCES
from app.rules.words import WEEKDAYS, sentence
from app.screens.builder.fields import Day, one_line
from app.screens.numbers import row_id

OWN = "p-"
"""What the names of the parameters' fields begin with."""
COMBINATIONS = 4
"""How many empty lines are offered, in a list of lists, beyond those that are filled."""
TOUCHED = 8
"""Beyond so many words, one searches rather than touches."""
WHOM = {"who": "Pour qui", "unless": "Sauf pour"}


@dataclass(frozen=True)
class Offered:
    """What a rule may name: pairs of a code and its words. Six statements."""

    units: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    activity_codes: tuple[tuple[str, str], ...]
    documents: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    articles: tuple[tuple[str, str], ...]

    @property
    def levels(self) -> tuple[tuple[str, str], ...]:
        """The classes."""
        return tuple((one.value, one.label) for one in Level)


def offered() -> Offered:
    """Read it."""
    with unscoped("le règlement de la ville est public"):
        activities = db.session.scalars(select(Activity).order_by(Activity.position, Activity.name)).all()
        units = db.session.scalars(select(Unit).order_by(Unit.position, Unit.id)).all()
        return Offered(
            units=tuple(
                (f"{one.code}.{unit.code}", f"{one.name}, {unit.name.lower()}")
                for one in activities
                for unit in units
                if unit.activity_id == one.id
            ),
            activities=tuple((str(one.id), one.name) for one in activities),
            activity_codes=tuple((one.code, one.name) for one in activities),
            documents=tuple(
                (one.code, one.name)
                for one in db.session.scalars(select(DocumentType).order_by(DocumentType.position))
            ),
            answers=tuple(
                (one.code, one.label)
                for one in db.session.scalars(
                    select(Question)
                    .where(Question.question_kind == QuestionKind.YES_NO)
                    .order_by(Question.position)
                )
            ),
            groups=tuple(
                (name, name)
                for name in db.session.scalars(select(CareGroup.name).distinct().order_by(CareGroup.name))
            ),
            articles=tuple(
                (str(one.id), f"{one.number} · {one.title}")
                for one in db.session.scalars(select(Article).order_by(Article.number))
            ),
        )


class RuleForm(FlaskForm):
    """Any rule; ``form_of`` makes the class of a kind's."""

    parameters: tuple[Parameter, ...] = ()

    @property
    def own(self) -> list[Field]:
        """The fields of the kind's parameters, in their order."""
        return [field for field in self if field.name.startswith(OWN)]

    @property
    def whom(self) -> dict[str, list[Field]]:
        """The fields that tell children apart, for and against."""
        return {
            label: [self[f"{key}-{criterion}"] for criterion in KEYS if f"{key}-{criterion}" in self]
            for key, label in WHOM.items()
        }

    def body(self, kind: str) -> dict[str, Any]:
        """What the form says, in plain values: what a draft keeps."""
        found: dict[str, Any] = {"kind": kind, "parameters": self._parameters()}
        found["activity_id"] = row_id(self.activity.data)
        found["article_id"] = row_id(self.article.data)
        found["units"] = list(self.units.data or ()) or None
        found["weekdays"] = list(self.weekdays.data or ()) or None
        for key in WHOM:
            told = {
                criterion: list(self[f"{key}-{criterion}"].data)
                for criterion in KEYS
                if f"{key}-{criterion}" in self and self[f"{key}-{criterion}"].data
            }
            found[key] = told or None
        for key in ("from_on", "until_on"):
            on: date | None = self[key].data
            found[key] = on.isoformat() if on else None
        return found

    def _parameters(self) -> dict[str, Any]:
        """The parameters that were written; an empty one takes what the kind gives it."""
        found: dict[str, Any] = {}
        for one in self.parameters:
            value = _value(self, one)
            if value not in (None, "", []):
                found[one.name] = value
        return found

    def take(self, errors: Iterable[tuple[str, str]]) -> None:
        """Put what is wrong at its field; what has none goes to the form's own errors."""
        for name, message in errors:
            field = next((one for one in self if one.name in (OWN + name, f"{OWN}{name}-0", name)), None)
            if field is None:
                self.form_errors.append(message)
            else:
                field.errors = [*field.errors, message]


def form_of(kind: Kind, told: Offered, body: Mapping[str, Any] | None = None) -> RuleForm:
    """The form of a kind, filled by what a draft says; by the request, once it was sent."""
    fields: dict[str, Any] = {"parameters": kind.parameters}
    for one in kind.parameters:
        fields |= _fields(one, told, body)
    fields["activity"] = SelectField(
        "Activité", choices=[SelectChoice("", "Toutes"), *_choices(told.activities)], validate_choice=False
    )
    fields["units"] = several(told.units, label="Unités", description="Aucune : toutes celles de l’activité.")
    fields["weekdays"] = SelectMultipleField(
        "Jours", choices=_choices((day, day) for day in WEEKDAYS), description="Aucun : tous les jours."
    )
    for key in WHOM:
        for criterion, pairs in _whom(told).items():
            if pairs:
                fields[f"{key}-{criterion}"] = several(pairs, label=KEYS[criterion])
    fields["article"] = SelectField(
        "Article du règlement",
        choices=[SelectChoice("", "Aucun"), *_choices(told.articles)],
        validate_choice=False,
    )
    fields["from_on"] = Day(
        "À partir du", description="Plus tard que l’ancienne règle, celle-ci vaut jusqu’à la veille."
    )
    fields["until_on"] = Day("Jusqu’au (exclu)")
    made: type[RuleForm] = type("OneRuleForm", (RuleForm,), fields)
    return made(data=_data(kind, body) if body else None)


def _whom(told: Offered) -> dict[str, tuple[tuple[str, str], ...]]:
    residences = tuple((code, sentence(words)) for code, words in RESIDENCES.items())
    return {
        "residence": residences,
        "levels": told.levels,
        "groups": told.groups,
        "traits": (*told.answers, *told.documents),
    }


def several(pairs: Iterable[tuple[str, str]], **common: Any) -> SelectMultipleField:
    """Several words among some: touched one by one, or searched where they are many."""
    found = _choices(pairs)
    return SelectMultipleField(
        **common, choices=found, render_kw={"data-choices": ""} if len(found) > TOUCHED else {}
    )


def _choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(code, words) for code, words in pairs]


def _fields(one: Parameter, told: Offered, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The field of a parameter; a list of lists has one each, and some to add."""
    common = {"label": one.label, "description": one.help}
    kw = {"unit": one.unit} if one.unit else {}
    name, form = OWN + one.name, one.shape.form
    pairs = {"unit": told.units, "document": told.documents}.get(form)
    if pairs is not None and one.shape.nested:
        given = len((body or {}).get("parameters", {}).get(one.name, ()))
        return {
            f"{name}-{rank}": several(pairs, label=f"{one.label}, {rank + 1}")
            for rank in range(given + COMBINATIONS)
        }
    if pairs is not None and one.shape.many:
        return {name: several(pairs, **common)}
    if pairs is not None:
        return {name: SelectField(**common, choices=_choices(pairs), validate_choice=False)}
    if one.shape.choices:
        words = [(code, one.labels.get(code, code)) for code in one.shape.choices]
        return {name: SelectField(**common, choices=_choices(words), default=_text(one, one.default))}
    if form == "yes_no":
        return {
            name: SelectField(**common, choices=_choices((("non", "Non"), ("oui", "Oui"))), default="non")
        }
    if form == "date":
        return {name: Day(**common)}
    return {name: StringField(**common, filters=[one_line], default=_text(one, one.default), render_kw=kw)}


def _text(one: Parameter, value: Any) -> str:
    """A value as it is typed."""
    if value is None:
        return ""
    plain = one.shape.dump(value)
    if isinstance(plain, bool):
        return "oui" if plain else "non"
    return ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain)


def _data(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the fields, from plain values."""
    found: dict[str, Any] = {
        "activity": str(body.get("activity_id") or ""),
        "article": str(body.get("article_id") or ""),
        "units": body.get("units") or [],
        "weekdays": body.get("weekdays") or [],
    }
    for key in WHOM:
        for criterion, codes in (body.get(key) or {}).items():
            found[f"{key}-{criterion}"] = codes
    for key in ("from_on", "until_on"):
        found[key] = date.fromisoformat(body[key]) if body.get(key) else None
    given = body.get("parameters", {})
    for one in kind.parameters:
        if one.name not in given:
            continue
        value, name = given[one.name], OWN + one.name
        if one.shape.nested:
            found |= {f"{name}-{rank}": codes for rank, codes in enumerate(value)}
        elif one.shape.form == "date":
            found[name] = date.fromisoformat(str(value))
        elif one.shape.form in ("unit", "document") and one.shape.many:
            found[name] = value
        elif isinstance(value, bool):
            found[name] = "oui" if value else "non"
        else:
            found[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _value(form: RuleForm, one: Parameter) -> Any:
    """What was written for a parameter, in plain values."""
    name = OWN + one.name
    if one.shape.nested:
        lines = [field.data for field in form if field.name.startswith(f"{name}-") and field.data]
        return [list(line) for line in lines]
    value = form[name].data
    if isinstance(value, date):
        return value.isoformat()
    if one.shape.many and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
