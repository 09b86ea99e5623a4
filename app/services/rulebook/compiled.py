"""A règlement as examples are tried on: from a file that was read, or from the town's own rows.

Both go by the same catalogue and the same offer as parents do: an example never judges by other rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.health import Level
from app.models import (
    Activity,
    Article,
    Bracket,
    CareGroup,
    ClosingDay,
    DocumentType,
    Facility,
    Opening,
    Period,
    Question,
    Rule,
    School,
    SchoolYear,
    Setting,
    Tariff,
    Unit,
)
from app.rules.booking import AGES, CLOSED, PAST, UNREGISTERED, DatedRule, Otherwise
from app.rules.calendar import ONE_DAY
from app.rules.facts import Slot
from app.rules.parameters import Known
from app.rules.trying import Book
from app.services.catalogue import USUAL, BrokenRule, Catalogue, catalogue, code_of, dated, with_usual
from app.services.paperwork import rule_of
from app.services.rulebook.calendar import openings_of
from app.services.rulebook.draft import Draft, Entry
from app.services.rulings import offer_of
from app.services.settings import Town

ALWAYS_HOLD = frozenset({CLOSED, PAST, UNREGISTERED, AGES, USUAL})
"""What refusals that come from no row are called."""
NO_DAY = date(2000, 1, 1)
"""Where the calendar of a town without a year nor a day begins and ends."""
Rows = dict[type[Entity], list[Any]]
"""A town's rows by entity, in the order of the file."""
KEPT: tuple[type[Entity], ...] = (
    Setting, Facility, Activity, Unit, CareGroup, School, Article, SchoolYear, Period, ClosingDay, Rule,
    DocumentType, Question, Tariff, Bracket,
)  # fmt: skip
"""What the rules, the examples and the printed règlement are made of; what is named before what names it."""
OF_RULES: tuple[type[Entity], ...] = (
    Activity, Unit, CareGroup, School, Article, SchoolYear, Rule, DocumentType, Question,
)  # fmt: skip
"""What the pages of rules and of examples read of them."""


def vocabulary(draft: Draft) -> Known:
    """Every code that rules and examples of a file may name."""
    return {
        "unit": draft.codes("Unit"),
        "activity": draft.codes("Activity"),
        "document": draft.codes("DocumentType"),
        "answer": draft.codes("Question"),
        "group": {one.code.rpartition(".")[2] for one in draft.of(CareGroup)},
        "level": {one.value for one in Level},
        "school": {*draft.codes("School")},
        "rule": {*(one.values.get("version_of") or one.code for one in draft.of(Rule)), *ALWAYS_HOLD},
    }


def vocabulary_of(rows: Rows) -> Known:
    """The same of a town's rows. No query."""
    return {
        "unit": {code_of(one) for one in rows[Unit]},
        "activity": {one.code for one in rows[Activity]},
        "document": {one.code for one in rows[DocumentType]},
        "answer": {one.code for one in rows[Question]},
        "group": {one.name for one in rows[CareGroup]},
        "level": {one.value for one in Level},
        "school": {one.code for one in rows[School]},
        "rule": {*(one.called for one in rows[Rule]), *ALWAYS_HOLD},
    }


def book_of(draft: Draft) -> Book:
    """The règlement of a file without a problem. No query."""
    rows = rows_of(draft)
    known = Catalogue(
        units=tuple(rows[Unit]),
        readable_rules=with_usual(map(dated, rows[Rule])),
        broken_rules=(),
        periods=tuple(sorted(rows[Period], key=lambda one: one.starts_on)),
        closings=tuple(rows[ClosingDay]),
        unit_grids={},
        activity_grids={},
        town=Town(),
        documents={one.code: one.phrase or one.name for one in rows[DocumentType]},
    )
    openings = {Slot(code, on): places for (code, on), places in openings_of(draft).items()}
    years = [(one.starts_on, one.ends_on) for one in rows[SchoolYear]]
    return _book(known, openings, rows[Activity], rows[DocumentType], years)


def book_now(rows: Rows, but: str = "") -> Book:
    """The town's own règlement, every school year of it. Two statements, and those of the catalogue.

    ``but``: a rule that is left out when it can't be read, for whoever mends it. Raises BrokenRule when
    another one can't.
    """
    rules = []
    for one in rows[Rule]:
        try:
            rules.append(dated(one))
        except BrokenRule:
            if one.code != but:
                raise
    with unscoped("le règlement de la ville est public"):
        known = replace(catalogue(), readable_rules=with_usual(rules), broken_rules=())
        openings = {
            Slot(code_of(known.by_id[unit_id]), on): places
            for unit_id, on, places in db.session.execute(
                select(Opening.unit_id, Opening.open_on, Opening.places)
            )
        }
        years = [(one.starts_on, one.ends_on) for one in rows[SchoolYear]]
        return _book(known, openings, rows[Activity], rows[DocumentType], years)


def with_rules(book: Book, rules: Iterable[DatedRule]) -> Book:
    """The book with these rules, and what holds beside them."""
    told = (one for one in rules if not isinstance(one, Otherwise))
    return replace(book, rules=with_usual(told))


def _book(
    known: Catalogue,
    openings: Mapping[Slot, int | None],
    activities: Iterable[Activity],
    types: Iterable[DocumentType],
    years: Iterable[Any],
) -> Book:
    days = [on for year in years for on in year] + [slot.on for slot in openings] or [NO_DAY]
    offer = offer_of(known, known.by_code, openings, min(days), max(days) + ONE_DAY)
    return Book(
        rules=known.rules,
        calendar=offer.calendar,
        places=offer.places,
        names=offer.names,
        minutes=offer.minutes,
        documents=tuple(map(rule_of, types)),
        concerned={
            one.code: frozenset({f"activity:{one.id}", f"facility:{one.facility_id}"}) for one in activities
        },
        ages={one.code: one.ages for one in activities},
    )


def rows_of(draft: Draft) -> Rows:
    """The entries as rows that no session knows, numbered as if it did."""
    made: dict[int, Entity] = {}
    found: Rows = {entity: [] for entity in KEPT}
    for entity in KEPT:
        for number, entry in enumerate(draft.of(entity), 1):
            row = entity(id=number)
            for name, value in _values(entry).items():
                if isinstance(value, Entry):
                    other: Any = made[id(value)]
                    setattr(row, name, other)
                    setattr(row, f"{name}_id", other.id)
                else:
                    setattr(row, name, value)
            made[id(entry)] = row
            found[entity].append(row)
    return found


def rows_now(entities: Iterable[type[Entity]] = KEPT) -> Rows:
    """The town's own rows. A statement an entity."""
    with unscoped("le règlement de la ville est public"):
        return {entity: list(db.session.scalars(select(entity).order_by(entity.id))) for entity in entities}


def _values(entry: Entry) -> dict[str, Any]:
    values = dict(entry.values)
    if entry.parent is not None:
        values[entry.parent_name] = entry.parent
    return values
