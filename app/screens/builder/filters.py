"""Filters of a list: read from the address, against the attributes that the viewer sees.

An unknown name, a hidden attribute or a value of the wrong shape is left out as if it had not
been written: the answer says nothing of what is hidden.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_

from app.access.asking import expression
from app.access.folding import contains
from app.declare import AskedAttribute, Attribute, Choice, Entity, Kind
from app.screens import numbers
from app.screens.words import short_date
from app.services.clock import PARIS

EMPTY = "vide"
RESERVED = frozenset({"q", "tri", "page", "taille", "onglet", "colonnes", "vue", "lot", "csrf_token"})
"""Words of the address: an attribute of that name is not filtered."""
DAYS = (Kind.DATE, Kind.MOMENT)
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.CENTS)
WORDS = (Kind.TEXT, Kind.EMAIL, Kind.PHONE)
TYPED = (*DAYS, *NUMBERS, *WORDS)
FILTERED = (Kind.CHOICE, Kind.BOOLEAN, Kind.RELATION, *TYPED)
SINCE, UNTIL = "-du", "-au"
LEAST, MOST = "-min", "-max"
MISSING, YES = "-vide", "oui"
"""``name-vide=oui``: rows without a value, for what is typed rather than chosen."""
NOT_GIVEN = "non renseigné"
MOST_VALUES = 20
LONGEST = 60
"""Signs of a text that is looked for."""


class Arguments(Protocol):
    """A multi-dict: ``request.args``."""

    def getlist(self, key: str) -> list[str]:
        """Every value of that name."""
        ...


@dataclass(frozen=True)
class On:
    """A filter that is on: its address (name, value), what it keeps, and its words."""

    attribute: Attribute
    pairs: tuple[tuple[str, str], ...]
    criterion: ColumnElement[bool]
    says: str = ""
    ids: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """« État : demandée ou refusée », « Né du 1 au 3 mai 2019 », « Montant de 10 à 20 € »."""
        label = self.attribute.label
        if self.says == NOT_GIVEN:
            return f"{label}\u00a0: {self.says}"
        if self.attribute.kind in DAYS:  # « Demandée le » and « du 2 au 5 » share their article
            return f"{label.removesuffix(' le')} {self.says}"
        if self.attribute.kind in (*NUMBERS, *WORDS):
            return f"{label} {self.says}"
        return f"{label}\u00a0: {self.says}"

    @property
    def names(self) -> set[str]:
        """Its names in the address."""
        return {name for name, _ in self.pairs}


def filterable(seen: Iterable[Attribute]) -> list[Attribute]:
    """Those that a list can be narrowed by."""
    return [one for one in seen if one.kind in FILTERED and one.name not in RESERVED]


def nullable(entity: type[Entity], one: Attribute) -> bool:
    """Whether the value may be missing."""
    return isinstance(one, AskedAttribute) or bool(entity.__table__.c[one.column].nullable)


def clean(text: str | None, length: int = 200) -> str:
    """What was typed, without control characters, which no database likes."""
    return "".join(one for one in (text or "") if one.isprintable() or one == " ").strip()[:length]


def iso_day(text: str) -> date | None:
    """A day of the calendar, as 2026-09-02; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def read(entity: type[Entity], seen: Sequence[Attribute], arguments: Arguments) -> list[On]:
    """The filters that the address sets, in the order of declaration."""
    found = (_read_one(entity, one, arguments) for one in filterable(seen))
    return [on for on in found if on is not None]


def _read_one(entity: type[Entity], one: Attribute, arguments: Arguments) -> On | None:
    if can_miss(entity, one) and arguments.getlist(one.name + MISSING)[:1] == [YES]:
        return _missing(entity, one)
    for kinds, reads in READERS:
        if one.kind in kinds:
            return reads(entity, one, arguments)
    column = expression(entity, one)
    texts = list(dict.fromkeys(arguments.getlist(one.name)))[:MOST_VALUES]
    kept: list[tuple[str, Any, str]] = []
    missing = False
    for text in texts:
        if text == EMPTY and nullable(entity, one):
            missing = True
            continue
        value, words = _value(one, text)
        if value is not None:
            kept.append((text, value, words))
    if not kept and not missing:
        return None
    criteria: list[ColumnElement[bool]] = [column.in_([value for _, value, _ in kept])] if kept else []
    if missing:
        criteria.append(column.is_(None))
    texts = [text for text, _, _ in kept] + ([EMPTY] if missing else [])
    says = [words for _, _, words in kept] + ([NOT_GIVEN] if missing else [])
    return On(
        one,
        tuple((one.name, text) for text in texts),
        or_(*criteria),
        any_of(word for word in says if word),
        tuple(value for _, value, _ in kept) if one.kind is Kind.RELATION else (),
    )


def can_miss(entity: type[Entity], one: Attribute) -> bool:
    """Whether rows without a value can be asked for by a name of its own."""
    return one.kind in TYPED and nullable(entity, one)


def _missing(entity: type[Entity], one: Attribute) -> On:
    column = expression(entity, one)
    criterion = or_(column.is_(None), column == "") if one.kind in WORDS else column.is_(None)
    return On(one, ((one.name + MISSING, YES),), criterion, NOT_GIVEN)


def _value(one: Attribute, text: str) -> tuple[Any, str]:
    if one.kind is Kind.BOOLEAN:
        return {"oui": (True, "oui"), "non": (False, "non")}.get(text, (None, ""))
    if one.kind is Kind.RELATION:
        return numbers.row_id(text), ""
    choice: type[Choice] = one.python_type
    found = next((member for member in choice if member.value == text), None)
    # The answers to a question are kept as words: no column knows its choices.
    value = found.value if found and isinstance(one, AskedAttribute) else found
    return value, lowered(str(found)) if found else ""


def any_of(words: Iterable[str]) -> str:
    """« une, deux ou trois »."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} ou {last}" if first else last


def lowered(words: str) -> str:
    """As inside a sentence: « demandée », but « PAI »."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def _read_words(entity: type[Entity], one: Attribute, arguments: Arguments) -> On | None:
    """Rows whose text holds these words, whatever the case and accents; a phone, whatever its spaces."""
    text = clean(next(iter(arguments.getlist(one.name)), ""), LONGEST)
    if not text:
        return None
    column = expression(entity, one)
    criterion = contains(column, text)
    if one.kind is Kind.PHONE:
        digits = "".join(sign for sign in text if sign not in " .-/\u00a0")
        criterion = contains(func.replace(column, " ", ""), digits)
    return On(one, ((one.name, text),), criterion, f"contient «\u00a0{text}\u00a0»")


def _read_numbers(entity: type[Entity], one: Attribute, arguments: Arguments) -> On | None:
    """Rows whose number lies between two, both included, typed as people write them: « 1 080,50 »."""
    least, most = (
        numbers.typed(next(iter(arguments.getlist(one.name + end)), ""), DECIMALS[one.kind])
        for end in (LEAST, MOST)
    )
    if least is None and most is None:
        return None
    column = expression(entity, one)
    criterion: ColumnElement[bool] = column.is_not(None)
    pairs = []
    if least is not None:
        pairs.append((one.name + LEAST, numbers.written(least)))
        criterion = criterion & (column >= _stored(one, least))
    if most is not None:
        pairs.append((one.name + MOST, numbers.written(most)))
        criterion = criterion & (column <= _stored(one, most))
    if least is not None and most is not None:
        says = f"de {numbers.written(least)} à {_with_unit(one, most)}"
    elif least is not None:
        says = f"à partir de {_with_unit(one, least)}"
    else:
        says = f"jusqu’à {_with_unit(one, most)}"
    return On(one, tuple(pairs), criterion, says)


DECIMALS: dict[Kind | None, int] = {Kind.INTEGER: 0, Kind.DECIMAL: 4, Kind.CENTS: 2}


def _stored(one: Attribute, value: Decimal) -> Any:
    """The number as the column holds it; what no row can hold stays beyond them all."""
    if one.kind is Kind.DECIMAL:
        return value
    whole = int(value * 100) if one.kind is Kind.CENTS else int(value)
    return max(-numbers.BIGGEST, min(numbers.BIGGEST, whole))


def _with_unit(one: Attribute, value: Decimal | None) -> str:
    unit = "€" if one.kind is Kind.CENTS else one.unit
    return f"{numbers.written(value)}\u00a0{unit}" if unit else numbers.written(value)


def _read_days(entity: type[Entity], one: Attribute, arguments: Arguments) -> On | None:
    first = next(iter(arguments.getlist(one.name + SINCE)), "")
    last = next(iter(arguments.getlist(one.name + UNTIL)), "")
    since, until = iso_day(first), iso_day(last)
    if since is None and until is None:
        return None
    column = expression(entity, one)
    criterion: ColumnElement[bool] = column.is_not(None)
    pairs = []
    if since is not None:
        pairs.append((one.name + SINCE, since.isoformat()))
        criterion = criterion & (column >= _start(one, since))
    if until is not None:
        pairs.append((one.name + UNTIL, until.isoformat()))
        if until < date.max:
            criterion = criterion & (column < _start(one, until + timedelta(days=1)))
    if since and until:
        says = f"du {short_date(since)} au {short_date(until)}"
        if since == until:
            says = f"le {short_date(since)}"
    else:
        says = f"à partir du {short_date(since)}" if since else f"jusqu’au {short_date(until)}"
    return On(one, tuple(pairs), criterion, says)


READERS: tuple[tuple[tuple[Kind, ...], Callable[..., On | None]], ...] = (
    (DAYS, _read_days),
    (NUMBERS, _read_numbers),
    (WORDS, _read_words),
)


def _start(one: Attribute, day: date) -> date | datetime:
    if one.kind is Kind.DATE:
        return day
    if day.year < 2:
        day = date(2, 1, 1)  # before it, an hour of Paris has no equal in UTC
    return datetime.combine(day, time(), PARIS)


def address(base: str, pairs: Iterable[tuple[str, Any]]) -> str:
    """The address with these pairs, empty ones left out."""
    query = urlencode([(name, value) for name, value in pairs if value not in (None, "")], safe=",")
    return f"{base}?{query}" if query else base
