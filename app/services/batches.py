"""One value for many rows, or many rows deleted: what can be done is, in one transaction; the rest says why.

Rows come loaded in the viewer's scope: what is out of reach is not among them. Each is written as a form
writes one (``records``): same rights, same checks of the row, same history. ``trial`` runs it all, then
rolls back: what a preview announces is what would happen, until somebody changes the rows.

Cost, whatever the number of rows: one SELECT for what holds them (deletions), one for the keys that the
scope checks, one INSERT of the history, one DELETE for all. A change is one UPDATE a row, because the version
of each is checked. Only when the database refuses the whole (a value taken twice, a row held by what nothing
declares) are the rows tried one after the other, some three statements each.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, UniqueConstraint, func, literal, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.scope import OutOfScope
from app.access.viewer import Viewer, unscoped
from app.declare import Attribute, Entity, Kind, pointing_at
from app.services import records, row_checks
from app.services.records import Dependents

MOST = 1000
"""How many rows a batch has at most."""
BARRED = (Kind.FILE, Kind.JSON)


@dataclass
class Batch:
    """What became of each row, by number. ``problem``: why nothing at all was tried."""

    done: list[int] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    """Rows that had that value already."""
    refused: dict[int, str] = field(default_factory=dict)
    leaving: list[Dependents] = field(default_factory=list)
    """What was deleted with the rows, added up."""
    problem: str = ""


def changeable(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The attributes that a batch may set: those the viewer edits, but files and what is unique to a row."""
    if not permissions.may(viewer, entity, Action.EDIT):
        return []
    unique = _unique(entity)
    return [
        one
        for one in permissions.editable(entity, viewer)
        if one.kind not in BARRED and one.column not in unique and not one.secret
    ]


def _unique(entity: type[Entity]) -> set[str]:
    """The columns of which no two rows hold the same value."""
    table = cast(Table, entity.__table__)
    keys: list[Any] = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    keys.extend(one for one in table.indexes if one.unique)
    alone = {next(iter(key.columns)).name for key in keys if len(key.columns) == 1}
    return alone | {column.name for column in table.columns if column.unique}


def update_many(
    rows: Sequence[Entity], one: Attribute, value: Any, viewer: Viewer, *, trial: bool = False
) -> Batch:
    """Give that attribute this value on each row (a relation's is a row's number), and commit."""
    if not rows:
        return Batch()
    entity = type(rows[0])
    if one not in changeable(entity, viewer):
        return Batch(problem=f"Vous ne pouvez pas modifier «\u00a0{one.label}\u00a0» pour plusieurs fiches.")
    if len(rows) > MOST:
        return Batch(problem=too_many())
    batch, kept = Batch(), []
    for row in rows:
        before = getattr(row, one.column)
        if before == value:
            batch.same.append(row.id)
            continue
        setattr(row, one.column, value)
        wrong = row_checks.problems(row)
        setattr(row, one.column, before)
        if wrong:
            batch.refused[row.id] = " ".join(wrong.values())
        else:
            kept.append(row)

    def change(row: Entity) -> None:
        setattr(row, one.column, value)

    def refusal(error: IntegrityError) -> str:
        return next(iter(records.explained(entity, {one.name: value}, error).values()))

    return _run(batch, kept, change, refusal, trial)


def delete_many(rows: Sequence[Entity], viewer: Viewer, *, trial: bool = False) -> Batch:
    """Delete the rows on which nothing else depends, with what is a part of them, and commit."""
    if not rows:
        return Batch()
    entity = type(rows[0])
    if not permissions.may(viewer, entity, Action.DELETE):
        return Batch(problem=f"Vous ne pouvez pas supprimer {entity.__term__.the}.")
    if len(rows) > MOST:
        return Batch(problem=too_many())
    found = dependents(entity, [row.id for row in rows])
    batch, kept = Batch(), []
    for row in rows:
        holding = [one for one in found.get(row.id, ()) if not one.leaves_with_it]
        if holding:
            batch.refused[row.id] = _held(holding)
        else:
            kept.append(row)

    def refusal(error: IntegrityError) -> str:
        return f"D’autres fiches dépendent de {entity.__term__.the}."

    batch = _run(batch, kept, db.session.delete, refusal, trial)
    batch.leaving = _added_up(dependent for key in batch.done for dependent in found.get(key, ()))
    return batch


def _held(holding: Sequence[Dependents]) -> str:
    """« 2 factures en dépendent »."""
    plural = len(holding) > 1 or holding[0].count > 1
    return f"{', '.join(one.says for one in holding)} {'en dépendent' if plural else 'en dépend'}."


def too_many() -> str:
    """The sentence for more rows than a batch takes."""
    return "Au plus 1\u00a0000 fiches à la fois\u00a0: ajoutez un filtre, puis recommencez."


def dependents(entity: type[Entity], ids: Sequence[int]) -> dict[int, list[Dependents]]:
    """What points at these rows, whoever may see it, as ``records.dependents`` counts it; one statement."""
    pointing = [
        (other, one)
        for other, one in pointing_at(entity)
        if next(iter(other.__table__.c[one.column].foreign_keys)).ondelete != "SET NULL"
    ]
    if not pointing or not ids:
        return {}
    chosen = select(entity.__table__.c.id).where(entity.__table__.c.id.in_(ids)).cte("chosen")
    counts = []
    for rank, (other, one) in enumerate(pointing):
        key = other.__table__.c[one.column]
        counts.append(
            select(literal(rank), key, func.count())
            .where(key.in_(select(chosen.c.id)))
            .select_from(other.__table__)
            .group_by(key)
        )
    found: dict[int, list[Dependents]] = defaultdict(list)
    with unscoped(
        "des fiches qui en tiennent d’autres ne s’effacent pas, même si leur auteur ne les voit pas"
    ):
        for rank, row_id, count in db.session.execute(union_all(*counts)):
            other, one = pointing[rank]
            found[row_id].append(Dependents(other, one, count))
    return found


def _added_up(found: Any) -> list[Dependents]:
    totals: Counter[tuple[Any, Attribute]] = Counter()
    for one in found:
        totals[one.entity, one.relation] += one.count
    return [Dependents(entity, relation, count) for (entity, relation), count in totals.items()]


def _run(
    batch: Batch,
    rows: Sequence[Entity],
    act: Callable[[Any], None],
    refusal: Callable[[IntegrityError], str],
    trial: bool,
) -> Batch:
    """Do it to all rows at once; one after the other if the database refuses; then commit, or roll back."""
    ids = [row.id for row in rows]
    if not _try(rows, act):
        for key, row in zip(ids, rows, strict=True):
            try:
                with db.session.begin_nested():
                    act(row)
                    db.session.flush()
            except IntegrityError as error:
                batch.refused[key] = refusal(error)
            except StaleDataError:
                batch.refused[key] = "Cette fiche a changé entre-temps."
            except OutOfScope:
                batch.refused[key] = "La fiche choisie n’existe pas, ou plus."
    batch.done = [key for key in ids if key not in batch.refused]
    if trial:
        db.session.rollback()
    else:
        db.session.commit()
    return batch


def _try(rows: Sequence[Entity], act: Callable[[Any], None]) -> bool:
    """Whether it could be done to all of them at once; if not, nothing is."""
    try:
        with db.session.begin_nested():
            for row in rows:
                act(row)
            db.session.flush()
    except (IntegrityError, StaleDataError, OutOfScope):
        return False
    return True
