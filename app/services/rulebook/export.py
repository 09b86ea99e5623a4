"""``export``: the town's rows as a rulebook. Checked and applied, it changes nothing.

What no row keeps is not in it: comments, the marks of invented rules, the order in which keys were written.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, time
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString
from sqlalchemy import select
from vacances_scolaires_france import UnsupportedYearException, UnsupportedZoneException

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Choice, Entity, Kind
from app.models import (
    Activity,
    ClosingDay,
    FreezeDate,
    Opening,
    Period,
    Question,
    QuestionFacility,
    Rule,
    SchoolYear,
    Setting,
)
from app.rules import kinds as _kinds  # noqa: F401  (registers them)
from app.rules.registry import kinds
from app.rules.words import MONTHS
from app.services.rulebook import calendar, patterns
from app.services.rulebook.calendar import Stretch
from app.services.rulebook.schema import Field, Section
from app.services.rulebook.sections import SECTIONS
from app.services.settings import Town

ZONES = ("A", "B", "C")
NOTHING = object()
SHORT = 100
"""Signs under which a table is written on one line."""
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d{2}")
Plain = dict[str, object]


def export() -> str:
    """The YAML text. A few statements an activity: it is no page."""
    with unscoped("le règlement de la ville est public"):
        book: Plain = {"town": _town()}
        for section in SECTIONS:
            if entries := _entries(section, _rows(section)):
                book[section.key] = entries
    return _text(book)


def _rows(section: Section) -> list[Any]:
    order = [section.entity.id]
    if "position" in section.entity.__attributes__:
        order.insert(0, section.entity.position)  # type: ignore[attr-defined]
    return list(db.session.scalars(select(section.entity).order_by(*order)))


def _entries(section: Section, rows: Iterable[Any]) -> Any:
    inside = [(child, _rows(child)) for child in section.children]
    told = [
        (getattr(row, section.by or "id"), _entry(section, row, rank, inside))
        for rank, row in enumerate(rows)
    ]
    return dict(told) if section.by else [entry for _, entry in told]


def _entry(section: Section, row: Any, rank: int, inside: list[tuple[Section, list[Any]]]) -> Plain:
    if section.whole:
        return dict(getattr(row, section.whole))
    found: Plain = {}
    for key, one in section.fields().items():
        if one.attribute is not None:
            value = getattr(row, one.attribute.name)
            usual = rank if one.attribute.name == "position" else one.default
            if value is not None and (value != usual or one.required):
                found[key] = _dumped(one, value)
    if (besides := BESIDES.get(section.entity)) is not None:
        found |= besides(row)
    for child, rows in inside:
        lines = [one for one in rows if getattr(one, child.parent) is row]
        if lines:
            found[child.key] = _entries(child, lines)
    return found


def _dumped(one: Field, value: Any) -> object:
    attribute = one.attribute
    assert attribute is not None
    if isinstance(value, Entity):
        return _code(value)
    if attribute.name.endswith("_age_months"):
        return _age(value, completed=attribute.name.startswith("max"))
    return _plain(attribute, value)


def _code(row: Any) -> str:
    """What names a row in the file: a unit goes by its activity's code and its own."""
    above = getattr(row, "activity", None) if type(row).__name__ == "Unit" else None
    return f"{above.code}.{row.code}" if above is not None else str(row.code)


def _age(months: int, completed: bool) -> str:
    """Read again by ``read_months``: a maximum in years is said to the end of its last month."""
    years, rest = divmod(months, 12)
    if rest == (11 if completed else 0):
        return f"{years} ans"
    return f"{months} mois"


def _plain(attribute: Attribute, value: Any) -> object:
    if isinstance(value, Choice):
        return value.value
    if attribute.kind is Kind.CENTS:
        return _euros(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return value


def _euros(cents: object) -> str:
    return f"{Decimal(str(cents)) / 100:.2f} €"


def _town() -> Plain:
    given = {row.key: row.value for row in db.session.scalars(select(Setting))}
    found: Plain = {}
    for one in fields(Town):
        if one.name in given:
            value: object = given[one.name]
            if one.name.endswith("_cents"):
                value = _euros(value)
            elif isinstance(one.default, int):
                value = int(str(value))
            found[one.name.removesuffix("_cents")] = value
    return found


# --- What is no attribute ------------------------------------------------------------------------


def _year(row: SchoolYear) -> Plain:
    """Its zone, or its own periods; public holidays together, then the other closing days."""
    periods = db.session.scalars(
        select(Period).where(Period.school_year_id == row.id).order_by(Period.starts_on)
    )
    stretches = [Stretch(one.name, one.period_kind, one.starts_on, one.ends_on) for one in periods]
    found: Plain = {}
    zone = next((one for one in ZONES if _stretches(one, row) == stretches), None)
    if zone is not None:
        found["zone"] = zone
    else:
        found["periods"] = [
            {
                "name": one.name,
                "kind": one.kind.value,
                "starts_on": one.starts_on.isoformat(),
                "ends_on": one.ends_on.isoformat(),
            }
            for one in stretches
        ]
    closed = db.session.scalars(
        select(ClosingDay)
        .where(ClosingDay.closed_on.between(row.starts_on, row.ends_on))
        .order_by(ClosingDay.id.desc())
    )
    # Of a day that forms closed twice, the first row is the one that an application keeps.
    closings = list({(one.facility_id, one.closed_on): one for one in closed}.values())
    usual = set(calendar.french_holidays(row.starts_on, row.ends_on))
    if usual <= {(one.closed_on, one.reason) for one in closings if one.facility_id is None}:
        closings = [one for one in closings if one.facility_id or (one.closed_on, one.reason) not in usual]
    else:
        found["public_holidays"] = "non"
    if closings:
        found["closing_days"] = list(_closed(closings))
    return found


def _stretches(zone: str, year: SchoolYear) -> list[Stretch] | None:
    try:
        return calendar.stretches_of(zone, year.starts_on, year.ends_on)
    except (UnsupportedZoneException, UnsupportedYearException):
        return None


def _closed(closings: Iterable[ClosingDay]) -> Iterator[Plain]:
    """Days in a row, in one facility and for one reason, are one line."""
    for run in calendar.closing_runs(closings):
        line: Plain = {"starts_on": run[0].closed_on.isoformat()}
        if len(run) > 1:
            line["ends_on"] = run[-1].closed_on.isoformat()
        if run[0].facility is not None:
            line["facility"] = run[0].facility.code
        yield line | {"reason": run[0].reason}


def _activity(row: Activity) -> Plain:
    periods = db.session.scalars(select(Period).order_by(Period.starts_on))
    stretches = [Stretch(one.name, one.period_kind, one.starts_on, one.ends_on) for one in periods]
    days: dict[str, dict[date, int | None]] = defaultdict(dict)
    units = [one for one in _rows(UNITS) if one.activity_id == row.id]
    codes = {one.id: one.code for one in units}
    for code in codes.values():
        days[code] = {}
    for unit_id, on, places in db.session.execute(
        select(Opening.unit_id, Opening.open_on, Opening.places)
        .where(Opening.unit_id.in_(codes))
        .order_by(Opening.open_on)
    ):
        days[codes[unit_id]][on] = places
    lines = patterns.opens(days, stretches)
    return {"opens": lines} if lines else {}


def _question(row: Question) -> Plain:
    asking = db.session.scalars(
        select(QuestionFacility).where(QuestionFacility.question_id == row.id).order_by(QuestionFacility.id)
    )
    codes = [one.facility.code for one in asking]
    return {"facilities": codes} if codes else {}


def _freeze(row: FreezeDate) -> Plain:
    return {
        "closes": _day_of_year(row.month, row.day),
        "reopens": _day_of_year(row.reopens_month, row.reopens_day),
    }


def _day_of_year(month: int, day: int) -> str:
    return f"{'1er' if day == 1 else day} {MONTHS[month - 1]}"


def _rule(row: Rule) -> Plain:
    """Its parameters but for those that say what the kind does anyway; all of them where it is none."""
    kind = kinds().get(row.rule_kind)
    usual = {
        one.name: one.shape.dump(one.default)
        for one in (kind.parameters if kind is not None else ())
        if not one.required and one.default is not None
    }
    told = {key: value for key, value in row.parameters.items() if usual.get(key, NOTHING) != value}
    return {"parameters": told}


BESIDES: Mapping[type[Entity], Callable[[Any], Plain]] = {
    SchoolYear: _year,
    Activity: _activity,
    Question: _question,
    FreezeDate: _freeze,
    Rule: _rule,
}
UNITS = next(child for one in SECTIONS for child in one.children if child.key == "units")


# --- The text ------------------------------------------------------------------------------------


def _text(book: Plain) -> str:
    """YAML as a person writes it: small tables on one line, long texts in blocks, a blank line a section."""
    writer = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = 4096
    writer.allow_unicode = True
    parts = []
    for key, value in book.items():
        stream = StringIO()
        writer.dump(CommentedMap({key: _laid_out(value, 1)}), stream)
        parts.append(stream.getvalue())
    return "\n".join(parts)


def _laid_out(value: object, depth: int) -> object:
    if isinstance(value, Mapping):
        table = CommentedMap({key: _laid_out(one, depth + 1) for key, one in value.items()})
        if depth > 1 and _is_flat(value):
            table.fa.set_flow_style()
        return table
    if isinstance(value, list | tuple):
        listing = CommentedSeq([_laid_out(one, depth + 1) for one in value])
        if all(not isinstance(one, Mapping) for one in value):
            listing.fa.set_flow_style()
        return listing
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, str) and DAY.fullmatch(value):
        return date.fromisoformat(value)  # not between quotes
    if isinstance(value, bool):
        return "oui" if value else "non"
    return value


def _is_flat(value: Mapping[Any, Any]) -> bool:
    """Whether a table is short and holds no table: it then reads better on one line."""
    if any(isinstance(one, Mapping) or (isinstance(one, str) and "\n" in one) for one in value.values()):
        return False
    return sum(len(str(key)) + len(str(one)) + 4 for key, one in value.items()) < SHORT
