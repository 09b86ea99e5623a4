"""The JSON Schema of a rulebook, so that editors complete and underline as one types.

Derived from what reads the file. It is more lenient than ``check``: it knows shapes and words, not what codes
lead to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from app.declare import Choice, Kind
from app.rules import examples
from app.rules import kinds as _kinds  # noqa: F401  (registers them)
from app.rules.parameters import Parameter
from app.rules.registry import kinds
from app.rules.values import Shape
from app.rules.who import KEYS, RESIDENCES
from app.services.rulebook.schema import Field, Section, struct_fields
from app.services.rulebook.sections import SECTIONS
from app.services.settings import LABELS, Town

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
NUMBER: Schema = {"type": ["number", "string"]}
WHOLE: Schema = {"type": ["integer", "string"], "pattern": r"^-?\d+$"}
YES_NO: Schema = {"enum": ["oui", "non", True, False]}
HOUR: Schema = {"type": ["string", "integer"]}
AGE: Schema = {"type": "string", "pattern": r"^\d{1,3}\s*([mM]ois|[aA]ns?)$"}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
DAYS: Schema = {
    "anyOf": [TEXT, {"type": "array", "items": {"anyOf": [TEXT, {"type": "object"}]}}, {"type": "object"}]
}
BY_KIND: dict[Kind, Schema] = {
    Kind.INTEGER: WHOLE,
    Kind.DECIMAL: NUMBER,
    Kind.CENTS: NUMBER,
    Kind.BOOLEAN: YES_NO,
    Kind.DATE: DATE,
    Kind.TIME: HOUR,
    Kind.JSON: {"type": ["array", "object", "string"]},
}
BY_FORM: dict[str, Schema] = {
    "integer": WHOLE,
    "decimal": NUMBER,
    "yes_no": YES_NO,
    "date": DATE,
    "hour": HOUR,
    "age": AGE,
    "moment": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}[ T]"},
    "squares": {"type": "object", "additionalProperties": DAYS},
    "counts": {"type": "object", "additionalProperties": WHOLE},
}


def json_schema() -> Schema:
    """The whole schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Règlement d’une ville",
        "type": "object",
        "additionalProperties": False,
        "required": ["town", "facilities", "activities", "school_years"],
        "properties": {"town": _town(), **{one.key: _section(one) for one in SECTIONS}},
    }


def _town() -> Schema:
    properties = {
        one.name.removesuffix("_cents"): {"description": LABELS[one.name], **NUMBER} for one in fields(Town)
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _section(section: Section) -> Schema:
    entry = _example() if section.whole else _entry(section)
    if section.key == "rules":
        entry["properties"] |= {"kind": {"enum": sorted(kinds())}, "who": _who(), "unless": _who()}
        entry["allOf"] = [_parameters_of(code) for code in kinds()]
    table: Schema = {"description": section.label}
    if section.by:
        return table | {"type": ["object", "null"], "additionalProperties": entry}
    return table | {"type": ["array", "null"], "items": entry}


def _entry(section: Section) -> Schema:
    found = section.fields()
    properties = {key: _field(one) for key, one in found.items()}
    properties |= {child.key: _section(child) for child in section.children}
    return _table(properties, [key for key, one in found.items() if one.required])


def _field(one: Field) -> Schema:
    told: Schema = {"description": ". ".join(part.rstrip(".") for part in (one.label, one.help) if part)}
    if one.several is not None:
        known = struct_fields(one.several)
        item = _table(
            {key: _field(found) for key, found in known.items()},
            [key for key, found in known.items() if found.required],
        )
        return told | {"type": ["array", "null"], "items": item}
    attribute = one.attribute
    if attribute is None:
        return told
    if attribute.kind is Kind.CHOICE:
        choice: type[Choice] = attribute.python_type
        return told | {"enum": [member.value for member in choice]}
    if attribute.name.endswith("_age_months"):
        return told | AGE
    shape = BY_KIND.get(attribute.kind or Kind.TEXT, {"type": ["string", "number"]})
    if not one.required and "type" in shape:
        shape = shape | {
            "type": [*([shape["type"]] if isinstance(shape["type"], str) else shape["type"]), "null"]
        }
    return told | shape


def _table(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return found | {"required": required} if required else found


def _parameters_of(code: str) -> Schema:
    """What the parameters of a kind may be, once its code is written."""
    made = _parameters(kinds()[code].parameters)
    return {
        "if": {"properties": {"kind": {"const": code}}, "required": ["kind"]},
        "then": {"properties": {"parameters": made}},
    }


def _parameters(parameters: Iterable[Parameter]) -> Schema:
    known = tuple(parameters)
    return _table({one.name: _parameter(one) for one in known}, [one.name for one in known if one.required])


def _parameter(one: Parameter) -> Schema:
    shape: Schema = _shape(one.shape)
    if one.shape.many:
        several: Schema = {"type": "array", "items": shape}
        shape = {"type": "array", "items": several} if one.shape.nested else {"anyOf": [shape, several]}
    told = ". ".join(part.rstrip(".") for part in (one.label, one.help) if part)
    return {"description": told, **shape}


def _shape(shape: Shape) -> Schema:
    if shape.choices:
        return {"enum": list(shape.choices)}
    return BY_FORM.get(shape.form, TEXT)


def _who() -> Schema:
    words = {key: {"description": label, **TEXTS} for key, label in KEYS.items()}
    residences: Schema = {"enum": list(RESIDENCES)}
    words["residence"] = {"anyOf": [residences, {"type": "array", "items": residences}]}
    return _table(words, []) | {"type": ["object", "null"]}


def _example() -> Schema:
    found = _parameters(examples.PARAMETERS)
    found["properties"][examples.EXPECT] = _parameters(examples.EXPECTED)
    found["required"] = [*found["required"], examples.EXPECT]
    return found
