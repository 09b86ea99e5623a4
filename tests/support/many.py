"""Ten thousand rows of every entity, written by the database itself in a few seconds.

Row ``FIRST + n`` of an entity points at row ``FIRST + n`` of what it relates to, but for one relation in
turn, which points at household A's own row (``rows.every_row``): that row has thousands behind each of
its relations, and no two rows say the same. A new entity is covered without a line here.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_origin

from sqlalchemy import ColumnElement, Table, case, cast, func, insert, literal, null, select
from sqlalchemy import String as SqlString

from app.access.database import db
from app.access.trail import CHANGED
from app.access.versions import raise_version
from app.access.viewer import unscoped
from app.declare import Attribute, Entity, Kind, entities
from tests.people import Town
from tests.support.rows import VALUES, Rows, every_row, sorted_entities

MANY = 10_000
FIRST = 1000
"""The numbers below are the small town's."""
ASKED = 24
WORDS = "Une phrase comme on en écrit dans une case prévue pour cela, ni longue ni courte. " * 4
SPREAD = {("AccountFamily", "account"), ("RoleGrant", "account")}
"""A parent of thousands of homes would be nobody's, and a parent must not become the service."""
EITHER = {"InvoiceLine": ("invoice", "credit_note")}
"""Of two relations, a row has one."""
Number = ColumnElement[Any]


def many_rows(town: Town, count: int = MANY) -> dict[str, Rows]:
    """Write them, over the rows of ``every_row``; the numbers of the rows that have the most behind them."""
    rows = every_row(town)
    with unscoped("dix mille lignes de chaque sorte"):
        for entity in sorted_entities():
            if entity.__name__ == "HistoryEntry":
                _write_history(rows["A"], count)
            else:
                _write(entity, rows["A"], count)
        raise_version(db.session())  # the catalogue is kept in memory from then on
        db.session.commit()
        db.session.expunge_all()
    return rows


def _numbers(count: int) -> Any:
    counted = select(literal(1).label("n")).cte("counted", recursive=True)
    return counted.union_all(select(counted.c.n + 1).where(counted.c.n < count))


def _write(
    entity: type[Entity],
    heavy: Rows,
    count: int,
    first: int = FIRST,
    given: Mapping[str, Number] = MappingProxyType({}),
) -> None:
    table = entity.__table__
    assert isinstance(table, Table)
    numbers = _numbers(count)
    n = numbers.c.n
    values: dict[str, Number] = {"id": n + first, "revision": literal(1)}
    relations = [one for one in entity.__attributes__.values() if one.kind is Kind.RELATION]
    for one in entity.__attributes__.values():
        if one.kind is Kind.RELATION:
            rank = relations.index(one)
            values[one.column] = _pointed(entity, one, n, n % max(len(relations), 2) == rank, heavy)
        else:
            values[one.column] = _value(one, n, table.c[one.column].type)
    if entity.__name__ == "Rule":  # every page reads the rules: they must be readable
        types = {name: table.c[name].type for name in ("parameters", "units", "weekdays")}
        values |= {"rule_kind": literal("capacity"), "units": null(), "weekdays": null()}
        values["parameters"] = literal({"places": 10}, types["parameters"])
    if entity.__name__ == "Question":  # a town asks some dozens, and keeps those that it asks no more
        values["is_asked"] = n <= ASKED
    values.update(given)
    db.session.connection().execute(
        insert(table).from_select(list(values), select(*values.values()).select_from(numbers))
    )


def _pointed(
    entity: type[Entity], one: Attribute, n: Number, is_heavy: ColumnElement[bool], heavy: Rows
) -> Number:
    spread = n + FIRST
    single = bool(entity.__table__.c[one.column].unique)
    if single or (entity.__name__, one.name) in SPREAD:
        found: Number = spread
    else:
        found = case((is_heavy, literal(heavy[one.target])), else_=spread)
    pair = EITHER.get(entity.__name__, ())
    if one.name in pair:
        found = case((n % 2 == pair.index(one.name), found), else_=null())
    return found


def _value(one: Attribute, n: Number, kind: Any) -> Number:
    text = cast(n, SqlString)
    if one.kind is Kind.TEXT:
        return literal(f"{one.label} "[: max((one.length or 200) - 6, 0)]) + text
    if one.kind is Kind.EMAIL:
        return literal("ligne") + text + literal("@example.org")
    if one.kind is Kind.LONG_TEXT:
        return literal(WORDS)
    if one.kind is Kind.CHOICE:
        members = list(one.python_type)
        return case(
            *((n % len(members) == rank, literal(member, kind)) for rank, member in enumerate(members)),
            else_=literal(members[0], kind),
        )
    if one.kind is Kind.BOOLEAN:
        return n % 2 == 0
    if one.kind in (Kind.INTEGER, Kind.CENTS):
        return n % 12 + 1
    if one.kind is Kind.DATE:
        return _later(date(1990, 1, 1), n)
    if one.kind is Kind.MOMENT:
        return _later(datetime(1990, 1, 1, 8, 30, tzinfo=UTC), n)
    if one.kind is Kind.JSON:
        is_list = (get_origin(one.python_type) or one.python_type) is list
        return literal(["oui"] if is_list else {"name": "oui"}, kind)
    return literal(VALUES[one.kind] if one.kind is not Kind.DECIMAL else Decimal("4.32"), kind)


def _later(start: date, n: Number) -> Number:
    """So many days after."""
    if db.engine.dialect.name == "postgresql":
        plain = start.replace(tzinfo=None) if isinstance(start, datetime) else start
        return literal(plain) + func.make_interval(0, 0, 0, n)
    days = cast(n, SqlString) + literal(" days")
    if isinstance(start, datetime):
        return func.datetime(f"{start:%Y-%m-%d %H:%M:%S}", days) + literal(".000000")
    return func.date(start.isoformat(), days)


def _write_history(heavy: Rows, count: int) -> None:
    """As many changes of each heavy row as its tab shows and more, each with all that a row holds."""
    kinds = entities()
    entry = next(one for one in kinds if one.__name__ == "HistoryEntry")
    kept = entry.__table__.c.after.type
    each = -(-count // len(kinds))
    for rank, entity in enumerate(kinds):
        told = literal(json.loads(json.dumps(_told(entity, heavy))), kept)
        given: dict[str, Number] = {
            "entity": literal(entity.__name__),
            "row_id": literal(heavy[entity.__name__]),
            "action": literal(CHANGED),
            "before": told,
            "after": told,
        }
        _write(entry, heavy, each, FIRST + rank * each, given)


def _told(entity: type[Entity], heavy: Rows) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in entity.__attributes__.values():
        if one.secret:
            continue
        if one.kind is Kind.RELATION:
            found[one.name] = heavy[one.target]
        elif one.kind is Kind.CHOICE:
            found[one.name] = next(iter(one.python_type)).value
        elif one.kind is Kind.LONG_TEXT:
            found[one.name] = WORDS
        else:
            found[one.name] = f"{one.label} d’avant"
    return found
