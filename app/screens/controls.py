"""Form controls drawn the look's way, whatever widget a WTForms field came with."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    EmailField,
    Field,
    FieldList,
    FileField,
    FloatField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SearchField,
    SelectMultipleField,
    SubmitField,
    TelField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms import widgets as w
from wtforms.fields.choices import SelectFieldBase

from app.screens.words import clock, long_date

# Whatever widget a field came with (FAB has its own), these draw it.
WIDGETS: Sequence[tuple[type[Field], str, Any]] = (
    (HiddenField, "hidden", w.HiddenInput()),
    (SubmitField, "submit", w.SubmitInput()),
    (BooleanField, "check", w.CheckboxInput()),
    (RadioField, "chips", None),
    (SelectFieldBase, "select", w.Select()),
    (TextAreaField, "textarea", w.TextArea()),
    (FileField, "file", w.FileInput()),
    (PasswordField, "password", w.PasswordInput()),
    (EmailField, "input", w.EmailInput()),
    (TelField, "input", w.TelInput()),
    (URLField, "input", w.URLInput()),
    (SearchField, "input", w.SearchInput()),
    (DateTimeLocalField, "input", w.DateTimeLocalInput()),
    (DateField, "input", w.DateInput()),
    (TimeField, "input", w.TimeInput()),
)
TEXT = w.TextInput()


def _several(field: Field) -> bool:
    """Whether the field takes several choices: WTForms' class, or FAB's which derives from another."""
    return isinstance(field, SelectMultipleField) or getattr(field.widget, "multiple", False) is True


def _drawing(field: Field) -> tuple[str, Any]:
    for kind, name, widget in WIDGETS:
        if isinstance(field, kind):
            if name == "select" and _several(field):
                return "select" if "data-choices" in (field.render_kw or {}) else "chips", w.Select(
                    multiple=True
                )
            return name, widget
    return "input", TEXT


def takes_one(field: Field) -> bool:
    """Whether its words exclude one another, where they are drawn to be touched."""
    return isinstance(field, RadioField)


def field_kind(field: Field) -> str:
    """How it is drawn: input, textarea, select, chips, check, file, password, hidden or submit."""
    return _drawing(field)[0]


def control(field: Field, **attributes: Any) -> Markup:
    """The bare control: our widget, the field's ``render_kw``, then these attributes."""
    given = {key: value for key, value in (field.render_kw or {}).items() if key not in ("unit", "prefix")}
    extra = {key: value for key, value in attributes.items() if value not in (None, False, "")}
    classes = " ".join(
        filter(None, [given.pop("class", ""), given.pop("class_", ""), extra.pop("class_", "")])
    )
    if isinstance(field, IntegerField):
        given.setdefault("inputmode", "numeric")
    elif isinstance(field, DecimalField | FloatField):
        given.setdefault("inputmode", "decimal")
    # Widgets escape what they draw.
    return Markup(_drawing(field)[1](field, **({"class": classes} if classes else {}) | given | extra))  # noqa: S704


def shown(field: Field) -> str:
    """What a read-only field reads: the words of the choices, Oui or Non, the text."""
    if isinstance(field, BooleanField):
        return "Oui" if field.data else "Non"
    if isinstance(field, SelectFieldBase):
        return ", ".join(str(option.label.text) for option in field if option.checked)
    if isinstance(field, DateField) and isinstance(field.data, date):
        return long_date(field.data, year=True)
    if isinstance(field, TimeField):
        return clock(field.data)
    return str(field._value() if hasattr(field, "_value") else field.data or "")


def form_errors(form: Form) -> list[tuple[str, str, str]]:
    """Every error in order: (id to lead to, label, sentence); the form's own come first."""
    found = [("", "", str(error)) for error in form.form_errors]
    for field in form:
        found.extend(_field_errors(field))
    return found


def _field_errors(field: Field) -> Iterator[tuple[str, str, str]]:
    if isinstance(field, FormField):
        yield from form_errors(field.form)
    elif isinstance(field, FieldList):
        for entry in field.entries:
            yield from _field_errors(entry)
        yield from ((field.id, field.label.text, str(e)) for e in field.errors if isinstance(e, str))
    else:
        yield from ((field.id, field.label.text, str(error)) for error in field.errors[:1])
