"""One row of every entity for each of two households, so that a test can knock at every door.

Household A's rows hang on Lila, Claire's account and the canteen; B's on Tom, Denis's account and
the leisure centre. Every text says whose it is: « Ligne A », « Ligne B ».
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, get_origin

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Choice, Entity, FileRef, Kind, entities, entity_named
from app.models import (
    Account,
    AccountFamily,
    Activity,
    ChangeRequest,
    Facility,
    Family,
    HistoryEntry,
    InvoiceLine,
    Membership,
    Period,
    Person,
    RoleGrant,
    Rule,
    SchoolYear,
    Tariff,
    Unit,
)
from app.rules.calendar import ONE_DAY
from tests.people import Town

VALUES: dict[Kind | None, Any] = {
    Kind.INTEGER: 1,
    Kind.CENTS: 432,
    Kind.DECIMAL: Decimal("4.32"),
    Kind.BOOLEAN: True,
    Kind.DATE: date(2026, 9, 1),
    Kind.TIME: time(8, 30),
    Kind.MOMENT: datetime(2026, 9, 1, 8, 30, tzinfo=UTC),
    Kind.FILE: FileRef("0" * 32, "piece.pdf", "application/pdf", 12, "0" * 64),
    Kind.EMAIL: "ligne@example.org",
    Kind.PHONE: "04 65 71 01 12",
    Kind.IBAN: "FR7630006000011234567890189",
}
Rows = dict[str, int]
"""The number of the row of each entity, by its class name."""


def every_row(town: Town) -> dict[str, Rows]:
    """Write them; the numbers by household and entity."""
    given = {
        "A": _given(town, "A", "lila", "claire", "restaurant", "cantine", "cantine.repas"),
        "B": _given(town, "B", "tom", "denis", "grappaloups", "mercredi", "mercredi.matin"),
    }
    with unscoped("une ligne de chaque sorte"):
        for whose, rows in given.items():
            for entity in sorted_entities():
                if entity.__name__ not in rows:
                    rows[entity.__name__] = _write(entity, whose, rows)
        db.session.commit()
        db.session.expunge_all()
    return given


def _given(town: Town, whose: str, child: str, account: str, facility: str, activity: str, unit: str) -> Rows:
    family = town.families[whose]
    with unscoped("ce que la petite ville a déjà"):
        tie = db.session.query(Membership).filter_by(family_id=family, person_id=town.people[child]).one()
        reach = (
            db.session.query(AccountFamily)
            .filter_by(family_id=family, account_id=town.accounts[account])
            .one()
        )
        return {
            Family.__name__: family,
            Person.__name__: town.people[child],
            Account.__name__: town.accounts[account],
            Facility.__name__: town.facilities[facility],
            Activity.__name__: town.activities[activity],
            Unit.__name__: town.units[unit],
            SchoolYear.__name__: town.school_year,
            Membership.__name__: tie.id,
            AccountFamily.__name__: reach.id,
            "desk": town.accounts["desk"],
        }


def sorted_entities() -> list[type[Entity]]:
    """Every entity after those it points at."""
    found: list[type[Entity]] = []

    def add(entity: type[Entity]) -> None:
        if entity in found:
            return
        for one in entity.__attributes__.values():
            if one.kind is Kind.RELATION and one.target != entity.__name__:
                add(entity_named(one.target))
        found.append(entity)

    for entity in entities():
        add(entity)
    return found


def _write(entity: type[Entity], whose: str, rows: Rows) -> int:
    row = entity()
    for one in entity.__attributes__.values():
        if one.kind is Kind.RELATION:
            setattr(row, one.column, rows[one.target])
        elif one.kind is not Kind.FILE or one.required:
            setattr(row, one.name, value(one, f"Ligne {whose}", entity))
    _fit(row, whose, rows)
    db.session.add(row)
    db.session.flush()
    return row.id


def _fit(row: Entity, whose: str, rows: Rows) -> None:
    """What a value of each kind does not make right."""
    if isinstance(row, HistoryEntry | ChangeRequest):  # about a row that there is
        row.entity, row.row_id = "Family", rows["Family"]
    if isinstance(row, ChangeRequest):
        row.before, row.after = {"phone": None}, {"phone": "04 76 00 00 00"}
    if isinstance(row, RoleGrant):  # a parent stays a parent
        row.account_id = rows["desk"]
    if isinstance(row, Rule):  # every page reads the rules: they must be readable
        row.rule_kind, row.parameters, row.weekdays, row.units = "capacity", {"places": 10}, None, None
        row.who, row.unless = None, None
    if isinstance(row, Tariff):
        row.until_on = None
    if isinstance(row, Period) and whose == "B":  # one year, another first day
        row.starts_on += ONE_DAY
    if isinstance(row, InvoiceLine):  # of an invoice or of a credit note, never of both
        row.credit_note_id = None


def value(one: Attribute, words: str, entity: type[Entity]) -> Any:
    """A value of that kind; a text starts with these words."""
    if one.kind is Kind.CHOICE:
        choice: type[Choice] = one.python_type
        return next(iter(choice))
    if one.kind is Kind.JSON:
        return [words] if (get_origin(one.python_type) or one.python_type) is list else {"name": words}
    if one.kind in VALUES:
        return VALUES[one.kind]
    return f"{words} {entity.__name__} {one.name}"[: one.length or 200]
