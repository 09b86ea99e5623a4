"""A closed list of values, each with its French word, its chalk colour and its sign."""

import enum
from typing import Self


class Choice(enum.Enum):
    """``ASKED = "asked", "Demandé", "yellow", "hourglass-split"``: value, label, tone, icon.

    The value is what the database, the API and the rulebook hold; label, tone and icon
    are for screens (``look/``: colour, sign and word always go together).
    """

    label: str
    tone: str
    icon: str

    def __new__(cls, value: str, label: str, tone: str = "grey", icon: str = "dot") -> Self:
        member = object.__new__(cls)
        member._value_ = value
        member.label = label
        member.tone = tone
        member.icon = icon
        return member

    def __str__(self) -> str:
        return self.label
