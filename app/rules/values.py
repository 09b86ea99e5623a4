"""The types a parameter may have: each read from plain YAML values, written back to them, and said in
French.

Plain values are text, whole numbers, yes/no, dates and lists. YAML reads an unquoted 12:00 as the number
720 (minutes): an hour accepts it. A reading that fails raises `Misread`, whose message names the value
and shows a right one.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, Union, get_args, get_origin

from app.rules.calendar import MINUTES_A_DAY, Hour, Weekday
from app.rules.facts import DocumentCode, Names, UnitCode
from app.rules.words import (
    NBSP,
    WEEKDAYS,
    by_name,
    day_words,
    hour_words,
    joined,
    number_words,
    weekday_words,
)

HOUR = re.compile(r"(\d{1,2})\s*(?:h|:)\s*(\d{2})?", re.IGNORECASE)
AGE = re.compile(r"(\d{1,3})\s*(mois|ans?)", re.IGNORECASE)
INTEGER = re.compile(r"-?([0-9]+)")
LONGEST_INTEGER = 9
BIGGEST = 10**LONGEST_INTEGER
MOST = 10**8
"""What no amount nor quantity of a town reaches: past it, arithmetic and screens have nothing to say."""
FINEST = -20
"""The exponent of the last decimal that is kept."""
FIRST_YEAR, LAST_YEAR = 1900, 2150
"""The years that a day may be of: a slip in another century is told, never computed with."""
YES, NO = frozenset({"oui", "yes", "true"}), frozenset({"non", "no", "false"})


NO_LABELS: Names = MappingProxyType({})
SHOWN = 80
"""How many signs of a wrong value are shown again."""


class Misread(ValueError):
    """A plain value that a parameter's type can't read; the message is for the configurator."""


class Untyped(TypeError):
    """A parameter is annotated with a type that no form and no YAML knows: mend the kind, or add the type
    here.
    """


@dataclass(frozen=True, slots=True)
class Shape:
    """How one type is read, written and said. `form` tells screens which field to draw; `many` whether it
    takes several; ``nested`` whether each is a list itself.
    """

    form: str
    read: Callable[[object], Any]
    dump: Callable[[Any], object]
    say: Callable[[Any, Names], str]
    many: bool = False
    nested: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()


def nearest(word: str, words: Collection[str]) -> str | None:
    """The known word that looks most like this one, capitals apart, if any does."""
    known = {one.casefold(): one for one in sorted(words, reverse=True)}
    near = get_close_matches(word.casefold(), sorted(known), n=1, cutoff=0.6)
    return known[near[0]] if near else None


def hint(word: str, words: Collection[str], labels: Names = NO_LABELS) -> str:
    """The end of a message about an unknown word: the nearest one, or all there are, with what they mean."""
    near = nearest(word, words)
    if near:
        return f"vouliez-vous écrire « {near} » ?"
    told = (f"{one} ({labels[one]})" if one in labels else one for one in sorted(words))
    return f"choix possibles : {', '.join(told) or 'aucun'}."


def shown(value: object) -> str:
    """What was written, between quotes; the beginning of what is long."""
    text = "…" if isinstance(value, int) and abs(value) >= BIGGEST else str(value)
    return f"« {text if len(text) <= SHOWN else text[:SHOWN] + '…'} »"


def read_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Misread(f"{shown(value)} n’est pas un texte.")
    return value.strip()


def read_code(value: object) -> UnitCode:
    code = read_text(value)
    if re.fullmatch(r"[a-z0-9_-]+\.[a-z0-9_-]+", code) is None:
        raise Misread(
            f"{shown(code)} n’est pas le code d’une unité : celui de son activité, un point, le sien, "
            "par exemple cantine.repas."
        )
    return UnitCode(code)


def read_integer(value: object) -> int:
    if isinstance(value, str) and (found := INTEGER.fullmatch(value.strip())):
        value = int(found[0]) if len(found[1]) <= LONGEST_INTEGER else BIGGEST
    if isinstance(value, int) and abs(value) >= BIGGEST:
        raise Misread("ce nombre est trop grand : neuf chiffres au plus.")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misread(f"{shown(value)} n’est pas un nombre entier. Écrivez par exemple 2.")
    return value


def read_decimal(value: object) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        number = Decimal(str(value).strip().removesuffix("€").rstrip().replace(",", "."))
    except (InvalidOperation, ValueError):  # a whole number too long to be written
        number = Decimal("NaN")
    if not number.is_finite():
        raise Misread(f"{shown(value)} n’est pas un nombre. Écrivez par exemple 2,01.")
    # Exponents are looked at first: of 1e999999999, even the digits can't be written.
    exponent = int(number.as_tuple().exponent)
    if number.adjusted() > len(str(MOST)) or exponent < FINEST or abs(number) >= MOST:
        raise Misread(f"{shown(value)} est un nombre trop grand, ou trop fin.")
    return number


def read_yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in YES | NO:
        raise Misread(f"{shown(value)} n’est ni oui ni non. Écrivez oui ou non.")
    return word in YES


def read_date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        on = value
    else:
        try:
            on = date.fromisoformat(str(value).strip())
        except ValueError:
            raise Misread(f"{shown(value)} n’est pas une date. Écrivez par exemple 2024-09-01.") from None
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise Misread(f"l’année {on.year} ne peut pas être la bonne : de {FIRST_YEAR} à {LAST_YEAR}.")
    return on


def read_hour(value: object) -> Hour:
    minutes: int | None = None
    if isinstance(value, Hour):
        minutes = value.minutes
    elif isinstance(value, int) and not isinstance(value, bool):
        minutes = value * 60 if value <= 24 else value if value >= 60 else None
    elif isinstance(value, str) and (found := HOUR.fullmatch(value.strip().replace(NBSP, " "))):
        hours, past = int(found[1]), int(found[2] or 0)
        minutes = hours * 60 + past if past < 60 else None
    if minutes is None or not 0 <= minutes <= MINUTES_A_DAY:
        raise Misread(
            f"{shown(value)} n’est pas une heure. Écrivez par exemple 12:00, ou 24:00 (fin du jour)."
        )
    return Hour(minutes)


def read_months(value: object, completed: bool = False) -> int:
    """An age in months. ``completed``: « 11 ans » lasts until the eve of the twelfth birthday."""
    found = AGE.fullmatch(str(value).strip())
    if found is None:
        raise Misread(f"{shown(value)} n’est pas un âge : écrivez par exemple 3 ans, ou 30 mois.")
    number = int(found[1])
    if found[2].lower() == "mois":
        return number
    return number * 12 + (11 if completed else 0)


def read_weekday(value: object) -> Weekday:
    if isinstance(value, Weekday):
        return value
    word = str(value).strip().lower()
    if word not in WEEKDAYS:
        raise Misread(f"{shown(value)} n’est pas un jour de la semaine : {hint(word, WEEKDAYS)}")
    return Weekday(WEEKDAYS.index(word))


def plain(value: object) -> object:
    return value


SHAPES: dict[object, Shape] = {
    str: Shape("text", read_text, plain, lambda value, _: str(value)),
    UnitCode: Shape("unit", read_code, plain, lambda value, names: names.get(value, value)),
    DocumentCode: Shape("document", read_text, plain, lambda value, names: names.get(value, value)),
    int: Shape("integer", read_integer, plain, lambda value, _: number_words(value)),
    Decimal: Shape("decimal", read_decimal, str, lambda value, _: number_words(value)),
    bool: Shape("yes_no", read_yes_no, plain, lambda value, _: "oui" if value else "non"),
    date: Shape("date", read_date, date.isoformat, lambda value, _: day_words(value)),
    Hour: Shape("hour", read_hour, str, lambda value, _: hour_words(value)),
    Weekday: Shape(
        "weekday", read_weekday, weekday_words, lambda value, _: weekday_words(value), choices=WEEKDAYS
    ),
}


CODES = frozenset({"unit", "document"})
"""Forms whose values are codes that a town orders."""


def _sets_by_name(values: frozenset[frozenset[str]], names: Names) -> list[frozenset[str]]:
    """Sets of codes, those of the first code first, the shortest before those that add to it."""
    ranks = {code: rank for rank, code in enumerate(by_name(frozenset().union(*values), names))}
    return sorted(values, key=lambda codes: sorted(ranks[code] for code in codes))


def shape_of(annotation: object, labels: Mapping[str, str] | None = None) -> Shape:
    """The shape of a parameter's type: one of `SHAPES`, a Literal of words, or these in `frozenset[...]` or
    `... | None`.

    `labels` are the French words of a Literal's choices. Raises `Untyped`.
    """
    if annotation in SHAPES:
        return SHAPES[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _choice(arguments, labels or {})
    if origin is frozenset:
        return _several(shape_of(arguments[0], labels))
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        one = shape_of(next(kind for kind in arguments if kind is not type(None)), labels)
        return Shape(
            one.form,
            lambda value: None if value is None else one.read(value),
            lambda value: None if value is None else one.dump(value),
            lambda value, names: "" if value is None else one.say(value, names),
            many=one.many,
            optional=True,
            choices=one.choices,
        )
    raise Untyped(
        f"No form knows {annotation!r}: use a type of SHAPES, a Literal, frozenset[...] or ... | None."
    )


def _choice(words: tuple[str, ...], labels: Mapping[str, str]) -> Shape:
    def read(value: object) -> str:
        if value not in words:
            raise Misread(f"{shown(value)} n’est pas un choix connu : {hint(str(value), words, labels)}")
        return str(value)

    return Shape("choice", read, plain, lambda value, _: labels.get(value, value), choices=words)


def _several(one: Shape) -> Shape:
    def read(value: object) -> frozenset[Any]:
        several = value if isinstance(value, list | tuple | set | frozenset) else [value]
        if not several:
            raise Misread("la liste est vide. Donnez au moins une valeur.")
        return frozenset(one.read(item) for item in several)

    def in_order(values: frozenset[Any]) -> list[Any]:
        return sorted(values, key=sorted) if one.many else sorted(values)

    def say(values: frozenset[Any], names: Names) -> str:
        if not one.many:
            codes = by_name(values, names) if one.form in CODES else in_order(values)
            return joined(one.say(value, names) for value in codes)
        *first, last = (one.say(value, names) for value in _sets_by_name(values, names))
        return f"{' ; '.join(first)} ; ou {last}" if first else last

    def dump(values: frozenset[Any]) -> object:
        return [one.dump(value) for value in in_order(values)]

    return Shape(one.form, read, dump, say, many=True, nested=one.many, choices=one.choices)
