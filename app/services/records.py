"""Writing one row of any entity, from a generated form or an import: the only commit of those.

A refusal is a value: an ``Outcome`` with a French sentence for each attribute. What a viewer may
not edit is refused here too, whatever the form let through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Select, Table, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.scope import OutOfScope
from app.access.viewer import Viewer, unscoped
from app.declare import NOBODY, Attribute, Entity, Kind, pointing_at
from app.models import HistoryEntry
from app.services import clock, row_checks
from app.services.codes import free_code

WHOLE = row_checks.WHOLE
"""The key of a problem that is no attribute's."""


@dataclass(frozen=True)
class Outcome:
    """What became of a write: the row, or a sentence by attribute (``WHOLE`` for the row itself)."""

    row: Entity | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    conflict: bool = False
    """Somebody saved the row in between."""

    def __bool__(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Dependents:
    """How many rows of an entity depend on a row, by one of its relations."""

    entity: type[Entity]
    relation: Attribute
    count: int

    @property
    def leaves_with_it(self) -> bool:
        """Whether they are deleted with the row rather than keeping it."""
        key = next(iter(self.entity.__table__.c[self.relation.column].foreign_keys))
        return key.ondelete != "RESTRICT" and self.entity.__delete__ != NOBODY

    @property
    def says(self) -> str:
        """« 3 factures »."""
        term = self.entity.__term__
        return f"{self.count}\u00a0{term.one if self.count == 1 else term.many}"


def is_filled_here(one: Attribute) -> bool:
    """A moment or a day that nobody edits is that of the creation."""
    return one.kind in (Kind.MOMENT, Kind.DATE)


def can_be_made(entity: type[Entity], viewer: Viewer) -> bool:
    """Whether this viewer may create rows, and can give everything that a row must have."""
    return permissions.may(viewer, entity, Action.CREATE) and all(
        permissions.edits(viewer, one) or not must_be_given(entity, one) or is_filled_here(one)
        for one in entity.__attributes__.values()
    )


def must_be_given(entity: type[Entity], one: Attribute) -> bool:
    """Whether a row can't be without it, and nothing gives it a value."""
    column = entity.__table__.c[one.column]
    if one.made_from or column.nullable:
        return False
    return column.default is None and column.server_default is None


def create(
    entity: type[Entity], values: Mapping[str, Any], viewer: Viewer, now: datetime | None = None
) -> Outcome:
    """Add a row with these values (a relation's is a row's number), and commit."""
    if not can_be_made(entity, viewer):
        return _refused(f"Vous ne pouvez pas créer {entity.__term__.a}.")
    wrong = barred(entity, values, viewer)
    if wrong:
        return Outcome(problems=wrong)
    row = made(entity, values, now or clock.now())
    wrong = row_checks.problems(row)
    if wrong:
        return Outcome(problems=wrong)
    db.session.add(row)
    return committed(row, values)


def made(entity: type[Entity], values: Mapping[str, Any], moment: datetime) -> Entity:
    """A new row with these values, which no session knows yet; its own moments are filled."""
    row = entity()
    for one in entity.__attributes__.values():
        if one.name not in values and must_be_given(entity, one) and is_filled_here(one):
            setattr(
                row, one.name, moment if one.kind is Kind.MOMENT else moment.astimezone(clock.PARIS).date()
            )
    assign(row, values)
    return row


def update(row: Entity, values: Mapping[str, Any], viewer: Viewer, revision: int | None = None) -> Outcome:
    """Give a row these values, and commit. ``revision``: the one that the author was looking at."""
    entity = type(row)
    if not permissions.may(viewer, entity, Action.EDIT):
        return _refused(f"Vous ne pouvez pas modifier {entity.__term__.the}.")
    wrong = barred(entity, values, viewer)
    if wrong:
        return Outcome(problems=wrong)
    if revision is not None and revision != row.revision:
        return conflict(entity, row.id)
    assign(row, values)
    wrong = row_checks.problems(row)
    if wrong:
        db.session.rollback()
        return Outcome(problems=wrong)
    return committed(row, values)


def delete(row: Entity, viewer: Viewer) -> Outcome:
    """Delete a row with what is a part of it, and commit; refused while anything else depends on it."""
    entity = type(row)
    if not permissions.may(viewer, entity, Action.DELETE):
        return _refused(f"Vous ne pouvez pas supprimer {entity.__term__.the}.")
    holding = [one for one in dependents(row) if not one.leaves_with_it]
    if holding:
        return _refused(held_by(entity, holding))
    return erased(row, db.session.commit)


def erased(row: Entity, write: Callable[[], None]) -> Outcome:
    """Delete, flush or commit, and put in words what the database refuses: all is then undone."""
    entity, row_id = type(row), row.id
    db.session.delete(row)
    try:
        write()
    except StaleDataError:
        db.session.rollback()
        return conflict(entity, row_id)
    except IntegrityError:
        db.session.rollback()
        return _refused(
            f"Impossible de supprimer {entity.__term__.the}\u00a0: d’autres fiches en dépendent. "
            "Supprimez-les d’abord."
        )
    return Outcome(row)


def held_by(entity: type[Entity], holding: list[Dependents]) -> str:
    """Why a row stays: what depends on it, and what to do."""
    listed = ", ".join(one.says for one in holding)
    plural = len(holding) > 1 or holding[0].count > 1
    verb = "en dépendent" if plural else "en dépend"
    return f"Impossible de supprimer {entity.__term__.the}\u00a0: {listed} {verb}. Supprimez-les d’abord."


def dependents(row: Entity) -> list[Dependents]:
    """What points at a row, whoever may see it; one statement."""
    # What is only set to empty neither holds nor leaves.
    pointing = [pair for pair in pointing_at(type(row)) if ondelete(*pair) != "SET NULL"]
    if not pointing:
        return []
    counts = [_count(other.__table__, one.column, row.id).scalar_subquery() for other, one in pointing]
    with unscoped("une fiche qui en tient d’autres ne s’efface pas, même si son auteur ne les voit pas"):
        found = db.session.execute(select(*counts)).one()
    return [
        Dependents(other, one, count) for (other, one), count in zip(pointing, found, strict=True) if count
    ]


def ondelete(entity: type[Entity], one: Attribute) -> str | None:
    """What the database does with a row when the one that it points at goes: CASCADE, SET NULL, RESTRICT."""
    return next(iter(entity.__table__.c[one.column].foreign_keys)).ondelete


def _count(table: Any, column: str, row_id: int) -> Select[tuple[int]]:
    return select(func.count()).select_from(table).where(table.c[column] == row_id)


def _refused(sentence: str) -> Outcome:
    return Outcome(problems={WHOLE: sentence})


def barred(entity: type[Entity], values: Mapping[str, Any], viewer: Viewer) -> dict[str, str]:
    """A sentence for each of these attributes that the viewer may not edit."""
    editable = {one.name for one in permissions.editable(entity, viewer)}
    return {name: "Vous ne pouvez pas modifier ce champ." for name in values if name not in editable}


def assign(row: Entity, values: Mapping[str, Any]) -> None:
    """Give a row these values; a relation's is a row's number. A code left empty is made of its words."""
    told = {row.__attributes__[name].column: value for name, value in values.items()}
    for column, value in {**told, **_codes(row, told)}.items():
        setattr(row, column, value)


def _codes(row: Entity, told: Mapping[str, Any]) -> dict[str, str]:
    """The codes that are empty once these columns are written, each with what it becomes."""

    def after(column: str) -> Any:
        return told[column] if column in told else getattr(row, column)

    return {
        one.column: free_code(after(one.made_from) or "", _taken(type(row), one, after))
        for one in row.__attributes__.values()
        if one.made_from and not after(one.column)
    }


def _taken(entity: type[Entity], one: Attribute, after: Callable[[str], Any]) -> set[str]:
    """The codes that its own can't be: those of every row, or of those of the same parent. One statement."""
    table = entity.__table__
    assert isinstance(table, Table)
    column = table.c[one.column]
    together = next(
        (
            each
            for each in table.constraints
            if isinstance(each, UniqueConstraint) and column in each.columns.values()
        ),
        None,
    )
    beside = () if column.unique or together is None else together.columns
    same = [each == after(each.name) for each in beside if each is not column]
    with unscoped("deux codes ne sont jamais les mêmes, qui que l’on soit"):
        return set(db.session.scalars(select(column).where(*same)))


def written(row: Entity, values: Mapping[str, Any], write: Callable[[], None]) -> Outcome:
    """Flush or commit, and put in words what the database or the scope refuses: all is then undone."""
    entity, row_id = type(row), row.id
    try:
        write()
    except IntegrityError as error:
        db.session.rollback()
        return Outcome(problems=explained(entity, values, error))
    except OutOfScope:
        db.session.rollback()
        return _refused("Une des fiches choisies n’existe pas, ou plus. Choisissez-la de nouveau.")
    except StaleDataError:
        db.session.rollback()
        return conflict(entity, row_id)
    return Outcome(row)


def committed(row: Entity, values: Mapping[str, Any]) -> Outcome:
    """Commit what was written, unless the row does not go with those beside it: all is then undone."""
    flushed = written(row, values, db.session.flush)
    if not flushed:
        return flushed
    wrong = row_checks.beside(row)
    if wrong:
        db.session.rollback()
        return Outcome(problems=wrong)
    return written(row, values, db.session.commit)


def conflict(entity: type[Entity], row_id: int) -> Outcome:
    """Somebody saved in between: who and when, as the history has it; one statement."""
    with unscoped("on dit qui a enregistré, quelle que soit la fiche"):
        last = db.session.execute(
            select(HistoryEntry.actor, HistoryEntry.done_at)
            .where(HistoryEntry.entity == entity.__name__, HistoryEntry.row_id == row_id)
            .order_by(HistoryEntry.id.desc())
            .limit(1)
        ).one_or_none()
    sentence = "Modifié entre-temps par quelqu’un d’autre."
    if last is not None:
        at = last.done_at.astimezone(clock.PARIS)
        sentence = f"Modifié entre-temps par {last.actor}, le {at:%d/%m/%Y} à {at.hour}\u00a0h\u00a0{at:%M}."
    rest = "Rien n’est écrasé\u00a0: comparez, puis enregistrez de nouveau si votre saisie est la bonne."
    return Outcome(problems={WHOLE: f"{sentence} {rest}"}, conflict=True)


def explained(entity: type[Entity], values: Mapping[str, Any], error: IntegrityError) -> dict[str, str]:
    """The constraint that broke, as a sentence on the field that can mend it."""
    broken = _broken_columns(entity, error)
    names = [one.name for one in entity.__attributes__.values() if one.column in broken]
    if not names:
        return {WHOLE: "Ces valeurs ne vont pas ensemble. Vérifiez-les, puis enregistrez de nouveau."}
    labels = [entity.__attributes__[name].label for name in names]
    term = entity.__term__
    another = "une autre" if term.is_feminine else "un autre"
    first = next((name for name in names if name in values), WHOLE)
    if len(names) == 1:
        return {first: f"Déjà pris par {another} {term.one}\u00a0: donnez une autre valeur."}
    listed = ", ".join(f"«\u00a0{label}\u00a0»" for label in labels)
    return {first: f"Il existe déjà {term.a} avec les mêmes valeurs de {listed}."}


def _broken_columns(entity: type[Entity], error: IntegrityError) -> set[str]:
    """The columns of the unique constraint that broke; SQLite lists them, PostgreSQL names it."""
    table = entity.__table__
    assert isinstance(table, Table)
    text = str(error.orig)
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        keys: list[UniqueConstraint | Index] = [
            one for one in table.constraints if isinstance(one, UniqueConstraint)
        ]
        keys.extend(table.indexes)
        named = (one for one in keys if one.name == diagnosis.constraint_name)
        return {column.name for one in named for column in one.columns}
    if not text.startswith("UNIQUE constraint failed: "):
        return set()
    listed = text.removeprefix("UNIQUE constraint failed: ").split(", ")
    return {name.removeprefix(f"{table.name}.") for name in listed}
