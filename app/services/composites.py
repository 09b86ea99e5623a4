"""Writing a row together with its parts, each a line of its form: all of it in one commit, or nothing.

A part is an entity whose relation says ``inline``. A line adds a row, changes one or removes one, and is
allowed, checked and compared with what it was read from exactly as the row would be on its own
(``records``). Everything is looked at before anything is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import Attribute, Entity
from app.services import clock, records, row_checks
from app.services.records import WHOLE, Outcome

GONE = "Cette ligne n’est plus là\u00a0: quelqu’un l’a retirée entre-temps. Enregistrer l’ajoute de nouveau."
CHANGED = "Modifiée entre-temps\u00a0: comparez, puis enregistrez de nouveau si votre saisie est la bonne."


@dataclass(frozen=True)
class Line:
    """One row as its form sends it. ``key``: where what is wrong with it goes; no ``row_id``: a new one."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    row_id: int | None = None
    revision: int | None = None
    is_removed: bool = False


@dataclass(frozen=True)
class Part:
    """The lines of one entity; rows that no line names are left alone."""

    entity: type[Entity]
    relation: Attribute
    lines: Sequence[Line] = ()


@dataclass(frozen=True)
class Saved:
    """What became of the row, and of the lines that were refused, by their keys."""

    whole: Outcome
    lines: Mapping[str, Outcome] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.whole) and not self.lines

    @property
    def conflict(self) -> bool:
        """Somebody saved the row or one of its parts in between."""
        return self.whole.conflict or any(one.conflict for one in self.lines.values())


@dataclass(frozen=True)
class Step:
    """A line and the row it is about, None when it adds one."""

    part: Part
    line: Line
    row: Entity | None


def save(
    entity: type[Entity],
    row: Entity | None,
    values: Mapping[str, Any],
    viewer: Viewer,
    revision: int | None = None,
    parts: Sequence[Part] = (),
    now: datetime | None = None,
) -> Saved:
    """Create or change a row and its parts, and commit. ``row`` None: a new one.

    One statement a part to read it, one for each line that is removed, then the writes.
    """
    moment = now or clock.now()
    if not any(part.lines for part in parts):
        if row is None:
            return Saved(records.create(entity, values, viewer, moment))
        return Saved(records.update(row, values, viewer, revision))
    found = {part.entity: _rows(part, row) for part in parts}
    steps = [
        Step(part, line, found[part.entity].get(line.row_id or 0)) for part in parts for line in part.lines
    ]
    steps = [one for one in steps if not _says_nothing(one)]
    met = _meetings(row, revision, steps)
    if met is not None:
        return met
    whole = _whole_problems(entity, row, values, viewer, moment)
    wrong = {one.line.key: told for one in steps if (told := _line_problems(one, viewer, moment))}
    if whole or wrong:
        lines = {key: Outcome(problems=told) for key, told in wrong.items()}
        return Saved(Outcome(problems=whole), lines)
    return _write(entity, row, values, steps, moment)


def _rows(part: Part, parent: Entity | None) -> dict[int, Entity]:
    """The rows in reach that the lines name, among those of this parent alone."""
    numbers = {line.row_id for line in part.lines if line.row_id is not None}
    if parent is None or not numbers:
        return {}
    key = getattr(part.entity, part.relation.column)
    chosen = select(part.entity).where(part.entity.id.in_(numbers), key == parent.id)
    return {row.id: row for row in db.session.scalars(chosen)}


def _says_nothing(step: Step) -> bool:
    """The line holds what the row holds."""
    return step.row is not None and not step.line.is_removed and not _differences(step)


def _differences(step: Step) -> list[str]:
    declared = step.part.entity.__attributes__
    return [
        name
        for name, value in step.line.values.items()
        if name not in declared or getattr(step.row, declared[name].column) != value
    ]


def _meetings(row: Entity | None, revision: int | None, steps: Sequence[Step]) -> Saved | None:
    """What somebody else saved in between; a row of another parent is not there, as if removed."""
    lines: dict[str, Outcome] = {}
    first: tuple[type[Entity], int] | None = None
    seen: set[tuple[type[Entity], int]] = set()
    for one in steps:
        line = one.line
        if line.row_id is None:
            continue
        about = (one.part.entity, line.row_id)
        if one.row is None or about in seen:
            lines[line.key] = Outcome(problems={WHOLE: GONE}, conflict=True)
        elif line.revision != one.row.revision:
            lines[line.key] = Outcome(problems={WHOLE: CHANGED}, conflict=True)
        else:
            seen.add(about)
            continue
        seen.add(about)
        if one.row is not None:
            first = first or about
    if row is not None and revision is not None and revision != row.revision:
        return Saved(records.conflict(type(row), row.id), lines)
    if not lines:
        return None
    return Saved(records.conflict(*first) if first else Outcome(), lines)


def _whole_problems(
    entity: type[Entity], row: Entity | None, values: Mapping[str, Any], viewer: Viewer, moment: datetime
) -> Mapping[str, str]:
    if row is None:
        if not records.can_be_made(entity, viewer):
            return {WHOLE: f"Vous ne pouvez pas créer {entity.__term__.a}."}
    elif not permissions.may(viewer, entity, Action.EDIT):
        return {WHOLE: f"Vous ne pouvez pas modifier {entity.__term__.the}."}
    return records.barred(entity, values, viewer) or row_checks.problems(_probe(entity, row, values, moment))


def _line_problems(step: Step, viewer: Viewer, moment: datetime) -> Mapping[str, str]:
    entity, line, row = step.part.entity, step.line, step.row
    term = entity.__term__
    if line.is_removed:
        if row is None or not permissions.may(viewer, entity, Action.DELETE):
            return {WHOLE: f"Vous ne pouvez pas supprimer {term.the}."}
        return _kept(row)
    if row is None:
        relation = records.barred(entity, {step.part.relation.name: None}, viewer)
        if relation or not records.can_be_made(entity, viewer):
            return {WHOLE: f"Vous ne pouvez pas créer {term.a}."}
    elif not permissions.may(viewer, entity, Action.EDIT):
        return {WHOLE: f"Vous ne pouvez pas modifier {term.the}."}
    barred = records.barred(entity, line.values, viewer)
    return barred or row_checks.problems(_probe(entity, row, line.values, moment))


def _kept(row: Entity) -> dict[str, str]:
    """Why a row stays: what depends on it, or what would leave with it unasked."""
    found = records.dependents(row)
    holding = [one for one in found if not one.leaves_with_it]
    if holding:
        return {WHOLE: records.held_by(type(row), holding)}
    if found:
        told = ", ".join(one.says for one in found)
        return {WHOLE: f"Emporterait {told}\u00a0: supprimez depuis sa propre fiche si c’est voulu."}
    return {}


def _probe(entity: type[Entity], row: Entity | None, values: Mapping[str, Any], moment: datetime) -> Entity:
    """The row as it would be, out of any session: looking at it writes nothing."""
    if row is None:
        return records.made(entity, values, moment)
    probe = entity()
    for one in entity.__attributes__.values():
        setattr(probe, one.column, getattr(row, one.column))
    records.assign(probe, values)
    return probe


def _write(
    entity: type[Entity],
    row: Entity | None,
    values: Mapping[str, Any],
    steps: Sequence[Step],
    moment: datetime,
) -> Saved:
    """One flush a row, so that what the database refuses is told on its own line; then the commit."""
    if row is None:
        row = records.made(entity, values, moment)
        db.session.add(row)
    else:
        records.assign(row, values)
    whole = records.written(row, values, db.session.flush)
    if not whole:
        return Saved(whole)
    parent_id = row.id
    for one in _in_order(steps):
        outcome = _write_line(one, parent_id, moment)
        if not outcome:
            return Saved(Outcome(), {one.line.key: outcome})
    return Saved(records.committed(row, values))


def _in_order(steps: Sequence[Step]) -> Iterator[Step]:
    """Removals first: what they free may be taken by the others."""
    yield from (one for one in steps if one.line.is_removed)
    yield from (one for one in steps if not one.line.is_removed and one.row is not None)
    yield from (one for one in steps if one.row is None)


def _write_line(step: Step, parent_id: int, moment: datetime) -> Outcome:
    line, row = step.line, step.row
    if row is not None and line.is_removed:
        return records.erased(row, db.session.flush)
    if row is None:
        row = records.made(step.part.entity, {**line.values, step.part.relation.name: parent_id}, moment)
        db.session.add(row)
    else:
        records.assign(row, line.values)
    return records.written(row, line.values, db.session.flush)
