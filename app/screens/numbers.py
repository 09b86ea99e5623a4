"""Numbers that come in an address or a form: one that no row can have is no number at all."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from werkzeug.routing import IntegerConverter, Map

BIGGEST = 2**31 - 1
"""What a column of integers holds: past it a database raises where it should find nothing."""


def row_id(text: str | None) -> int | None:
    """A row's number; None for what can't be one."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > len(str(BIGGEST)):
        return None
    number = int(text)
    return number if number <= BIGGEST else None


def asked(values: Mapping[str, str], name: str) -> int | None:
    """The number of that name in an address or a form."""
    return row_id(values.get(name))


SPACES = str.maketrans("", "", " \u00a0\u202f€%")
LONGEST = 20


def typed(text: str, decimals: int) -> Decimal | None:
    """The number that was typed, « 1 080,50 » or « 1080.5 »; None for what is none or is written too fine."""
    plain = text.translate(SPACES).replace("−", "-").replace(",", ".")
    digits = plain.removeprefix("-").replace(".", "", 1)
    if len(plain) > LONGEST or not (digits.isascii() and digits.isdecimal()):
        return None
    value = Decimal(plain)
    return None if value != round(value, decimals) or abs(value) >= MOST else value


MOST = Decimal(10) ** 10
"""What a column of decimals holds."""


def written(value: Decimal | None) -> str:
    """The number as it is typed: « 1080,5 »."""
    return "" if value is None else f"{value.normalize():f}".replace(".", ",")


class RowNumber(IntegerConverter):
    """``<int:row_id>`` in an address: a page whose number is too big does not exist."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": BIGGEST, **kwargs})
