"""One value on screen: its words, its colour, where it leads; and the same in a CSV file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.access import permissions
from app.access.asking import NOTE
from app.access.criteria import is_told_by_household
from app.access.viewer import Viewer
from app.declare import Attribute, Choice, Contradiction, Entity, FileRef, Kind, entity_named
from app.screens.builder import naming
from app.screens.words import clock, euros, filesize, long_date, paris, price, short_date, tel, whole

NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.CENTS)
Link = Callable[[type[Entity], int], str | None]
"""The address of a row, or None when the viewer has no page for it."""


@dataclass(frozen=True)
class Cell:
    """What is shown of one value. ``text`` empty: nothing is known."""

    text: str
    choice: Choice | None = None
    href: str | None = None
    note: str = ""
    items: tuple[tuple[str, str], ...] = ()
    """A structured value, as pairs of label and text."""

    @property
    def lines(self) -> list[str]:
        """The text cut where its author cut it."""
        return self.text.splitlines()


def cell(
    row: Entity, one: Attribute, viewer: Viewer, link: Link, file_url: str = "", long: bool = False
) -> Cell:
    """The value of one attribute of a row; ``long`` writes dates in full. No statement if it was loaded."""
    value = getattr(row, one.name)
    if one.kind is Kind.RELATION:
        if value is None:
            return Cell("")
        return Cell(naming.label(value, viewer), href=link(type(value), value.id))
    if isinstance(value, FileRef):
        return Cell(value.name, href=file_url or None, note=filesize(value.size_bytes))
    if one.kind is Kind.JSON:
        return structured(row, value, viewer)
    return Cell(
        words(one, value, long),
        choice=value if isinstance(value, Choice) else None,
        href=_reach(one, value) if long else None,
        note=row.__dict__.get(one.name + NOTE, ""),
    )


def _reach(one: Attribute, value: Any) -> str | None:
    if value and one.kind is Kind.EMAIL:
        return f"mailto:{value}"
    if value and one.kind is Kind.PHONE:
        return tel(value) or None
    return None


def words(one: Attribute, value: Any, long: bool = False) -> str:
    """A plain value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if one.kind is Kind.CENTS:
        return euros(value)
    if isinstance(value, datetime):
        return f"{long_date(value, year=True) if long else short_date(value)} à {clock(value)}"
    if isinstance(value, date):
        return long_date(value, year=True) if long else short_date(value)
    if isinstance(value, time):
        return clock(value)
    if isinstance(value, Decimal):
        return price(value) if one.unit == "€" else with_unit(one, f"{value.normalize():f}".replace(".", ","))
    if isinstance(value, int):
        return with_unit(one, whole(value) if abs(value) > 9999 else str(value))
    return str(value)


def with_unit(one: Attribute, text: str) -> str:
    """« 30 mois »."""
    return f"{text}\u00a0{one.unit}" if one.unit else text


def structured(row: Entity, value: Any, viewer: Viewer) -> Cell:
    """A JSON value as pairs. In a row that tells of another one, only what the viewer sees of that one."""
    if value in (None, "", [], {}):
        return Cell("")
    if isinstance(value, list):
        return Cell(", ".join(plain(item) for item in value))
    told = getattr(row, "entity", None)
    if isinstance(told, str):
        pairs = told_values(told, value, viewer)
    else:
        pairs = [(str(key), plain(item)) for key, item in value.items()]
    return Cell("\n".join(f"{key} : {text}" for key, text in pairs), items=tuple(pairs))


def plain(value: Any) -> str:
    """A JSON value in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def is_told(entity: type[Entity], values: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether these values may be told where the row itself was not looked for.

    Whoever has some facilities knows the household, not what it wrote to another facility.
    """
    elsewhere = viewer.facility_ids is not None and not is_told_by_household(entity)
    return not elsewhere and permissions.tells(viewer, entity, values)


def told_values(entity_name: str, values: Mapping[str, Any], viewer: Viewer) -> list[tuple[str, str]]:
    """Values kept as JSON about a row of another entity: (label, words) of the attributes that are seen."""
    try:
        entity = entity_named(entity_name)
    except Contradiction:
        return []
    declared, found = entity.__attributes__, []
    if not is_told(entity, values, viewer):
        return []
    for name, value in values.items():
        one = declared.get(name)
        if one is not None and permissions.sees(viewer, one):
            found.append((one.label, told(one, value)))
    return found


def told(one: Attribute, value: Any) -> str:
    """A value as the history keeps it (``trail.plain``), back in words; what can't be read stays as it is."""
    if value is None:
        return ""
    try:
        if one.kind is Kind.CHOICE:
            return str(one.python_type(value))
        if one.kind is Kind.MOMENT:
            return words(one, datetime.fromisoformat(value))
        if one.kind is Kind.DATE:
            return words(one, date.fromisoformat(value))
        if one.kind is Kind.TIME:
            return words(one, time.fromisoformat(value))
        if one.kind is Kind.DECIMAL:
            return words(one, Decimal(value))
    except (ValueError, TypeError, ArithmeticError):
        return plain(value)
    if one.kind is Kind.RELATION:
        return f"n°\u00a0{value}"
    if isinstance(value, bool | int):
        return words(one, value)
    return plain(value)


def csv_text(row: Entity, one: Attribute, viewer: Viewer) -> str:
    """The value in a spreadsheet's words: numbers with a comma and no unit, days as 31/12/2026."""
    value = getattr(row, one.name)
    if value is None:
        return ""
    if one.kind is Kind.CENTS:
        return f"{Decimal(value) / 100:.2f}".replace(".", ",")
    for kind, written in SPREADSHEET:
        if isinstance(value, kind):
            return written(value)
    return harmless(text_of(row, one, viewer))


def text_of(row: Entity, one: Attribute, viewer: Viewer) -> str:
    """The value of a cell of a file that is neither a number nor a day, as it is read."""
    value = getattr(row, one.name)
    if one.kind is Kind.RELATION:
        return naming.label(value, viewer)
    if one.kind is Kind.JSON:
        return structured(row, value, viewer).text
    return "" if value is None else str(value)


SPREADSHEET: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "Oui" if value else "Non"),
    (int, str),
    (Decimal, lambda value: f"{value.normalize():f}".replace(".", ",")),
    (datetime, lambda value: f"{paris(value):%d/%m/%Y %H:%M}"),
    (date, lambda value: f"{value:%d/%m/%Y}"),
    (time, lambda value: f"{value:%H:%M}"),
)
"""The first that fits: a boolean is an int, a datetime is a date."""


def harmless(text: str) -> str:
    """The text, with what would make a spreadsheet run it as a formula put out of work."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "|") else text
