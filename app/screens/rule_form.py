"""The form of a rule: its kind's parameters, each drawn from its shape, then whom and what it governs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, StringField

from app.entities.health import Level
from app.entities.question import QuestionKind
from app.models import Activity, Article, CareGroup, DocumentType, Question, School, Unit
from app.rules.parameters import Parameter
from app.rules.registry import Kind
from app.rules.values import Misread, read_date
from app.rules.who import KEYS, RESIDENCES
from app.rules.words import WEEKDAYS, sentence
from app.screens.builder.fields import Day, one_line
from app.screens.choices import OneOf, SomeOf
from app.screens.numbers import row_id
from app.services.rulebook.compiled import Rows

OWN = "p-"
"""What the names of the parameters' fields begin with."""
COMBINATIONS = 4
"""How many empty lines are offered, in a list of lists, beyond those that are filled."""
LINES = 60
"""How many are read at most."""
WHOM = {"who": "Pour qui", "unless": "Sauf pour"}


@dataclass(frozen=True)
class Offered:
    """What a rule may name: pairs of a code and its words."""

    units: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    activity_codes: tuple[tuple[str, str], ...]
    documents: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    schools: tuple[tuple[str, str], ...]
    articles: tuple[tuple[str, str], ...]

    @property
    def levels(self) -> tuple[tuple[str, str], ...]:
        """The classes."""
        return tuple((one.value, one.label) for one in Level)


def offered(rows: Rows) -> Offered:
    """From the town's rows. No query."""
    activities = sorted(rows[Activity], key=lambda one: (one.position, one.name))
    units = sorted(rows[Unit], key=lambda one: (one.position, one.id))
    questions = sorted(rows[Question], key=lambda one: one.position)
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
            (one.code, one.name) for one in sorted(rows[DocumentType], key=lambda one: one.position)
        ),
        answers=tuple((one.code, one.label) for one in questions if one.question_kind is QuestionKind.YES_NO),
        schools=tuple((one.code, one.name) for one in sorted(rows[School], key=lambda one: one.name)),
        groups=tuple((name, name) for name in sorted({one.name for one in rows[CareGroup]})),
        articles=tuple(
            (str(one.id), f"{one.number} · {one.title}")
            for one in sorted(rows[Article], key=lambda one: one.number)
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
        """The fields that tell children apart, for and against, where there is something to choose."""
        return {
            label: [one for criterion in KEYS if (one := self[f"{key}-{criterion}"]).choices]
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
                if self[f"{key}-{criterion}"].data
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
    fields["activity"] = OneOf("Activité", pairs=told.activities, empty="Toutes")
    fields["units"] = SomeOf("Unités", pairs=told.units, description="Aucune : toutes celles de l’activité.")
    days = ((day, day) for day in WEEKDAYS)
    fields["weekdays"] = SomeOf("Jours", pairs=days, description="Aucun : tous les jours.")
    for key in WHOM:
        for criterion, pairs in _whom(told).items():
            fields[f"{key}-{criterion}"] = SomeOf(KEYS[criterion], pairs=pairs)
    fields["article"] = OneOf("Article du règlement", pairs=told.articles, empty="Aucun")
    fields["from_on"] = Day(
        "À partir du", description="Plus tard que l’ancienne règle, celle-ci vaut jusqu’à la veille."
    )
    fields["until_on"] = Day("Jusqu’au (exclu)")
    fields["past"] = BooleanField(
        "Oui, elle change aussi des jours passés",
        description="Demandé pour corriger une règle déjà en vigueur, sans jour à venir d’où elle parte.",
    )
    made: type[RuleForm] = type("OneRuleForm", (RuleForm,), fields)
    return made(data=_data(kind, body) if body else None)


def _whom(told: Offered) -> dict[str, tuple[tuple[str, str], ...]]:
    residences = tuple((code, sentence(words)) for code, words in RESIDENCES.items())
    return {
        "residence": residences,
        "schools": told.schools,
        "levels": told.levels,
        "groups": told.groups,
        "traits": (*told.answers, *told.documents),
    }


def _fields(one: Parameter, told: Offered, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The field of a parameter; a list of lists has one each, and some to add."""
    common = {"label": one.label, "description": one.help}
    kw = {"unit": one.unit} if one.unit else {}
    name, form = OWN + one.name, one.shape.form
    pairs = {"unit": told.units, "document": told.documents}.get(form)
    if pairs is not None and one.shape.nested:
        given = len(_listed((body or {}).get("parameters", {}).get(one.name)))
        lines = max(given, _lines_sent(f"{name}-")) + COMBINATIONS
        return {f"{name}-{rank}": SomeOf(f"{one.label}, {rank + 1}", pairs=pairs) for rank in range(lines)}
    if pairs is not None and one.shape.many:
        return {name: SomeOf(**common, pairs=pairs)}
    if pairs is not None:
        return {name: OneOf(**common, pairs=pairs, empty="Choisissez")}
    if one.shape.choices and not one.shape.many:
        words = [(code, one.labels.get(code, code)) for code in one.shape.choices]
        empty = None if one.default is not None else "Choisissez" if one.required else "Non précisé"
        return {name: OneOf(**common, pairs=words, empty=empty, default=_text(one, one.default))}
    if form == "yes_no":
        yes_no = (("non", "Non"), ("oui", "Oui"))
        default = _text(one, one.default) or "non"
        return {name: OneOf(**common, pairs=yes_no, empty=None, default=default)}
    if form == "date":
        return {name: Day(**common)}
    return {name: StringField(**common, filters=[one_line], default=_text(one, one.default), render_kw=kw)}


def _lines_sent(name: str) -> int:
    """How many lines of a list of lists were sent: more than are offered, once some were added."""
    ranks = (row_id(key.removeprefix(name)) for key in request.form if key.startswith(name))
    return min(max((rank + 1 for rank in ranks if rank is not None), default=0), LINES)


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
        "units": _listed(body.get("units")),
        "weekdays": _listed(body.get("weekdays")),
    }
    for key in WHOM:
        for criterion, codes in (body.get(key) or {}).items():
            found[f"{key}-{criterion}"] = _listed(codes)
    for key in ("from_on", "until_on"):
        found[key] = _day(body.get(key))
    given = body.get("parameters", {})
    for one in kind.parameters:
        if one.name not in given:
            continue
        value, name = given[one.name], OWN + one.name
        if one.shape.nested:
            found |= {f"{name}-{rank}": _listed(codes) for rank, codes in enumerate(_listed(value))}
        elif one.shape.form == "date":
            found[name] = _day(value)
        elif one.shape.form in ("unit", "document") and one.shape.many:
            found[name] = _listed(value)
        elif isinstance(value, bool):
            found[name] = "oui" if value else "non"
        else:
            found[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _listed(value: Any) -> list[Any]:
    """One value stands for a list."""
    return list(value) if isinstance(value, list | tuple) else [] if value in (None, "") else [value]


def _day(value: Any) -> date | None:
    """A day of plain values; None for what is none, which reading the rule tells."""
    try:
        return read_date(value) if value else None
    except Misread:
        return None


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
