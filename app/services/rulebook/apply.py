"""``apply``: the rows of a checked file, in one transaction; a second time changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy import delete, insert, or_, select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity, entities, entity_named, pointing_at
from app.models import Activity, Booking, Opening, Rule, SchoolYear, Unit
from app.rules.words import counted, day_words, joined
from app.services.rulebook.calendar import openings_of
from app.services.rulebook.draft import Draft, Entry
from app.services.rulebook.sections import SECTIONS

CHUNK = 500
OWNED = {one.entity for one in SECTIONS if one.owned}
WORDS = {
    "created": ("ligne créée", "lignes créées"),
    "changed": ("modifiée", "modifiées"),
    "removed": ("retirée", "retirées"),
    "unchanged": ("inchangée", "inchangées"),
}
SEVERAL = 3
"""Days beyond which those that stay open are told by their number."""
Square = tuple[int, date]
"""A unit's number and a day."""


@dataclass
class Tally:
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

    counts: dict[str, Tally] = field(default_factory=dict)
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
            kept = counted(self.total("unchanged"), "ligne déjà en place", "lignes déjà en place")
            return f"Règlement appliqué : rien à changer ({kept})."
        parts = [counted(self.total(what), *word) for what, word in WORDS.items() if self.total(what)]
        return f"Règlement appliqué : {', '.join(parts)}."

    def total(self, what: str) -> int:
        """The sum of « created », « changed », « unchanged » or « removed »."""
        return sum(getattr(one, what) for one in self.counts.values())


def apply(draft: Draft, today: date) -> Report:
    """Write a draft that has no problem, and commit. Raises ValueError on one that has.

    The file is the truth for what it names: a key that is absent takes its default. Rows that it no
    longer names are reported, not deleted, but for the coming openings of its units that nobody has
    booked. One read an entity, then only what differs.
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
        if entity is Rule:
            _succeed([rows[id(one)] for one in entries], report)
    report.counts["Opening"] = _open(draft, today, report)
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


def _upsert(entity: type[Entity], entries: list[Entry], rows: dict[int, Entity], report: Report) -> Tally:
    count = Tally()
    identity = entries[0].identity if entries else ("id",)
    known: dict[tuple[Any, ...], list[Entity]] = defaultdict(list)
    for stored in db.session.scalars(select(entity).order_by(entity.id)):
        known[tuple(getattr(stored, name) for name in identity)].append(stored)
    twins: list[Entity] = []
    for entry in entries:
        values = _columns(entry, rows)
        row, *others = known.pop(tuple(values[name] for name in identity), [None])
        twins += [one for one in others if one is not None]
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
    above, lone = _form_of(entity), not pointing_at(entity)
    named = {id(row) for row in rows.values()}
    unnamed = [one for several in known.values() for one in several]
    for one in (*unnamed, *twins):
        is_twin = lone and one in twins  # a row that the file names once is one row
        if entity in OWNED or is_twin or (above is not None and id(getattr(one, above.name)) in named):
            report.changes.append(Change(one, "removed"))
            db.session.delete(one)
            count.removed += 1
        else:
            report.left.append(_left(one))
    db.session.flush()
    return count


def _succeed(named: Iterable[Any], report: Report) -> None:
    """Leave to the versions that the file gives of its rules the days that it gives them: no day has two.

    One that only the database holds ends where the file's begins, begins where it ends, or goes.
    """
    count, given = report.counts[Rule.__name__], defaultdict(list)
    for rule in named:
        given[rule.called].append(rule)
    numbers = [rule.id for several in given.values() for rule in several]
    for row in db.session.scalars(select(Rule).where(Rule.id.not_in(numbers)).order_by(Rule.id)):
        was = {"from_on": row.from_on, "until_on": row.until_on}
        days = (row.from_on or date.min, row.until_on or date.max)
        for rule in given.get(row.called, ()):
            first_on, end_on = rule.from_on or date.min, rule.until_on or date.max
            if days[0] < end_on and first_on < days[1]:
                days = (days[0], first_on) if days[0] < first_on else (end_on, days[1])
        if days[0] >= days[1]:
            report.left.remove(_left(row))
            report.changes.append(Change(row, "removed"))
            db.session.delete(row)
            count.removed += 1
        elif days != (was["from_on"] or date.min, was["until_on"] or date.max):
            row.from_on = days[0] if days[0] > date.min else None
            row.until_on = days[1] if days[1] < date.max else None
            now = {"from_on": row.from_on, "until_on": row.until_on}
            report.changes.append(Change(row, "changed", was, now))
            count.changed += 1
    db.session.flush()


def _left(row: Entity) -> str:
    """A row that the file no longer holds, in words."""
    return f"{row.__term__.title_one} « {row} »"


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


def _open(draft: Draft, today: date, report: Report) -> Tally:
    """Bring the openings of the file's units in line: six statements, in bulk.

    After today a unit opens on the days that the file gives, and on those that somebody has booked, which
    are told. Past days stay, and those of a school year that the file does not name.
    """
    count = Tally()
    units = _numbers(draft)
    wanted = {(units[code], on): places for (code, on), places in openings_of(draft).items()}
    if not units:
        return count
    existing = {
        (unit_id, on): (number, places)
        for number, unit_id, on, places in db.session.execute(
            select(Opening.id, Opening.unit_id, Opening.open_on, Opening.places).where(
                Opening.unit_id.in_(units.values()),
                or_(Opening.open_on > today, Opening.open_on >= min((on for _, on in wanted), default=today)),
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
    others = _other_years(draft)
    unnamed = {
        (unit_id, on): number
        for (unit_id, on), (number, _) in existing.items()
        if (unit_id, on) not in wanted
        and on > today
        and not any(first_on <= on <= last_on for first_on, last_on in others)
    }
    kept = _booked(unnamed, today)
    gone = [number for key, number in unnamed.items() if key not in kept]
    for first in range(0, len(gone), CHUNK):
        db.session.execute(
            delete(Opening).where(Opening.id.in_(gone[first : first + CHUNK])),
            execution_options={"synchronize_session": False},
        )
    report.left += _still_open(kept, {number: code for code, number in units.items()})
    count.created, count.changed, count.removed = len(new), len(moved), len(gone)
    count.unchanged = len(wanted) - len(new) - len(moved)
    return count


def _numbers(draft: Draft) -> dict[str, int]:
    """The rows of the file's units, by their codes."""
    named = draft.codes("Unit")
    stored = db.session.execute(
        select(Activity.code, Unit.code, Unit.id).join(Unit, Unit.activity_id == Activity.id)
    )
    return {code: number for activity, unit, number in stored if (code := f"{activity}.{unit}") in named}


def _other_years(draft: Draft) -> list[tuple[date, date]]:
    """The first and last days of the school years that the file does not name."""
    named = draft.codes("SchoolYear")
    stored = db.session.execute(select(SchoolYear.code, SchoolYear.starts_on, SchoolYear.ends_on))
    return [(starts_on, ends_on) for code, starts_on, ends_on in stored if code not in named]


def _booked(squares: Iterable[Square], today: date) -> list[Square]:
    """Those of these coming squares on which somebody has a booking, whatever its state."""
    asked = set(squares)
    if not asked:
        return []
    booked: Iterable[Any] = db.session.execute(
        select(Booking.unit_id, Booking.booked_on).where(Booking.booked_on > today).distinct()
    )
    return sorted(asked & {(unit_id, on) for unit_id, on in booked})


def _still_open(squares: Iterable[Square], codes: Mapping[int, str]) -> list[str]:
    """A line a unit: the days that stay open because somebody has booked them."""
    days: dict[int, list[date]] = defaultdict(list)
    for unit_id, on in squares:
        days[unit_id].append(on)
    return [
        f"Ouverture « {codes[unit_id]} », réservée : le {joined(map(day_words, several))}"
        if len(several) <= SEVERAL
        else f"Ouverture « {codes[unit_id]} », réservée : {len(several)} jours, "
        f"du {day_words(several[0])} au {day_words(several[-1])}"
        for unit_id, several in days.items()
    ]
