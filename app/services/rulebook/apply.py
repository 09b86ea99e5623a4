"""``apply``: the rows of a checked file, in one transaction; a second time changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity, entities, entity_named, pointing_at
from app.models import Activity, Booking, Opening, Unit
from app.services.rulebook.calendar import open_days
from app.services.rulebook.draft import Draft, Entry
from app.services.rulebook.sections import SECTIONS

CHUNK = 500
OWNED = {one.entity for one in SECTIONS if one.owned}
WORDS = {
    "created": "lignes créées",
    "changed": "modifiées",
    "removed": "retirées",
    "unchanged": "inchangées",
}


@dataclass
class Count:
    """What became of one sort of rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Change:
    """One row that is made, changed or deleted: attributes with their values before and after."""

    row: Entity
    what: Literal["created", "changed", "removed"]
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Report:
    """What an application did, by entity name, and the rows that the file no longer holds.

    ``changes`` tells each row, but openings, which go by the thousand.
    """

    counts: dict[str, Count] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing at all was written."""
        return not any(one.created or one.changed or one.removed for one in self.counts.values())

    @property
    def sentence(self) -> str:
        """What was done, in one line."""
        if self.is_quiet:
            return f"Règlement appliqué : rien à changer ({self.total('unchanged')} lignes déjà en place)."
        parts = [f"{self.total(what)} {word}" for what, word in WORDS.items() if self.total(what)]
        return f"Règlement appliqué : {', '.join(parts)}."

    def total(self, what: str) -> int:
        """The sum of « created », « changed », « unchanged » or « removed »."""
        return sum(getattr(one, what) for one in self.counts.values())


def apply(draft: Draft, today: date) -> Report:
    """Write a draft that has no problem, and commit. Raises ValueError on one that has.

    The file is the truth for what it names: a key that is absent takes its default. Rows that it no
    longer names are reported, not deleted, but for coming openings that nobody has booked. One read
    an entity, then only what differs.
    """
    _refuse(draft)
    with unscoped("le règlement de la ville s’applique en entier"):
        try:
            report = write(draft, today)
            db.session.commit()
        finally:
            db.session.rollback()  # nothing to undo once committed
    return report


def write(draft: Draft, today: date) -> Report:
    """The same without a commit, for whoever looks first. Raises ValueError as ``apply`` does."""
    _refuse(draft)
    report = Report()
    rows: dict[int, Entity] = {}
    for entity, entries in _by_entity(draft):
        report.counts[entity.__name__] = _upsert(entity, entries, rows, report)
    report.counts["Opening"] = _open(draft, today)
    return report


def _refuse(draft: Draft) -> None:
    if draft.problems:
        raise ValueError("Ce règlement a des erreurs : corrigez-les avant de l’appliquer.")


def _by_entity(draft: Draft) -> list[tuple[type[Entity], list[Entry]]]:
    """Entries grouped by entity, what is named before what names it."""
    grouped: dict[type[Entity], list[Entry]] = {}
    for entry in draft.entries:
        grouped.setdefault(entry.entity, []).append(entry)
    for entity in entities():
        if entity in OWNED:
            grouped.setdefault(entity, [])
        above = _form_of(entity)
        if above is not None and entity_named(above.target) in grouped:
            grouped.setdefault(entity, [])
    tables = {table: rank for rank, table in enumerate(Entity.metadata.sorted_tables)}
    return sorted(grouped.items(), key=lambda pair: tables[pair[0].__table__])  # type: ignore[index]


def _upsert(entity: type[Entity], entries: list[Entry], rows: dict[int, Entity], report: Report) -> Count:
    count = Count()
    identity = entries[0].identity if entries else ("id",)
    known = {
        tuple(getattr(row, name) for name in identity): row for row in db.session.scalars(select(entity))
    }
    for entry in entries:
        values = _columns(entry, rows)
        key = tuple(values[name] for name in identity)
        row = known.pop(key, None)
        if row is None:
            row = entity(**values)
            db.session.add(row)
            count.created += 1
            report.changes.append(Change(row, "created"))
        elif different := {name: value for name, value in values.items() if getattr(row, name) != value}:
            before = {name: getattr(row, name) for name in different}
            for name, value in different.items():
                setattr(row, name, value)
            count.changed += 1
            report.changes.append(Change(row, "changed", before, different))
        else:
            count.unchanged += 1
        rows[id(entry)] = row
    above = _form_of(entity)
    named = {id(row) for row in rows.values()}
    for key, row in list(known.items()):
        if entity in OWNED or (above is not None and id(getattr(row, above.name)) in named):
            report.changes.append(Change(row, "removed"))
            db.session.delete(row)
            count.removed += 1
            del known[key]
    report.left += [f"{entity.__term__.title_one} « {row} »" for row in known.values()]
    db.session.flush()
    return count


def _form_of(entity: type[Entity]) -> Attribute | None:
    """The relation by which its rows are lines of another one's form, when nothing stands on them.

    The file says the whole of what it names: a bracket that a tariff no longer has goes with the change.
    """
    if pointing_at(entity):
        return None
    return next((one for one in entity.__attributes__.values() if one.inline), None)


def _columns(entry: Entry, rows: dict[int, Entity]) -> dict[str, Any]:
    """The values by column: a reference is the number of its row."""
    values: dict[str, Any] = {}
    for name, value in entry.values.items():
        one = entry.entity.__attributes__[name]
        values[one.column] = rows[id(value)].id if isinstance(value, Entry) else value
    if entry.parent is not None and entry.parent_name:
        values[f"{entry.parent_name}_id"] = rows[id(entry.parent)].id
    return values


def _open(draft: Draft, today: date) -> Count:
    """Bring the openings in line: five statements, in bulk."""
    count = Count()
    wanted = _numbered(draft)
    if not wanted:
        return count
    days = [on for _, on in wanted]
    existing = {
        (unit_id, on): (number, places)
        for number, unit_id, on, places in db.session.execute(
            select(Opening.id, Opening.unit_id, Opening.open_on, Opening.places).where(
                Opening.open_on.between(min(days), max(days))
            )
        )
    }
    new = [
        {"unit_id": unit_id, "open_on": on, "places": places, "revision": 1}
        for (unit_id, on), places in wanted.items()
        if (unit_id, on) not in existing
    ]
    if new:
        db.session.execute(insert(Opening.__table__), new)  # type: ignore[arg-type]
    # Places that a head gave one day stay, unless the file gives some.
    moved = [
        (existing[key][0], places)
        for key, places in wanted.items()
        if key in existing and places is not None and existing[key][1] != places
    ]
    for number, places in moved:
        db.session.execute(
            update(Opening).where(Opening.id == number).values(places=places),
            execution_options={"synchronize_session": False},
        )
    gone = _unused(
        {key: row[0] for key, row in existing.items() if key not in wanted and key[1] > today}, today
    )
    for first in range(0, len(gone), CHUNK):
        db.session.execute(
            delete(Opening).where(Opening.id.in_(gone[first : first + CHUNK])),
            execution_options={"synchronize_session": False},
        )
    count.created, count.changed, count.removed = len(new), len(moved), len(gone)
    count.unchanged = len(wanted) - len(new) - len(moved)
    return count


def _numbered(draft: Draft) -> dict[tuple[int, date], int | None]:
    numbers = {
        f"{activity}.{unit}": number
        for activity, unit, number in db.session.execute(
            select(Activity.code, Unit.code, Unit.id).join(Unit, Unit.activity_id == Activity.id)
        )
    }
    return {(numbers[code], on): places for (code, on), places in open_days(draft).items()}


def _unused(openings: dict[tuple[int, date], int], today: date) -> list[int]:
    """Those of these openings on which nobody has a booking, whatever its state."""
    if not openings:
        return []
    booked: Iterable[Any] = db.session.execute(
        select(Booking.unit_id, Booking.booked_on).where(Booking.booked_on > today).distinct()
    )
    kept = {(unit_id, on) for unit_id, on in booked}
    return [number for key, number in openings.items() if key not in kept]
