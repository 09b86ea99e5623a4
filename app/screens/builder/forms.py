"""The form of a row, made for the viewer: the attributes they edit, by section, the others to read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_origin

from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms.form import BaseForm

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, FileRef, Kind
from app.screens import numbers
from app.screens.builder import cells, choices, filters, listing, naming
from app.screens.builder.cells import Cell
from app.screens.builder.fields import TEXTS, Moment, Picking, field_for
from app.services.records import WHOLE, Outcome

LISTS = 6
"""The rows of that many relations are listed at most, one statement each; the others are searched for."""
FOUND = 20
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
Arguments = MultiDict[str, str]


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
    """A form over one entity, for one viewer; ``row`` None makes a new one."""

    def __init__(
        self,
        entity: type[Entity],
        viewer: Viewer,
        today: date,
        search_url: Callable[[Attribute], str],
        row: Entity | None = None,
        arguments: Any = None,
    ) -> None:
        self.entity, self.viewer, self.row = entity, viewer, row
        edited = [one for one in permissions.editable(entity, viewer) if has_field(one)]
        self.edited = {one.name: one for one in edited}
        self.form = BaseForm({one.name: self._field(one, today) for one in edited})
        self.form.process(None, data=self._values(arguments or MultiDict()))
        self._search_url = search_url
        self._lists = LISTS

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

    def fill(self, typed: Any, files: Any) -> None:
        """Take what was sent."""
        self.form.process(CombinedMultiDict([files, typed]))

    def offer(self, words: dict[str, str] | None = None) -> None:
        """Give each relation the rows it can point at. ``words``: what is searched where no script runs."""
        relations = [one for one in self.edited.values() if one.kind is Kind.RELATION]
        small = choices.short({naming.target_of(one) for one in relations})
        for one in relations:
            is_small = naming.target_of(one) in small
            self._offer(one, self.form[one.name], is_small, (words or {}).get(one.name))

    def _offer(self, one: Attribute, picking: Picking, is_small: bool, words: str | None) -> None:
        target = naming.target_of(one)
        current = getattr(self.row, one.column) if self.row is not None else None
        chosen = numbers.row_id(picking.data or "")
        rows = None
        if is_small and self._lists > 0:
            self._lists -= 1
            rows = choices.few_rows(target, self.viewer)
        if rows is not None:
            picking.offer(dict(rows))
        else:
            wanted = [key for key in (chosen, current) if key]
            names = choices.rows_named(target, wanted, self.viewer, precisely=True)
            if words:
                found = listing.matching(target, self.viewer, words, FOUND)
                names |= {row.id: naming.precise(row, self.viewer) for row in found}
            picking.offer(names, self._search_url(one))
        if current is not None and current not in picking.names:
            hold_back(self, [one.name])  # it points out of reach: saving the form must not lose it
        elif picking.raw_data is None and chosen not in picking.names:
            picking.data = ""  # the address of the page named a row that does not exist

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
            field_ = self.form[name]
            typed = field_.value() if hasattr(field_, "value") else field_.data
            now = getattr(self.row, one.column)
            if typed != now and (typed or now) not in (None, "", []):
                found.append(Difference(one.label, self._words(one, now), self._words(one, typed)))
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
