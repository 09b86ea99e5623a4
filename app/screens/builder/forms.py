"""The form of a row, made for the viewer: the attributes they edit, by section, the others to read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, get_origin

from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms.form import BaseForm

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import AskedAttribute, Attribute, Entity, FileRef, Kind
from app.screens import numbers
from app.screens.builder import cells, filters
from app.screens.builder.cells import Cell
from app.screens.builder.fields import TEXTS, Moment, Picking, field_for
from app.services.records import WHOLE, Outcome

if TYPE_CHECKING:
    from app.screens.builder.inline import Block

WIDTHS = {
    Kind.DATE: "f2",
    Kind.TIME: "f2",
    Kind.MOMENT: "f3",
    Kind.INTEGER: "f2",
    Kind.DECIMAL: "f2",
    Kind.CENTS: "f2",
    Kind.PHONE: "f2",
    Kind.LONG_TEXT: "f6",
    Kind.JSON: "f6",
    Kind.FILE: "f6",
}


@dataclass
class Part:
    """One attribute in a form: a field to fill, or a value to read."""

    attribute: Attribute
    width: str
    field: Any = None
    cell: Cell | None = None


@dataclass
class Section:
    """Attributes under one title."""

    title: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """A value that is not what was typed."""

    label: str
    now: str
    typed: str


def has_field(one: Attribute) -> bool:
    """Whether a form can hold it: a structured value other than a list has no field of its own."""
    return one.kind is not Kind.JSON or (get_origin(one.python_type) or one.python_type) is list


def width(one: Attribute) -> str:
    """Its share of the six columns."""
    if one.kind in TEXTS and one.kind is not Kind.LONG_TEXT and one.length:
        if one.length <= 20:
            return "f2"
        if one.length >= 300:
            return "f6"
    return WIDTHS.get(one.kind, "f3") if one.kind else "f3"


class RowForm:
    """A form over one entity, for one viewer; ``row`` None makes a new one.

    ``blocks`` are the rows written in the same form, one a line (``inline``). ``edited``: fewer
    attributes than the viewer edits. ``prefix`` stands before the name of each field.
    """

    def __init__(
        self,
        entity: type[Entity],
        viewer: Viewer,
        today: date,
        row: Entity | None = None,
        arguments: Any = None,
        edited: Sequence[Attribute] | None = None,
        prefix: str = "",
    ) -> None:
        self.entity, self.viewer, self.row = entity, viewer, row
        self.blocks: list[Block] = []
        if edited is None:
            edited = [one for one in permissions.editable(entity, viewer) if has_field(one)]
        self.edited = {one.name: one for one in edited}
        self.form = BaseForm({one.name: self._field(one, today) for one in edited}, prefix=prefix)
        self.form.process(None, data=self._values(arguments or MultiDict()))

    def _field(self, one: Attribute, today: date) -> Any:
        has_file = self.row is not None and isinstance(getattr(self.row, one.name), FileRef)
        return field_for(one, today, nullable=filters.nullable(self.entity, one), has_file=has_file)

    def _values(self, arguments: Any) -> dict[str, Any]:
        if self.row is not None:
            kept = (one for one in self.edited.values() if one.kind is not Kind.FILE)
            return {one.name: getattr(self.row, one.column) for one in kept}
        given: dict[str, Any] = {}
        for name, one in self.edited.items():
            default = self.entity.__table__.c[one.column].default
            if default is not None and default.is_scalar:
                given[name] = default.arg
            text = arguments.get(name, "")
            is_row = one.kind is Kind.RELATION and numbers.row_id(text)
            if is_row or (one.kind is Kind.CHOICE and text in {member.value for member in one.python_type}):
                given[name] = text
        return given

    def fill(self, sent: Any, files: Any = None) -> None:
        """Take what was sent."""
        self.form.process(CombinedMultiDict([files or MultiDict(), sent]))

    @property
    def is_untouched(self) -> bool:
        """Nothing was typed but what a new row starts with."""
        fresh = self._values(MultiDict())
        for name in self.edited:
            field_ = self.form[name]
            value = typed(field_)
            is_given = value is not None and value is not False and value not in ("", [])  # 0 is typed
            if field_.process_errors or (is_given and value != fresh.get(name)):
                return False
        return True

    def validate(self) -> bool:
        """Whether everything can be kept; the errors are on the fields."""
        return bool(self.form.validate())

    def values(self, store: Callable[[FileStorage], FileRef]) -> dict[str, Any]:
        """What was typed, by attribute, as the columns hold it; a file is stored. Call once it is valid."""
        found: dict[str, Any] = {}
        for name, one in self.edited.items():
            field_ = self.form[name]
            if one.kind is Kind.FILE:
                if getattr(field_.data, "filename", ""):
                    found[name] = store(field_.data)
            elif isinstance(field_, Moment) and self._is_as_shown(one, field_):
                continue  # the page shows minutes: seconds are not lost by saving it
            elif hasattr(field_, "value"):
                found[name] = field_.value()
            elif one.kind is Kind.JSON and field_.data is None and not filters.nullable(self.entity, one):
                found[name] = []
            else:
                found[name] = field_.data
        return found

    def _is_as_shown(self, one: Attribute, field_: Any) -> bool:
        now = getattr(self.row, one.name) if self.row is not None else None
        return bool(now and field_.data and now.replace(second=0, microsecond=0) == field_.data)

    def blame(self, outcome: Outcome) -> None:
        """Put the sentences of a refusal on their fields."""
        for name, sentence in outcome.problems.items():
            if name != WHOLE and name in self.edited:
                self.form[name].errors = [*self.form[name].errors, sentence]
            else:
                self.form.form_errors.append(sentence)

    def differences(self) -> list[Difference]:
        """Where the row, as it now is, differs from what was typed."""
        found = []
        for name, one in self.edited.items():
            if self.row is None or one.kind is Kind.FILE:
                continue
            mine, now = typed(self.form[name]), getattr(self.row, one.column)
            if mine != now and (mine or now) not in (None, "", []):
                found.append(Difference(one.label, self._words(one, now), self._words(one, mine)))
        return found

    def _words(self, one: Attribute, value: Any) -> str:
        if one.kind is Kind.RELATION and value is not None:
            picking: Picking = self.form[one.name]
            return picking.names.get(value) or f"n°\u00a0{value}"
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return cells.words(one, value)

    def sections(self, cell_of: Callable[[Entity, Attribute], Cell]) -> list[Section]:
        """The parts in the order of declaration, under their titles; what is only read stands among them."""
        found: dict[str, Section] = {}
        for one in permissions.visible(self.entity, self.viewer):
            if isinstance(one, AskedAttribute):
                continue
            part = Part(one, width(one))
            if one.name in self.edited:
                part.field = self.form[one.name]
            elif self.row is not None:
                part.cell = cell_of(self.row, one)
            else:
                continue
            title = one.section or self.entity.__term__.title_one
            found.setdefault(title, Section(title)).parts.append(part)
        return list(found.values())


def hold_back(form: RowForm, names: Iterable[str]) -> None:
    """Take fields out of a form: they are read, not written."""
    for name in names:
        form.edited.pop(name, None)
        if name in form.form:
            del form.form[name]


def typed(field_: Any) -> Any:
    """What a field holds, as its column would."""
    return field_.value() if hasattr(field_, "value") else field_.data
