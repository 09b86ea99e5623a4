"""Numbers that come in an address or a form: one that no row can have is no number at all."""

from collections.abc import Mapping
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


class RowNumber(IntegerConverter):
    """``<int:row_id>`` in an address: a page whose number is too big does not exist."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": BIGGEST, **kwargs})
