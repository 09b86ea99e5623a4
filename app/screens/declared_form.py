"""A family's form made from declarations; its fields are those of the generated screens.

``declared_form(Person, attributes)`` is a Flask-WTF form class; ``values(form, attributes)`` are
the checked Python values by attribute name, ready for ``changes.apply``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

from app.declare import Attribute, Entity
from app.screens import numbers
from app.screens.builder.fields import field_for
from app.screens.builder.filters import nullable
from app.services import clock


def declared_form(
    entity: type[Entity],
    attributes: Iterable[Attribute],
    *,
    extra: Mapping[str, Any] | None = None,
    base: type[FlaskForm] = FlaskForm,
) -> type[FlaskForm]:
    """The form class of these attributes of an entity, in their order, then the ``extra`` fields.

    A hidden ``revision`` goes with it, to notice that somebody saved the row meanwhile.
    """
    today = clock.today()
    fields: dict[str, Any] = {"revision": HiddenField(default="")}
    for one in attributes:
        fields[one.name] = field_for(one, today, nullable=nullable(entity, one), has_file=False)
    return type(f"{entity.__name__}Form", (base,), fields | dict(extra or {}))


def initial(
    row: Entity, attributes: Iterable[Attribute], asked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the form starts from: the values in force, or those that the household asked for."""
    found: dict[str, Any] = {"revision": str(row.revision or "")}
    for one in attributes:
        found[one.name] = getattr(row, one.column)
    return found | dict(asked or {})


def values(form: FlaskForm, attributes: Iterable[Attribute]) -> dict[str, Any]:
    """The checked values of a form that holds, by attribute name."""
    return {one.name: value_of(form[one.name]) for one in attributes if one.name in form}


def value_of(field: Field) -> Any:
    """The Python value of a field: a member of a Choice, a row's number, a day, a text."""
    return field.value() if hasattr(field, "value") else field.data


def sections(form: FlaskForm, attributes: Iterable[Attribute]) -> dict[str, list[Field]]:
    """The fields under their headings, in the order of declaration."""
    found: dict[str, list[Field]] = {}
    for one in attributes:
        if one.name in form:
            found.setdefault(one.section, []).append(form[one.name])
    return found


def is_outdated(form: FlaskForm, row: Entity) -> bool:
    """Whether somebody saved the row after this form was shown."""
    told = numbers.row_id(str(form["revision"].data or ""))
    return told is not None and told != row.revision


def refresh(form: FlaskForm, row: Entity) -> None:
    """Take note that the row was read again: the next sending is about what it is now."""
    form["revision"].data = str(row.revision)
    form["revision"].raw_data = None
