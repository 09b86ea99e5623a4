"""How an entity says whose rows it holds.

``__scope__`` is one of:

- the name of a relation: whoever reaches that row reaches this one;
- ``Through("Membership", "person")``: reached when a row of that entity, in reach, points here
  (``closed``: but for what hangs on it);
- ``FirstGiven("family", "person")``: the first of these relations that the row has says it;
- ``HOUSEHOLD``: the row is the household itself;
- ``OWN_ACCOUNT``: the row is the account itself;
- ``TOWN``: the town's public settings, read by everyone who is logged in, written by staff;
- ``SERVICE``: staff alone.

``__facility__`` takes the same forms and limits the staff who are granted some facilities
only; left out, it follows ``__scope__`` (``TOWN`` and ``SERVICE`` rows are then not limited).
"""

import enum
from dataclasses import dataclass


class Root(enum.Enum):
    """Where a chain of scopes ends."""

    HOUSEHOLD = "household"
    FACILITY = "facility"
    OWN_ACCOUNT = "own account"
    TOWN = "town"
    SERVICE = "service"


HOUSEHOLD = Root.HOUSEHOLD
FACILITY = Root.FACILITY
OWN_ACCOUNT = Root.OWN_ACCOUNT
TOWN = Root.TOWN
SERVICE = Root.SERVICE


@dataclass(frozen=True)
class Through:
    """Reached through rows of another entity that point here by one of their relations.

    ``closed``: an attribute of those rows and a value with which they open this row, and nothing that hangs
    on it: a household names who may collect its child, it does not read their health.
    """

    entity: str
    relation: str
    closed: tuple[str, str] | None = None


@dataclass(frozen=True)
class FirstGiven:
    """Reached by the first of these relations that is not empty; a row without any is nobody's."""

    relations: tuple[str, ...]

    def __init__(self, *relations: str) -> None:
        object.__setattr__(self, "relations", relations)


Scope = str | Through | FirstGiven | Root
