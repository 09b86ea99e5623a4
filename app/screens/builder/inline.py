"""The parts of a row written in its form: a block an entity, a line a row.

A block reads its lines from the row, or from what was sent: ``<block>-lignes`` says how many, each has
``<block>-<n>-id``, ``-revision``, ``-retirer`` and its fields. A new line left empty is no line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind
from app.screens import numbers
from app.screens.builder import listing, offering, related
from app.screens.builder.cells import Cell
from app.screens.builder.forms import Difference, RowForm, has_field
from app.services import composites, records
from app.services.composites import Line, Part
from app.services.records import WHOLE

MOST, FIELDS = 60, 240
"""Lines of a block at most: so many, and so many fields in all. Beyond, the tab."""
FEW = 12
"""Up to that many rows, each line lists them; beyond, a search."""


@dataclass
class Row:
    """A line on screen: its form, the row it stands for, what was asked of it."""

    number: int
    prefix: str
    form: RowForm
    row: Entity | None = None
    row_id: int | None = None
    revision: int | None = None
    is_removed: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """It stands for no row yet."""
        return self.row_id is None

    @property
    def counts(self) -> bool:
        """It says something to save."""
        return not (self.is_new and (self.is_removed or self.form.is_untouched))


class Block:
    """The lines of one entity in the form of a row, as far as the viewer may write them."""

    def __init__(
        self, entity: type[Entity], relation: Attribute, viewer: Viewer, today: date, parent: Entity | None
    ) -> None:
        self.entity, self.relation, self.viewer = entity, relation, viewer
        self.term, self.key = entity.__term__, entity.__term__.slug
        self.tab = f"{self.key}.{relation.name}"
        self._today, self._parent = today, parent
        may_edit = permissions.may(viewer, entity, Action.EDIT)
        edited = [one for one in permissions.editable(entity, viewer) if one is not relation]
        self.edited = [one for one in edited if has_field(one) and one.kind is not Kind.FILE]
        self.may_add = records.can_be_made(entity, viewer) and permissions.edits(viewer, relation)
        self.may_change = may_edit and bool(self.edited)
        self.may_remove = permissions.may(viewer, entity, Action.DELETE)
        named = [one for one in permissions.visible(entity, viewer, entity.__named__) if one is not relation]
        both = {one.name for one in (*named, *self.edited)}
        self.columns = [one for one in entity.__attributes__.values() if one.name in both]
        self.most = min(MOST, FIELDS // max(len(self.columns), 1))
        self.lines: list[Row] = []
        self.problems: list[str] = []
        self.is_sent = self.is_too_long = False
        self.focus: Row | None = None

    # --- Reading ---

    def read(self) -> None:
        """The lines of the row as it is; one empty line for a row in the making. One statement."""
        for row in self._rows():
            self._add(row=row, row_id=row.id, revision=row.revision)
        self.is_too_long = len(self.lines) > self.most
        if self.is_too_long:
            self.lines = []
        elif self._parent is None and self.may_add:
            self._add()

    def fill(self, sent: Any) -> None:
        """The lines as they were sent; without a count of lines, nothing of this block was. One statement."""
        count = numbers.row_id(sent.get(f"{self.key}-lignes"))
        if count is None:
            self.read()
            return
        self.is_sent = True
        if count > self.most:
            self.problems.append(f"{self.most}\u00a0lignes au plus à la fois.")
        rows = {row.id: row for row in self._rows()}
        for n in range(min(count, self.most)):
            prefix = f"{self.key}-{n}-"
            row_id = numbers.row_id(sent.get(f"{prefix}id"))
            is_removed = bool(sent.get(f"{prefix}retirer"))
            if row_id is None and is_removed:
                continue
            revision = numbers.row_id(sent.get(f"{prefix}revision")) or 0
            line = self._add(rows.get(row_id or 0), row_id, revision, is_removed)
            line.form.fill(_renamed(sent, prefix, line.prefix))

    def add(self) -> None:
        """One more empty line."""
        if self.may_add and not self.is_too_long and len(self.lines) < self.most:
            self.is_sent = True
            self.focus = self._add()

    @property
    def is_full(self) -> bool:
        """No line can be added."""
        return len(self.lines) >= self.most

    def _rows(self) -> Sequence[Entity]:
        if self._parent is None:
            return []
        mine = select(self.entity).where(getattr(self.entity, self.relation.column) == self._parent.id)
        chosen = listing.in_order(mine, self.entity, self.viewer, self.columns).limit(self.most + 1)
        return in_place(self.entity, db.session.scalars(chosen).unique().all())

    def _add(
        self,
        row: Entity | None = None,
        row_id: int | None = None,
        revision: int | None = None,
        is_removed: bool = False,
    ) -> Row:
        number = len(self.lines)
        prefix = f"{self.key}-{number}-"
        edited = self.edited if row is None or self.may_change else []
        form = RowForm(self.entity, self.viewer, self._today, row, None, edited, prefix)
        self.lines.append(Row(number, prefix, form, row, row_id, revision, is_removed))
        return self.lines[-1]

    def offer(self, search_url: Callable[[Attribute], str], words: offering.Words, lists: int) -> int:
        """Give the relations of every line the rows they can point at; how many lists are left."""
        return offering.offer([one.form for one in self.lines], self.viewer, search_url, words, lists, FEW)

    # --- Saving ---

    def validate(self) -> bool:
        """Whether every line that says something can be kept; the errors are on their fields."""
        if not self.is_sent:
            return True
        checked = [one.form.validate() for one in self.lines if one.counts and not one.is_removed]
        return all(checked) and not self.problems

    def part(self) -> Part:
        """What to save. Call once it is valid."""
        if not self.is_sent:
            return Part(self.entity, self.relation)
        lines = [
            Line(
                one.prefix,
                {} if one.is_removed else one.form.values(_no_file),
                one.row_id,
                one.revision,
                one.is_removed,
            )
            for one in self.lines
            if one.counts
        ]
        return Part(self.entity, self.relation, lines)

    def blame(self, saved: composites.Saved) -> None:
        """Put the sentences of a refusal on their lines."""
        for one in self.lines:
            for name, sentence in saved.lines.get(one.prefix, records.Outcome()).problems.items():
                if name != WHOLE and name in one.form.edited:
                    one.form.form[name].errors = [*one.form.form[name].errors, sentence]
                else:
                    one.problems.append(sentence)

    def meet(self) -> None:
        """After a save that met another one: what is compared next time is the rows as they now are.

        A line whose row is gone is a new one; rows that came in between are shown.
        """
        rows = {row.id: row for row in self._rows()} if self.is_sent else {}
        seen: set[int] = set()
        for one in list(self.lines):
            row = rows.get(one.row_id or 0) if one.row_id not in seen else None
            one.row = one.form.row = row
            if row is not None:
                one.revision = row.revision
                seen.add(row.id)
            elif one.row_id is not None:
                one.row_id = one.revision = None
                one.problems = ["Déjà retirée par quelqu’un d’autre."] if one.is_removed else one.problems
        for row in rows.values():
            if row.id not in seen and not self.is_full:
                self._add(row=row, row_id=row.id, revision=row.revision)

    def differences(self) -> list[Difference]:
        """Where rows, as they now are, differ from what was typed on their lines."""
        return [
            Difference(f"{self.name(one)}, {told.label}", told.now, told.typed)
            for one in self.lines
            if one.row is not None and not one.is_removed
            for told in one.form.differences()
        ]

    # --- Showing ---

    def name(self, one: Row) -> str:
        """« Tranche 2 »."""
        return f"{self.term.title_one} {one.number + 1}"

    def cells(
        self, one: Row, cell_of: Callable[[Entity, Attribute], Cell]
    ) -> list[tuple[Attribute, Any, Any]]:
        """The columns of a line: (attribute, field to fill or None, value to read or None)."""
        found: list[tuple[Attribute, Any, Cell | None]] = []
        for column in self.columns:
            if column.name in one.form.edited:
                found.append((column, one.form.form[column.name], None))
            else:
                found.append((column, None, cell_of(one.row, column) if one.row is not None else None))
        return found

    def errors(self) -> list[tuple[str, str, str]]:
        """What is wrong with its lines, as ``form_errors`` tells it: (id, label, sentence)."""
        found = [("", "", one) for one in self.problems]
        for one in self.lines:
            place = f"{one.prefix}ligne"
            found.extend((place, self.name(one), sentence) for sentence in one.problems)
            for field_ in one.form.form:
                label = f"{self.name(one)}, {field_.label.text}"
                found.extend((field_.id, label, str(error)) for error in field_.errors[:1])
        return found


def _renamed(sent: Any, before: str, after: str) -> MultiDict[str, str]:
    """The values of one line under the names of another: lines taken out leave no hole."""
    return MultiDict(
        (after + name.removeprefix(before), value)
        for name, value in sent.items(multi=True)
        if name.startswith(before)
    )


def _no_file(upload: Any) -> Any:
    raise AssertionError("a line holds no file")


def in_place(entity: type[Entity], rows: Sequence[Entity]) -> list[Entity]:
    """By their declared rank, or their first day; otherwise as they come, a missing start first."""
    if "position" in entity.__attributes__:
        return sorted(rows, key=lambda row: row.position or 0)  # type: ignore[attr-defined]
    day = next((one.name for one in entity.__attributes__.values() if one.kind is Kind.DATE), None)
    if day is not None:
        return sorted(rows, key=lambda row: getattr(row, day) or date.min)
    first = entity.__attributes__[entity.__named__[0]].column
    return sorted(rows, key=lambda row: getattr(row, first) is not None)


def parts_of(entity: type[Entity]) -> list[tuple[type[Entity], Attribute]]:
    """The entities whose rows are lines in the form of this one, in the order of declaration."""
    return [pair for pair in related.relations_to(entity) if pair[1].inline]


def blocks(entity: type[Entity], viewer: Viewer, today: date, parent: Entity | None) -> list[Block]:
    """The blocks that this viewer writes in, empty yet."""
    found = [Block(other, one, viewer, today, parent) for other, one in parts_of(entity)]
    if parent is None:
        return [one for one in found if one.may_add]
    return [one for one in found if one.may_add or one.may_change or one.may_remove]
