"""Erasing a household that left, once the time for which its file is kept has passed (GDPR, article 5.1 e).

What goes is read from the declarations: what has a relation to the household, what is a part of that, the
people and the accounts that no other household holds, what the history and the outbox say of them, and the
files. What accounting law keeps (``__outlives__``) stays, with a household that is now a number. A child of
two homes stays as the other home knows it. Nothing can be taken back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from app.access.database import db
from app.access.folding import fold
from app.access.trail import DELETED
from app.access.viewer import current, unscoped
from app.declare import Entity, FileRef, Kind, entities
from app.entities.billing import InvoiceStatus
from app.entities.booking import RegistrationStatus
from app.models import (
    Answer,
    Booking,
    Family,
    HistoryEntry,
    Invoice,
    OutgoingMail,
    Person,
    Registration,
)
from app.rules.calendar import add_months, instant, local_day
from app.rules.words import counted, day_words, joined
from app.services import files, household_rows
from app.services.settings import read_town

WHY = "l’effacement regarde tout ce qui tient à un foyer"
ORDINARY = (HistoryEntry, OutgoingMail)
"""What the deed takes away without telling how many: nobody counts them as the household's."""
AT_ONCE = 10_000  # numbers in one statement
NB = "\u00a0"

RUNNING = (RegistrationStatus.ASKED, RegistrationStatus.ACCEPTED)

Doomed = dict[type[Entity], set[int]]


@dataclass(frozen=True)
class Leaver:
    """A household whose departure is noted, and from which day its file may be erased."""

    family: Family
    erasable_on: date
    owes_cents: int
    is_due: bool


@dataclass(frozen=True)
class Plan:
    """What erasing would take away and leave, in words; ``problem``: why it can't be done now."""

    family: Family
    going: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """The people whom another household holds: they stay as it knows them."""
    owes_cents: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of it: done, or why not and nothing was touched."""

    name: str = ""
    problem: str = ""

    def __bool__(self) -> bool:
        return not self.problem


# --- Who -----------------------------------------------------------------------------------------


def leavers(today: date) -> list[Leaver]:
    """The households whose departure is noted, the oldest first. Two statements."""
    months = read_town().retention_months
    with unscoped(WHY):
        rows = db.session.execute(
            select(Family, _last_square(Family.id), _owed(Family.id))
            .where(Family.left_on.is_not(None), Family.erased_on.is_(None))
            .order_by(Family.left_on, Family.id)
        ).all()
    found = []
    for family, last, owed in rows:
        on = _erasable_on(family, last, months)
        found.append(Leaver(family, on, owed or 0, on <= today))
    return sorted(found, key=lambda one: (one.erasable_on, one.family.id))


def sleepers(today: date, limit: int) -> tuple[list[Family], int]:
    """Households with no departure noted and no registration since the retention time; and how many.

    One that nobody ever registered counts from its file's first day, which the history knows. Two statements.
    """
    since = add_months(today, -read_town().retention_months)
    registered = exists().where(Registration.family_id == Family.id, Registration.ends_on >= since)
    touched = exists().where(HistoryEntry.family_id == Family.id, HistoryEntry.done_at >= instant(since))
    asked = select(Family).where(Family.left_on.is_(None), Family.erased_on.is_(None), ~registered, ~touched)
    with unscoped(WHY):
        count = db.session.scalar(select(func.count()).select_from(asked.subquery())) or 0
        rows = list(db.session.scalars(asked.order_by(Family.name, Family.id).limit(limit)))
    return rows, count


def _last_square(family_id: Any) -> Any:
    return select(func.max(Booking.booked_on)).where(Booking.family_id == family_id).scalar_subquery()


def _owed(family_id: Any) -> Any:
    return (
        select(func.sum(Invoice.total_cents))
        .where(Invoice.family_id == family_id, Invoice.status == InvoiceStatus.TO_PAY)
        .scalar_subquery()
    )


def _erasable_on(family: Family, last: date | None, months: int) -> date:
    """Counted from the departure, or from the last square when a child still came after it."""
    gone_on = max(family.left_on or date.max, last or date.min)
    return add_months(gone_on, months)


# --- What ----------------------------------------------------------------------------------------


def plan(family_id: int, today: date) -> Plan | None:
    """What erasing this household would do; None: none, or erased. Seven statements."""
    with unscoped(WHY):
        state = _state(family_id)
        if state is None:
            return None
        problem = _problem(state, today)
        if problem:
            return Plan(state.family, problem=problem)
        going, staying = household_rows.people(family_id)
        doomed = household_rows.conditions(family_id, going, household_rows.accounts(family_id, going))
        kept = dict(household_rows.kept(family_id))
        counts = household_rows.counts(doomed | kept)
        named = db.session.scalars(select(Person).where(Person.id.in_(staying)).order_by(Person.id)).all()
        return Plan(
            state.family,
            going=tuple(_said({one: counts[one] for one in doomed})),
            staying=tuple(_said({one: counts[one] for one in kept})),
            elsewhere=tuple(one.full_name for one in named),
            owes_cents=state.owes_cents,
        )


def erase(family_id: int, typed: str, now: datetime) -> Outcome | None:
    """Erase it for good, when ``typed`` is its name; None: there is none. Commits, then the files go.

    Killed in between, the files are without a row: the nightly sweep takes them.
    """
    today = local_day(now)
    with unscoped(WHY):
        state = _state(family_id, lock=True)
        if state is None:
            db.session.rollback()
            return None
        family, problem = state.family, _problem(state, today)
        if not problem and _bare(typed) != _bare(family.name):
            problem = f"Pour confirmer, écrivez le nom du dossier{NB}: {family.name}."
        if problem:
            db.session.rollback()
            return Outcome(problem=problem)
        name = family.name
        doomed = _doomed(family_id)
        keys = set(_file_keys(doomed))
        told = joined(_said({entity: len(ids) for entity, ids in doomed.items()}))
        try:
            is_kept = _unlink(family_id)
            _delete(doomed)
            _empty(family, today, is_kept)
            db.session.add(_entry(family_id, told, now, is_kept))
            db.session.commit()
        except IntegrityError:  # somebody has just written in it
            db.session.rollback()
            return Outcome(problem="Ce dossier vient de changer. Relisez cette page, puis recommencez.")
        files.remove(keys - files.keys_in_use())
    return Outcome(name=name)


@dataclass(frozen=True)
class _State:
    """A household and what its erasing depends on."""

    family: Family
    last_square: date | None
    registered_until: date | None
    owes_cents: int


def _state(family_id: int, lock: bool = False) -> _State | None:
    running = (
        select(func.max(Registration.ends_on))
        .where(Registration.family_id == Family.id, Registration.status.in_(RUNNING))
        .scalar_subquery()
    )
    asked = select(Family, _last_square(Family.id), running, _owed(Family.id)).where(
        Family.id == family_id, Family.erased_on.is_(None)
    )
    row = db.session.execute(asked.with_for_update(of=Family) if lock else asked).one_or_none()
    return _State(row[0], row[1], row[2], row[3] or 0) if row is not None else None


def _problem(state: _State, today: date) -> str:
    """Why this household can't be erased today, as a sentence; empty when it can."""
    if state.family.left_on is None:
        return "Ce dossier est en cours. Notez d’abord le jour du départ sur la fiche de la famille."
    if state.registered_until is not None and state.registered_until >= today:
        return f"Une inscription court jusqu’au {day_words(state.registered_until)}. Terminez-la d’abord."
    months = read_town().retention_months
    on = _erasable_on(state.family, state.last_square, months)
    if on > today:
        return (
            f"Ce dossier se garde {months}{NB}mois après le départ{NB}: "
            f"il pourra être effacé à partir du {day_words(on)}."
        )
    return ""


def _bare(text: str) -> str:
    return " ".join((fold(text) or "").split())


def _said(counts: Mapping[type[Entity], int]) -> Iterator[str]:
    """« 3 personnes », « 214 réservations », in the order of the declarations."""
    for entity in entities():
        if counts.get(entity) and entity not in ORDINARY:
            yield counted(counts[entity], entity.__term__.one, entity.__term__.many)


# --- The deed ------------------------------------------------------------------------------------


def _doomed(family_id: int) -> Doomed:
    """The numbers of every row that goes, by entity; what the history says of each of them too."""
    mine, shared = household_rows.people(family_id)
    # Held from here: whoever would tie one of them to another household waits, and finds them gone.
    held = select(Person.id).where(Person.id.in_(mine | shared)).order_by(Person.id).with_for_update()
    db.session.execute(held).all()
    going, _ = household_rows.people(family_id)
    conditions = household_rows.conditions(family_id, going, household_rows.accounts(family_id, going))
    found = {entity: _ids(select(entity.id).where(condition)) for entity, condition in conditions.items()}
    outliving = [entity.__name__ for entity in entities() if entity.__outlives__]
    kept = select(HistoryEntry.id).where(
        HistoryEntry.family_id == family_id, HistoryEntry.entity.in_(outliving)
    )
    found[HistoryEntry] -= _ids(kept)
    for entity, ids in list(found.items()):
        for some in _batches(ids):
            about = select(HistoryEntry.id).where(
                HistoryEntry.entity == entity.__name__, HistoryEntry.row_id.in_(some)
            )
            found[HistoryEntry] |= _ids(about)
    return {entity: ids for entity, ids in found.items() if ids}


def _ids(asked: Select[Any]) -> set[int]:
    return set(db.session.scalars(asked))


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    numbers = iter(sorted(ids))
    while some := list(islice(numbers, AT_ONCE)):
        yield some


def _unlink(family_id: int) -> bool:
    """What stays points at nobody of the household any more; whether anything stays.

    Names are frozen in it as words. A line without its child is also one that billing leaves alone: it has
    no square left to compare with.
    """
    is_kept = False
    for entity, condition in household_rows.kept(family_id):
        is_kept = is_kept or db.session.scalar(select(entity.id).where(condition).limit(1)) is not None
        for one in entity.__attributes__.values():
            if one.kind is Kind.RELATION and one.target == Person.__name__:
                _write(update(entity).where(condition).values({one.column: None}))
    return is_kept


def _delete(doomed: Doomed) -> None:
    """In bulk, so that the history does not write again what is being erased; what points goes first."""
    for entity in reversed(household_rows.parents_first()):
        for some in _batches(doomed.get(entity, ())):
            _write(delete(entity).where(entity.id.in_(some)))


def _empty(family: Family, today: date, is_kept: bool) -> None:
    """The household becomes a number that its invoices stand on; without any, nothing is left."""
    if not is_kept:
        _write(delete(Family).where(Family.id == family.id))
        return
    blank: dict[str, Any] = {
        one.column: None
        for one in Family.__attributes__.values()
        if not one.required and one.kind is not Kind.BOOLEAN
    }
    blank |= {"name": f"Dossier effacé n° {family.id}", "left_on": family.left_on, "erased_on": today}
    _write(update(Family).where(Family.id == family.id).values(blank | {"revision": Family.revision + 1}))


def _write(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _entry(family_id: int, told: str, now: datetime, is_kept: bool) -> HistoryEntry:
    """What the history keeps: who, when, how much; no name."""
    asking = current()
    return HistoryEntry(
        done_at=now,
        actor=asking.name,
        account_id=asking.account_id,
        action=DELETED,
        entity=Family.__name__,
        row_id=family_id,
        family_id=family_id if is_kept else None,
        summary=f"Dossier effacé{NB}: {told}"[:300],
    )


def _file_keys(doomed: Doomed) -> Iterator[str]:
    """The files of the rows that go, an answer's included."""
    for entity, ids in doomed.items():
        columns = [one.name for one in entity.__attributes__.values() if one.kind is Kind.FILE]
        for some in _batches(ids):
            for name in columns:
                column = getattr(entity, name)
                refs = db.session.scalars(select(column).where(entity.id.in_(some), column.is_not(None)))
                yield from (ref.key for ref in refs if isinstance(ref, FileRef))
            if entity is Answer:
                values = select(Answer.value).where(Answer.id.in_(some), Answer.value.is_not(None))
                yield from (
                    key for value in db.session.scalars(values) for key in files.KEY.findall(str(value))
                )
