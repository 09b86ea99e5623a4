"""What the town took back is gone from the pages made by hand too."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.routing import Rule

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity, Kind, entity_named
from app.entities.rulebook import Audience, Level
from app.models import FieldRight
from app.services import rights
from tests.doors.walk import Walker, generated, reads, rules
from tests.people import Town
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
WORDS = (Kind.TEXT, Kind.LONG_TEXT)
TOLD = (*WORDS, Kind.PHONE, Kind.EMAIL, Kind.IBAN, Kind.DATE)
"""The kinds that say something of somebody when a row can be without; the rest is what pages are made of."""


def hide(audience: Audience) -> list[Attribute]:
    """Take from that role every telephone, address, day and word that a row can be without."""
    found = [
        one
        for entity in rights.tightenable()
        for one in entity.__attributes__.values()
        if one.kind in TOLD and one.name not in entity.__named__
        if one.kind in WORDS or not one.required
        if Level.HIDDEN.value in dict(rights.options(entity, one, audience))
    ]
    with unscoped("des droits resserrés"):
        db.session.add_all(
            FieldRight(entity_name=one.entity, attribute_name=one.name, audience=audience, level=Level.HIDDEN)
            for one in found
        )
        db.session.commit()
    return found


def mark(rows: dict[str, Rows], hidden: list[Attribute]) -> dict[str, re.Pattern[str]]:
    """Give each of them that is no text a value of its own; how a page would write it, by its name."""
    written: dict[str, re.Pattern[str]] = {}
    with unscoped("des valeurs que l’on reconnaît"):
        for rank, one in enumerate(one for one in hidden if one.kind not in WORDS):
            entity = entity_named(one.entity)
            value, pattern = marked(one, rank)
            written[f"{one.entity}.{one.name}"] = re.compile(pattern)
            ids = [rows[whose][one.entity] for whose in "AB"]
            db.session.execute(update(entity).where(entity.id.in_(ids)).values({one.name: value}))
        db.session.commit()
        db.session.expunge_all()
    return written


def marked(one: Attribute, rank: int) -> tuple[Any, str]:
    """A value that only this attribute has, and what it looks like on a page."""
    assert rank < 60
    if one.kind is Kind.PHONE:
        return f"04657133{rank:02}", rf"04.?65.?71.?33.?{rank:02}"
    if one.kind is Kind.EMAIL:
        return f"cache{rank}@example.org", rf"cache{rank}@"
    assert one.kind is Kind.DATE, f"{one.entity}.{one.name}: say how its value is recognised"
    year = (2040 if one.name.startswith(("until", "ended", "left", "valid_until")) else 1910) + rank
    return date(year, 3, 17), rf"17(/03/| mars )(?:{year})|{year}-03-17"


@pytest.mark.parametrize(("name", "audience"), [("claire", Audience.FAMILY), ("desk", Audience.DESK)])
def test_no_page_made_by_hand_shows_what_was_taken_back(
    town: Town, rows: dict[str, Rows], name: str, audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_hand(rule: Rule) -> bool:
        return reads(rule) and generated(town, rule) is None

    hidden = hide(audience)
    written = mark(rows, hidden)
    assert len(hidden) > 40
    assert len(written) > 12
    walker = Walker(town, rows, name)
    monkeypatch.setattr(walker, "read", reading(walker, written))
    for rule in rules(town, by_hand):
        walker.get(rule, "A")
    assert [one for one in walker.faults if "hidden" in one or "broken" in one] == []


def reading(walker: Walker, written: dict[str, re.Pattern[str]]) -> Any:
    """Read the marks as ever, and the values besides."""
    read = walker.read

    def reads_both(where: str, text: str, side: Any) -> None:
        read(where, text, side)
        plain = text.replace("\xa0", " ").replace("&nbsp;", " ")
        walker.faults.extend(
            f"{where}: the hidden {name}" for name, pattern in written.items() if pattern.search(plain)
        )

    return reads_both


def test_a_mark_is_recognised_as_pages_write_it(rows: dict[str, Rows]) -> None:
    def found(entity: type[Entity], name: str, text: str) -> bool:
        return bool(re.search(marked(entity.__attributes__[name], 7)[1], text))

    person = entity_named("Person")
    assert found(person, "born_on", "née le 17/03/1917")
    assert found(person, "born_on", "17 mars 1917")
    assert found(person, "mobile_phone", "04 65 71 33 07")
    assert not found(person, "mobile_phone", "04 65 71 33 08")
