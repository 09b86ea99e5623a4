"""Who is asking: carried by a context variable, set once at the edge."""

import enum
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from app.declare import FAMILY, NOBODY, STAFF, AskedAttribute, Attribute, Role


class Side(enum.Enum):
    """Which half of the product is being used: one account may have both."""

    FAMILY = "family"
    STAFF = "staff"


def hat_key(facility_ids: frozenset[int] | None) -> str:
    """What names a hat in a cookie: the facilities where its roles hold."""
    return "*" if facility_ids is None else "-".join(map(str, sorted(facility_ids)))


@dataclass(frozen=True)
class Narrowed:
    """What a configurator took back from the roles that a declaration gives an attribute to."""

    hidden: Role = NOBODY
    read_only: Role = NOBODY
    approval: bool = False
    """A family's change waits for the service."""


Tightening = Mapping[tuple[str, str], Narrowed]
"""By entity's and attribute's names; what is not in it is as declared."""
AsAsked = Mapping[str, tuple[AskedAttribute, ...]]
"""By entity's name: the questions of the town put to its rows, as attributes."""
NOTHING_ASKED: AsAsked = MappingProxyType({})
AS_DECLARED: Tightening = MappingProxyType({})


@dataclass(frozen=True)
class Viewer:
    """Whose eyes and hands these are. ``facility_ids`` None means every facility."""

    account_id: int | None
    name: str
    side: Side
    roles: Role = NOBODY
    family_ids: frozenset[int] = frozenset()
    facility_ids: frozenset[int] | None = None
    email: str = ""
    family_id: int | None = None
    """The household in view, when the account reaches several."""
    tightened: Tightening = field(default_factory=lambda: AS_DECLARED, repr=False, hash=False, compare=False)
    """The rights of attributes as the town tightened them (``tightening.py``)."""
    asked: AsAsked = field(default_factory=lambda: NOTHING_ASKED, repr=False, hash=False, compare=False)
    """The questions of the town (``asking.py``)."""

    @property
    def is_staff(self) -> bool:
        """Acts for the town."""
        return self.side is Side.STAFF

    @property
    def is_family(self) -> bool:
        """Acts for a household."""
        return self.side is Side.FAMILY

    @property
    def acting_roles(self) -> Role:
        """The roles in force on this side: a parent who works for the town is a parent at home."""
        return self.roles & (STAFF if self.is_staff else FAMILY)

    def sees(self, one: Attribute) -> bool:
        """Whether they see that attribute, as declared and as the town tightened it."""
        if not one.seen_by(self.acting_roles):
            return False
        narrowed = self.tightened.get((one.entity, one.name))
        return narrowed is None or one.seen_by(self.acting_roles & ~narrowed.hidden)

    @cached_property
    def hidden_questions(self) -> frozenset[int]:
        """The questions whose answers they may not read. Every statement of a request asks."""
        roles, tightened = self.acting_roles, self.tightened
        return frozenset(
            one.question_id
            for those in self.asked.values()
            for one in those
            if not one.seen_by(roles) or ((one.entity, one.name) in tightened and not self.sees(one))
        )

    @property
    def hat(self) -> str:
        """The key of the hat worn (``guard.Hat``)."""
        return hat_key(self.facility_ids)

    def on(self, side: Side) -> "Viewer":
        """The same person on the other side."""
        return replace(self, side=side)


@dataclass(frozen=True)
class Unscoped:
    """No row is hidden: for jobs, log-in and the rare check over everybody; always with a reason."""

    reason: str
    name: str = "Marelle"
    account_id: int | None = None


_current: ContextVar[Viewer | Unscoped | None] = ContextVar("viewer", default=None)


before_unscoped: list[Callable[[], None]] = []
"""Called when a viewer's code opens ``unscoped``: ``scope.install`` puts the flush of their rows here."""


class NoViewer(Exception):
    """A query ran with nobody asking: set a viewer, or say why none is needed with ``unscoped``."""


def current() -> Viewer | Unscoped:
    """Who is asking, or NoViewer."""
    viewer = _current.get()
    if viewer is None:
        raise NoViewer("Requête sans demandeur : ouvrez « acting(viewer) », ou « unscoped(reason=…) ».")
    return viewer


def current_viewer() -> Viewer | None:
    """The person asking; None in a job or before log-in."""
    viewer = _current.get()
    return viewer if isinstance(viewer, Viewer) else None


@contextmanager
def acting(viewer: Viewer) -> Iterator[Viewer]:
    """Queries and writes inside are those of this viewer."""
    token = _current.set(viewer)
    try:
        yield viewer
    finally:
        _current.reset(token)


@contextmanager
def unscoped(reason: str) -> Iterator[None]:
    """Nothing is hidden inside. The reason says why that is right; the actor stays who it was.

    What a viewer left pending is first written as theirs, and so checked: an automatic flush inside
    would let it through.
    """
    before = _current.get()
    if isinstance(before, Viewer):
        for settle in before_unscoped:
            settle()
    actor = Unscoped(reason)
    if before is not None:
        actor = Unscoped(reason, name=before.name, account_id=before.account_id)
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def nobody() -> Iterator[None]:
    """Nobody is asking: the state at the start of each request, whatever the thread did before."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
