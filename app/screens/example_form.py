"""The form of a worked example: what is asked and when, the facts that matter, what is expected."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, StringField

from app.rules import examples
from app.rules.parameters import Parameter
from app.rules.squares import days_plain
from app.screens.builder.fields import Day, one_line
from app.screens.choices import OneOf, SomeOf
from app.screens.rule_form import Offered

OFTEN = ("allowed", "refused_by", "remedy", "bookable_until", "cancellable_until")
"""What examples mostly expect: the rest is folded."""
ASKS = ("books", "cancels", "registers")
FACTS = (
    "age", "born_on", "level", "school", "residence", "custody", "groups", "answers", "papers", "registered",
    "booked", "cancelled", "taken", "taken_under_six", "overdue",
)  # fmt: skip
LINES = 2
"""How many lines of squares are offered, beyond those that are filled."""
FRENCH_DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
WHEN = re.compile(
    r"(\S+(?:\s+au\s+\S+)?)\s*(?:\(|à|le)\s*(?:le\s+)?(\d{4}-\d\d-\d\d)\s+(?:à\s+)?([^()]+?)\s*\)?"
)
"""« 2026-12-09 (2026-12-01 à 08:30) », or « 2026-12-09 à 2026-12-01 8:30 »."""
NOBODY = "none"
"""Chosen where an empty list says something: no paper, no registration, nothing refused."""


class ExampleForm(FlaskForm):
    """Any example; its fields are those of ``app.rules.examples``, drawn from their shapes."""

    shapes: Mapping[str, Parameter] = {}

    def group(self, names: Iterable[str]) -> list[tuple[Parameter, list[Field]]]:
        """Each of these parameters with its fields: one, or a pair a line of squares."""
        return [(self.shapes[name], [one for one in self if _owner(one.name) == name]) for name in names]

    @property
    def asks(self) -> list[tuple[Parameter, list[Field]]]:
        """What is asked."""
        return self.group(ASKS)

    @property
    def facts(self) -> list[tuple[Parameter, list[Field]]]:
        """What is known of the child."""
        return self.group(FACTS)

    @property
    def expects(self) -> list[tuple[Parameter, list[Field]]]:
        """What the answer must be, as most examples say it."""
        return self.group(f"e-{name}" for name in OFTEN)

    @property
    def expects_more(self) -> list[tuple[Parameter, list[Field]]]:
        """What else may be expected."""
        return self.group(f"e-{one.name}" for one in examples.EXPECTED if one.name not in OFTEN)

    @property
    def says_more(self) -> bool:
        """Whether something of it is written, or wrong."""
        return any(field.data or field.errors for _, fields in self.expects_more for field in fields)

    def body(self) -> dict[str, Any]:
        """The example in plain values, as it was written."""
        found: dict[str, Any] = {}
        expected: dict[str, Any] = {}
        for name, one in self.shapes.items():
            value = self._value(name, one)
            if value in (None, "", {}):
                continue
            if name.startswith("e-"):
                expected[one.name] = value
            else:
                found[one.name] = value
        return {**found, examples.EXPECT: expected}

    def take(self, errors: Iterable[tuple[tuple[str, ...], str]]) -> None:
        """Put what is wrong at its field."""
        for path, message in errors:
            name = f"e-{path[1]}" if path[0] == examples.EXPECT and len(path) > 1 else path[0]
            field = next((one for one in self if _owner(one.name) == name), None)
            if field is None:
                self.form_errors.append(message)
            else:
                field.errors = [*field.errors, message]

    def _value(self, name: str, one: Parameter) -> Any:
        if one.shape.form in ("squares", "counts"):
            return self._squares(name, one)
        value = self[name].data
        if one.shape.form == "date":
            return value.isoformat() if value else None
        if isinstance(value, list):
            if value == [NOBODY]:
                return []
            return [code for code in value if code != NOBODY] or None
        return _iso(value) if isinstance(value, str) else value

    def _squares(self, name: str, one: Parameter) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lines: dict[str, list[tuple[str, str]]] = {}
        for rank in range(len(self.data)):
            unit = self._fields.get(f"{name}-{rank}-unit")
            if unit is None:
                break
            told = one_line(self[f"{name}-{rank}-days"].data)
            if not unit.data or not told:
                continue
            if one.shape.form == "counts":
                found[unit.data] = told
            else:
                days = [_when(part.strip()) for part in _iso(told).split(",") if part.strip()]
                lines[unit.data] = [*lines.get(unit.data, []), *days]
        return found | {unit: days_plain(days) for unit, days in lines.items()}


def form_of(
    told: Offered, rules: Iterable[tuple[str, str]], body: Mapping[str, Any] | None = None
) -> ExampleForm:
    """The form, filled by an example's body; by the request, once it was sent."""
    rules = tuple(rules)
    shapes = {one.name: one for one in examples.PARAMETERS}
    shapes |= {f"e-{one.name}": one for one in examples.EXPECTED}
    fields: dict[str, Any] = {"shapes": shapes}
    data: dict[str, Any] = {}
    for name, one in shapes.items():
        given = (body or {}).get(examples.EXPECT, {}) if name.startswith("e-") else (body or {})
        value = given.get(one.name)
        if one.shape.form in ("squares", "counts"):
            made, filled = _square_fields(name, one, told, value)
            fields |= made
            data |= filled
            continue
        fields[name] = _field(one, told, rules)
        if value is not None:
            data[name] = _french(value) if one.shape.form == "moment" else _typed(value)
    made_form: type[ExampleForm] = type("OneExampleForm", (ExampleForm,), fields)
    return made_form(data=data or None)


def _owner(name: str) -> str:
    """The parameter that a field is of: « books » of « books-0-unit »."""
    return re.sub(r"-\d+-(unit|days)$", "", name)


def _field(one: Parameter, told: Offered, rules: tuple[tuple[str, str], ...]) -> Any:
    common: dict[str, Any] = {"label": one.label, "description": one.help}
    shape = one.shape
    pairs = {
        "activity": tuple((code, name) for code, name in told.activity_codes),
        "document": told.documents,
        "answer": told.answers,
        "group": told.groups,
        "level": told.levels,
        "school": told.schools,
        "rule": rules,
    }.get(shape.form)
    if pairs is None and shape.choices:
        pairs = tuple((code, one.labels.get(code, code)) for code in shape.choices)
    if pairs is not None and shape.many:
        none = ((NOBODY, "Aucune"),) if one.may_be_empty else ()
        return SomeOf(**common, pairs=(*none, *pairs))
    if shape.form == "yes_no":
        pairs = (("oui", "Oui"), ("non", "Non"))
    if pairs is not None:
        return OneOf(**common, pairs=pairs, empty="Non précisé")
    if shape.form == "date":
        return Day(**common)
    kw = {"placeholder": PLACEHOLDERS[shape.form]} if shape.form in PLACEHOLDERS else {}
    return StringField(**common, filters=[one_line], render_kw=kw)


PLACEHOLDERS = {"moment": "11/09/2026 09:00", "age": "8 ans", "decimal": "45,00"}


def _square_fields(
    name: str, one: Parameter, told: Offered, value: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A unit and its days, a line each."""
    lines = [(unit, _days(days)) for unit, days in (value or {}).items()]
    is_count = one.shape.form == "counts"
    fields: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for rank in range(max(len(lines), _lines_sent(name)) + LINES):
        fields[f"{name}-{rank}-unit"] = OneOf("Unité", pairs=told.units, empty="Aucune unité")
        fields[f"{name}-{rank}-days"] = StringField(
            "Combien" if is_count else "Jours",
            render_kw={"placeholder": "48" if is_count else "14/09/2026 au 18/09/2026"},
        )
        if rank < len(lines):
            data[f"{name}-{rank}-unit"], data[f"{name}-{rank}-days"] = lines[rank]
    return fields, data


def _lines_sent(name: str) -> int:
    """How many lines of squares were sent: more than are offered, once some were filled or taken away."""
    sent = (re.fullmatch(rf"{name}-([0-9]{{1,2}})-(unit|days)", key) for key in request.form)
    return max((int(one[1]) + 1 for one in sent if one), default=0)


def _when(told: str) -> tuple[str, str]:
    """A day, or several in a row, and when they were asked for or cancelled: empty where nothing says it."""
    found = WHEN.fullmatch(told)
    return (found[1], f"{found[2]} {found[3]}") if found else (told, "")


def _days(value: Any) -> str:
    """Days, and when they were asked for or cancelled between brackets."""
    if isinstance(value, list):
        return ", ".join(map(_days, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{_french(on)} ({' à '.join(_french(at).split())})" for on, at in value.items())
    return _french(value)


def _typed(value: Any) -> Any:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return value or [NOBODY]
    return str(value)


def _french(value: Any) -> str:
    """Days as they are typed here."""
    return ISO_DAY.sub(lambda found: f"{found[3]}/{found[2]}/{found[1]}", str(value))


def _iso(text: str) -> str:
    """Days typed the French way, as the file writes them."""
    return FRENCH_DAY.sub(lambda found: f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}", text)
