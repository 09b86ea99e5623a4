"""How the text of a rulebook becomes the value of a declared attribute.

One reader a kind of attribute: a declaration is enough for a new attribute to be read, checked and
explained. A reading that fails raises ``Misread`` (or ``Problem``, from the attribute's own checks).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.declare import Attribute, Choice, Kind
from app.rules import values
from app.rules.money import round_half_up
from app.rules.values import (
    Misread,
    hint,
    read_date,
    read_decimal,
    read_hour,
    read_integer,
    read_weekday,
    read_yes_no,
    shown,
)
from app.rules.words import MONTHS, WEEKDAYS
from app.services.rulebook.source import Listing, Node, Table, Text

CODE = re.compile(r"[a-z0-9][a-z0-9_-]*")
DAY = re.compile(r"(\d{1,2})(?:er)?\s+(\S+)", re.IGNORECASE)
Read = Callable[[Node], Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """A row of another section, by its code; ``node`` is where it is named."""

    entity: str
    code: str
    node: Node


def text_of(node: Node) -> str:
    """The text of a scalar, without the spaces around it."""
    if isinstance(node, Text) and node.value is not None and node.value.strip():
        return node.value.strip()
    if isinstance(node, Text):
        raise Misread("il manque une valeur après les deux points.")
    raise Misread("il faut ici une seule valeur, pas une liste ni un tableau.")


def texts_of(node: Node) -> list[str]:
    """The texts of a list; a single text is a list of one."""
    if isinstance(node, Listing):
        return [text_of(item) for item in node.items]
    return [text_of(node)]


def read_code(node: Node) -> str:
    """A short name: lower case, digits, hyphens."""
    code = text_of(node)
    if CODE.fullmatch(code) is None or len(code) > 60:
        raise Misread(
            f"{shown(code)} n’est pas un code : des minuscules sans accent, des chiffres et des tirets, "
            "par exemple accueil-jeunes."
        )
    return code


def read_months(node: Node, completed: bool = False) -> int:
    """An age in months. ``completed``: « 11 ans » lasts until the eve of the twelfth birthday."""
    return values.read_months(text_of(node), completed)


def read_cents(node: Node) -> int:
    """An amount in euros, kept in cents: « 15 € », « 2,01 »."""
    euros = read_decimal(text_of(node))
    if euros != round(euros, 2):
        raise Misread(f"{shown(text_of(node))} a plus de deux décimales : écrivez par exemple 15,00 €.")
    return round_half_up(euros)


def read_money(node: Node) -> Decimal:
    """A price or a quotient in euros."""
    return read_decimal(text_of(node))


def read_time(node: Node) -> time:
    """An hour of the day."""
    minutes = read_hour(text_of(node)).minutes
    return time(minutes // 60 % 24, minutes % 60)


def read_weekdays(node: Node) -> list[str]:
    """Days of the week in French words, each once, from Monday on."""
    return [WEEKDAYS[day] for day in sorted({read_weekday(word) for word in texts_of(node)})]


def read_day_of_year(node: Node) -> tuple[int, int]:
    """« 1er août » gives (8, 1): month, day."""
    found = DAY.fullmatch(text_of(node))
    month = found[2].lower() if found else ""
    if found is None or month not in MONTHS:
        raise Misread(f"{shown(text_of(node))} n’est pas un jour de l’année : écrivez par exemple 1er août.")
    number = MONTHS.index(month) + 1
    try:
        date(2024, number, int(found[1]))  # a leap year: 29 février is a day
    except ValueError:
        raise Misread(f"{shown(text_of(node))} n’existe pas : {month} n’a pas ce jour.") from None
    return number, int(found[1])


def reader_for(one: Attribute) -> Read:
    """The reader of a declared attribute, from its kind alone."""
    if one.kind is Kind.CHOICE:
        return lambda node: _choice(one.python_type, text_of(node))
    if one.kind is Kind.RELATION:
        return lambda node: Ref(one.target, text_of(node), node)
    if one.name == "max_age_months":
        return lambda node: read_months(node, completed=True)
    if one.name.endswith("_age_months"):
        return read_months
    return READERS[one.kind or Kind.TEXT]


def _choice(choice: type[Choice], word: str) -> Choice:
    known = {member.value: member for member in choice}
    if word not in known:
        labels = {member.value: member.label for member in choice}
        raise Misread(f"{shown(word)} n’est pas un choix connu : {hint(word, known, labels)}")
    return known[word]


def _listed(node: Node) -> Any:
    return node.plain if isinstance(node, Table) else texts_of(node)


READERS: dict[Kind, Read] = {
    Kind.TEXT: text_of,
    Kind.LONG_TEXT: text_of,
    Kind.EMAIL: text_of,
    Kind.PHONE: text_of,
    Kind.IBAN: text_of,
    Kind.INTEGER: lambda node: read_integer(text_of(node)),
    Kind.DECIMAL: read_money,
    Kind.CENTS: read_cents,
    Kind.BOOLEAN: lambda node: read_yes_no(text_of(node)),
    Kind.DATE: lambda node: read_date(text_of(node)),
    Kind.TIME: read_time,
    Kind.JSON: _listed,
}
